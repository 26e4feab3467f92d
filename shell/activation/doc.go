// Package activation computes the environment of a place and publishes it for
// the shells: project → trust → layers → delta → generation.
//
// It owns the state directory. What a shell finds there is immutable; one
// symbolic link per project, current, is replaced by rename. It writes nothing
// else and prints nothing.
//
//	tree/PATH/@devsh/            what is known of the project at /PATH
//	    current -> e_ENTRY       the entry in force
//	    e_ENTRY/id=…             its name tells entry, generation, kind and state
//	           /check.fish       functions that tell whether an input changed
//	           /entry.gob        the same for programs
//	           /0 /1 …           stamps: an input's time, or a link to what it led to
//	    g-GENERATION/enter.fish  functions that enter and leave
//	                /delta.gob   the same for programs
//	    log                      what the last evaluation said
//	    lock                     held while the project is resolved
//	settings/                    what the hook knows of the user's settings
//	shells/PID                   what a running shell uses, where it stood, what it was told
//	daemon/                      lock and socket of the daemon (cmd/internal/daemon)
//	trust/                       see package trust; and what places were seen to read
//	nix/                         see package nixenv
package activation
