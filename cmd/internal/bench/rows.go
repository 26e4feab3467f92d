package main

import "time"

// row is a thing that is measured.
type row struct {
	name string
	// A step of bench.fish, or else a program.
	step    string
	program func(*bed) []string
	// own has the user set some of the project's variables before.
	own bool
	// The limits that devsh has set itself on what it adds; zero is none.
	limit time.Duration
	// absolute judges the whole time, not what is added to the bare one.
	absolute bool
	// same wants it to make no difference that many projects are known.
	same bool
	// flake changes the flake and types a cd into its project: only tools that
	// have one, and the bare fish, are measured, once in each of fewer rounds. arrival is
	// until the environment is there, instead of until the prompt is back.
	flake, arrival bool
	// waiting changes the flake while the shell waits at its prompt: a tool
	// that has a daemon brings the environment by itself, for others the
	// person presses Enter.
	waiting bool
}

// flakeRounds is how often a change of a flake is measured at most: each takes
// a good part of a second.
const flakeRounds = 9

// rows are the measures of the design.
var rows = []row{
	{name: "idle prompt in a project", step: "__bench_idle", limit: 100 * time.Microsecond, same: true},
	{name: "cd to a subdirectory and back", step: "__bench_cd", limit: 2 * 200 * time.Microsecond, same: true},
	{name: "enter and leave", step: "__bench_enter", limit: 2500 * time.Microsecond, same: true},
	{name: "enter and leave, 11 variables set before", step: "__bench_enter", own: true, limit: 4 * time.Millisecond},
	{name: "a command in the environment (exec)", program: inside, limit: 15 * time.Millisecond, same: true},
	{name: "into a changed flake: the prompt is back", step: "cd", flake: true, limit: 50 * time.Millisecond},
	{name: "into a changed flake: the environment is there", step: "cd", flake: true, arrival: true},
	{name: "a changed flake, at a waiting prompt: the environment is there", flake: true, arrival: true, waiting: true},
	{name: "printing the hook", program: script, limit: 10 * time.Millisecond, absolute: true},
}

// inside is how a tool runs a program in the project's environment.
func inside(b *bed) []string { return append(b.exec[:len(b.exec):len(b.exec)], "/bin/true") }

func script(b *bed) []string {
	if len(b.script) == 0 {
		return []string{"/bin/true"}
	}
	return b.script
}

// tolerance is by how much a time may differ and count as the same: the noise
// of a quiet machine.
func tolerance(d time.Duration) time.Duration { return max(d/10, 50*time.Microsecond) }
