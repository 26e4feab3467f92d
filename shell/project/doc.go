// Package project says which project owns a directory, and which directories
// above it contribute layers to its environment.
//
// It looks at names in the file system and reads no file's content; what the
// files mean is the business of other packages.
package project
