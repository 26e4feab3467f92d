package nixenv

import (
	"io"
	"time"

	"github.com/hbohlen/devsh/shell/env"
)

// Request is what [Evaluate] needs to know.
type Request struct {
	Source Source
	// StateDir is devsh's state directory; evaluations are kept in its
	// subdirectory nix.
	StateDir string
	// Env is the environment for nix, as of [os.Environ]: where it is (PATH),
	// and how it reaches its store, caches and credentials. Of it the
	// shellHook sees only who the user is and the language.
	Env []string
	// Judged are the files as they were when somebody decided that they may be
	// evaluated; where they are others by now, nothing is run and the error is
	// of the kind [Changed]. Nil for a source that needs no such decision.
	Judged *Files
	// Unjudged is asked when nix was seen to evaluate files that are not among
	// Judged, before the shellHook runs and the result is used: files are
	// Judged and these. An error of it is returned as it is; the evaluation is
	// kept all the same, for when they are judged. Nil lets all pass.
	Unjudged func(files Files) error
	// MayHook is asked right before the shellHook is run, which may be long after
	// the files were judged. An error of it is returned as it is, and then the
	// hook is not run. Nil lets it.
	MayHook func() error
	// Salt is what else the result depends on, as far as the caller knows: with
	// another one it is another evaluation.
	Salt string
	// Refresh evaluates and runs the hook anew even when nothing changed.
	Refresh bool
	// StoredOnly runs nothing: the error is [ErrNotStored] where the result is
	// not stored.
	StoredOnly bool
	// HookTimeout limits the shellHook's run; 0 means 10 seconds.
	HookTimeout time.Duration
	// HookEveryEntry has the result run the hook on each entry, too.
	HookEveryEntry bool
	// Log receives what a person reads of nix's messages, build logs included;
	// nil drops it. Nix waits for it.
	Log io.Writer
	// Progress is told what is being done and how far it is, when it changes
	// and at most every 100 ms; may be nil. It is called from one goroutine,
	// for which nix does not wait, and not after [Evaluate] has returned.
	Progress func(Progress)
	// AdoptOrphans has what a nix that was killed leaves running ended. It is for
	// a process that starts nothing else meanwhile.
	AdoptOrphans bool
	// maxTree overrides, for tests, how much nix may copy, in bytes.
	maxTree int64
}

// Result is an evaluated Nix shell.
type Result struct {
	Delta env.Delta
	// Files is what it was computed from, as it was then; those that only nix
	// told of are among the extra ones.
	Files Files
	// Skipped says which variables were not taken and why.
	Skipped []string
	// HookOutput is what the shellHook printed, at most 64 KiB.
	HookOutput string
	// Warnings are single lines about the shellHook, also of a stored result.
	Warnings []string
	// Key identifies the evaluation; see [Remove].
	Key string
	// Profile is the link that keeps the environment from being collected.
	Profile string
	// FromCache says that no nix was run, HookRan that the shellHook was: for
	// another directory of the same content, such as a worktree, it is the hook alone.
	FromCache, HookRan bool
}
