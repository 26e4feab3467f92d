// Package session runs a program, usually a shell, on a pseudo-terminal of its
// own: keys go in, what the terminal shows comes out.
//
// It owns the terminal, the process and its end. It must not know which shell
// it runs or how to tell that a command is done: that is a matter between the
// caller and the shell's prompt.
package session
