// Package inputs reads the files that an environment is computed from, and
// records enough about each to tell later whether it changed.
//
// It owns the rules for reading what a stranger may have written: regular
// files only, of a bounded size, owned by the user or by root. It does not
// know what the files mean.
package inputs
