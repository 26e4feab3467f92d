// Package lockfile reads and writes devsh.lock: which tools are installed, in
// which version, and by which hashes what is downloaded is known.
//
// It owns the format. Two machines that write the same lock write the same
// bytes, and a line is about one thing, so that a review shows what changed. No
// registry's host is in it: whoever installs from it asks his own. It is pure,
// and installs nothing.
package lockfile
