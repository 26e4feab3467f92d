// Package daemon looks after the projects in which shells stand: when an input
// changes, it has the environment made anew ahead of the next prompt.
//
// There is one per user and state directory. It owns the directory daemon/ in
// that: its lock and its socket, and what is spoken there:
//
//	the daemon   devsh daemon VERSION PROGRAM
//	the other    look "DIR", status, or stop
//	the daemon   one line of JSON
//
// It takes paths and nothing else: what is run, and with which environment, is
// decided when it starts. It resolves nothing itself and decides nothing about
// trust; it has «devsh enter» do what a prompt would do. Whatever happens to
// it, the prompts look for themselves.
package daemon
