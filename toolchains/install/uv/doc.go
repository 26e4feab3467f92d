// Package uv installs tools from PyPI, by the uv that is on PATH, into a virtual
// environment for each, of the python3 that is on PATH.
//
// Index, proxy, certificates and credentials are the user's own settings. All
// packages that a tool needs are in the lock with their hashes; only wheels are
// taken, since to build anything else would run its code.
package uv
