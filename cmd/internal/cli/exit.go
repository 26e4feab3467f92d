package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/cmd/internal/settings"
	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/manifest"
	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/shell/render"
)

// Exit codes. Those of exec follow env(1).
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitOutdated    = 3 // enter: the hook is of another version
	exitRefused     = 125
	exitCannotRun   = 126
	exitNotFound    = 127
	exitInterrupted = 130
)

// failure is an error with an exit code and advice.
type failure struct {
	err  error
	hint string
	code int
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func hinted(err error, hint string) error {
	return &failure{err: err, hint: hint, code: exitFailed}
}

// silent ends the program with a code when all has been said.
type silent int

func (s silent) Error() string { return fmt.Sprintf("exit %d", int(s)) }

// exit prints what went wrong, as "devsh: error" and a hint, and returns the
// exit code.
func (a *app) exit(cmd *cobra.Command, err error) int {
	var quiet silent
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &quiet):
		return int(quiet)
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(a.Stderr, "devsh: interrupted")
		return exitInterrupted
	}
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{err: err, code: exitFailed}
	}
	// What the system says of a command that was to be run is not about devsh.
	if f.hint == "" && f.code != exitCannotRun {
		f.hint = hintFor(err)
	}
	if f.code == exitUsage && f.hint == "" {
		f.hint = fmt.Sprintf("see «%s --help»", cmd.CommandPath())
	}
	fmt.Fprintf(a.Stderr, "devsh: %s\n", a.tilde(render.VisibleText(strings.TrimRight(err.Error(), "\n"))))
	if f.hint != "" {
		fmt.Fprintf(a.Stderr, "hint: %s\n", a.tilde(render.VisibleText(f.hint)))
	}
	return f.code
}

// brief tells in one line what is wrong in the user's own settings: for shells,
// which say it in passing and go on.
func (a *app) brief(err error) error {
	e, ok := errors.AsType[*manifest.Error](err)
	if !ok {
		return err
	}
	text, _, _ := strings.Cut(e.Error(), "\n")
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	fmt.Fprintf(a.Stderr, "devsh: %s\n", a.tilde(render.Visible(text)))
	return silent(exitFailed)
}

// hintFor says what to type next about errors of the domains.
func hintFor(err error) string {
	switch {
	case errors.Is(err, project.ErrNotGoverned):
		return "devsh governs the projects below its roots, ~/dev by default; «roots» in config.toml names others, --root for one command"
	case errors.Is(err, project.ErrGone):
		return "name a directory that exists"
	case errors.Is(err, activation.ErrNothing):
		return "«devsh init» writes a devsh.toml"
	case errors.Is(err, activation.ErrNotOwned):
		return "devsh keeps to the user whose files these are; as another user, start without -E"
	case errors.Is(err, os.ErrPermission):
		return "the state directory ($XDG_STATE_HOME/devsh, ~/.local/state/devsh by default) must be yours and writable"
	}
	if e, ok := errors.AsType[*settings.SourceError](err); ok {
		return e.Hint
	}
	if hint := toolsHint(err); hint != "" {
		return hint
	}
	return activation.HintOf(err)
}
