// Package fishtest drives the real fish, with devsh's hook, on a terminal, and
// compares all that can be seen of the shell's state before, inside and after
// a project's environment.
//
// It owns the harness (a scratch home, a shell that reports when a command is
// done, snapshots and their difference) and the suite that holds the promise
// "leaving restores". It must not know how the hook does its work: only what a
// person at the prompt, and a program started there, can see.
//
// The suite reads these variables: DEVSH_TEST_FISH, the fish to test instead
// of the first in PATH; DEVSH_TEST_BIN, a devsh to test instead of the one
// built from this tree; DEVSH_TEST_SLOW, a factor on all time limits;
// DEVSH_TEST_N, how many random cases to try; DEVSH_TEST_SEED, where they begin.
package fishtest
