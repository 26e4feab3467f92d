// Package scripttest holds the tests of the shell scripts in scripts/ that a
// newcomer meets first: they are run by the real sh, among programs that only
// note how they were called. It must not install anything, nor touch a home.
package scripttest
