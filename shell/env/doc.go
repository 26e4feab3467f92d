// Package env says what an environment is and how it changes: variables,
// templates, list variables, deltas, their composition and their reversal.
//
// It is pure: it reads no process state, no file and no clock. Whatever makes
// an environment (devsh.toml, Nix) produces a [Delta]; whatever makes one
// active (the fish script, exec) consumes it. The semantics written here are
// those the rendered fish code must have; the tests compare the two.
package env
