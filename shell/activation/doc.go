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
//	                /s-ID.bash   what its functions are defined by
//	                /delta.gob   the same for programs
//	                /evaluations the keys of those in nix/ that it was made from
//	    progress                 how far the process is that is at work on it
//	    gone                     as old as it is known that the project is missing
//	    log                      what the last evaluation said
//	    lock                     held while the project is resolved
//	settings/                    what the hook knows of the user's settings
//	shells/PID                   what a running shell uses, where it stood, what it was told
//	daemon/                      lock, socket and log of the daemon (cmd/internal/daemon)
//	tools/                       see package toolchains/store
//	trust/                       see package trust; and what places were seen to read
//	nix/                         see package nixenv
//	gc                           as old as the last collection, and its lock
//	trash/                       what is being removed
package activation
