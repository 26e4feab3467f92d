// Package render writes environments in the languages that read them: fish,
// bash, dotenv and JSON.
//
// It is pure: values in, text out. Everything that reaches a shell goes
// through its quoting functions, and everything that reaches a terminal
// through [Visible].
package render
