// Package shelltest drives «devsh shell» on a terminal, with real fish and
// bash within, started from shells that restore nothing by themselves.
//
// It owns the suite of what a person sees of such a shell: its size, its keys
// and jobs, how it ends, and what is left of the terminal. It must not know
// how the program connects the two terminals. Its scratch homes, and the
// variables that steer it, are those of fishtest.
package shelltest
