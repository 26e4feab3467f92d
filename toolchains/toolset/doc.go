// Package toolset keeps a set of tools as its lock says: it chooses versions,
// has them installed, and makes the profile that goes on PATH.
//
// It owns the order in which lock, store and profile change, so that whoever is
// killed in between leaves a set that works, and the next run goes on. It must
// not know how a backend works, and does not print.
package toolset
