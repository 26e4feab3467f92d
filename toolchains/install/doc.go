// Package install is what all backends share: what they are asked for, how they
// run other programs, and how they say what went wrong.
//
// Programs are found on the PATH that the caller gives, never a project's; they
// run without a terminal, in a process group of their own that ends with them,
// under a time limit. It must not know any backend.
package install
