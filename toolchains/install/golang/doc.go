// Package golang installs programs written in Go, by the go that is on PATH.
//
// Proxy, checksum database and private modules are the user's own settings. The
// newest version is taken that this very Go can build: no other Go is
// downloaded for it. What was built names the sum of its module, which has to
// be the lock's.
package golang
