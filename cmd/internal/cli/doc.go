// Package cli is devsh's command line: one command, one file. It alone prints,
// and it alone decides exit codes; what commands do is in the domains' packages.
package cli
