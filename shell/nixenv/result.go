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
	// Refresh evaluates and runs the hook anew even when nothing changed.
	Refresh bool
	// HookTimeout limits the shellHook's run; 0 means 10 seconds.
	HookTimeout time.Duration
	// Log receives what nix writes to its standard error, build logs
	// included; nil drops it.
	Log io.Writer
	// Progress is told in a few words what is being done; may be nil. It is
	// called from one goroutine at a time.
	Progress func(line string)
	// maxTree overrides, for tests, how much nix may copy, in bytes.
	maxTree int64
}

// Input is a file that a result was computed from. It may be missing, where
// its appearing would change the result.
type Input struct {
	Path string // absolute
	// Deciding says that the file can make code run.
	Deciding bool
}

// Result is an evaluated Nix shell.
type Result struct {
	Delta  env.Delta
	Inputs []Input // sorted by path
	// Incomplete says why Inputs may lack files; see [Files].
	Incomplete []string
	// Skipped says which variables were not taken and why.
	Skipped []string
	// HookOutput is what the shellHook printed, at most 64 KiB.
	HookOutput string
	// Warnings are single lines about the shellHook.
	Warnings []string
	// Key identifies the evaluation; see [Remove].
	Key string
	// Profile is the link that keeps the environment from being collected.
	Profile string
	// FromCache says that no nix was run.
	FromCache bool
}
