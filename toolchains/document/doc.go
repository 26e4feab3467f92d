// Package document reads TOML files that strangers may have written, with limits
// on all that could make devsh slow or crash, and tells the line of everything
// in them.
//
// It owns the way in which the toolchains' files are read strictly: a key that
// nobody asked for is an error with file and line. It is pure, and knows the
// meaning of no key.
package document
