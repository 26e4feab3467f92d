// Package noprocess holds the promise that devsh's hook starts no process
// while nothing changed, and that the number of known projects costs nothing:
// by a system-call trace (strace) of a real, interactive fish.
//
// It owns the reading of the trace. What the environment is meanwhile belongs
// to package fishtest; how long things take, to package bench.
//
// The suite reads the variables of package fishtest, and needs strace.
package noprocess
