package nixenv

import (
	"context"
	"errors"
	"fmt"
)

// Kind says what went wrong, for whoever decides on it.
type Kind int

// The kinds of failure.
const (
	Other      Kind = iota // anything else
	NixMissing             // there is no nix on PATH
	NoFlake                // the file to evaluate does not exist or is no regular file
	Untracked              // a file is not in git's index, so nix does not see it
	NoLock                 // the flake has inputs that flake.lock does not pin
	Evaluation             // the expression is wrong, or lacks the attribute
	NotAShell              // the value is nothing that an environment can be made of
	Build                  // a derivation that the shell needs failed to build
	Offline                // something could not be fetched
	Daemon                 // nix's daemon is not there, or went in the middle
	DiskFull               // there is no room for what nix writes
	TooLarge               // nix would copy a very large tree
	BadPath                // this version of nix cannot handle the directory's name
	Changed                // the files keep changing while they are evaluated
	Canceled               // the caller gave up
)

var kindNames = map[Kind]string{
	Other: "other", NixMissing: "nix missing", NoFlake: "no flake", Untracked: "untracked",
	NoLock: "no lock", Evaluation: "evaluation", NotAShell: "not a shell", Build: "build",
	Offline: "offline", Daemon: "daemon", DiskFull: "disk full", TooLarge: "too large", BadPath: "bad path", Changed: "changed", Canceled: "canceled",
}

func (k Kind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return fmt.Sprintf("kind %d", int(k))
}

// Error is why there is no environment. Its texts may quote nix and are to be
// made safe before they are shown.
type Error struct {
	Kind Kind
	// Message is one line that says what failed, with nix's own reason.
	Message string
	// Hint is what to type or do next; may be empty.
	Hint string
	// Detail is what nix wrote about it, many lines; may be empty.
	Detail string
	cause  error
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause, such as [context.Canceled].
func (e *Error) Unwrap() error { return e.cause }

// canceled turns an error of a context into the package's own.
func canceled(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &Error{Kind: Canceled, Message: "the evaluation took longer than allowed", cause: err}
	}
	return &Error{Kind: Canceled, Message: "the evaluation was canceled", cause: err}
}
