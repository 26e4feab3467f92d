package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/project"
)

// How long a shell can wait for what takes long.
const (
	waitSoon    = "soon"    // a person is at the prompt, or will be
	waitCapture = "capture" // nobody is there, and nobody will look later
	waitDone    = "done"    // what the person typed goes on, and needs it
	waitNone    = "none"    // nobody asks: the daemon works ahead
)

// grace is how long a person does not notice to wait, from the start of the
// process. With fish's own work it keeps a prompt within 50 ms.
const grace = 35 * time.Millisecond

// enterCommand is the hook's own door: it makes true what is known of a
// directory. It prints nothing on standard output.
func (a *app) enterCommand() *cobra.Command {
	var abi int
	var wait string
	cmd := &cobra.Command{
		Use:    "enter --abi N -- DIR",
		Short:  "Find out about a directory (called by the hook)",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if abi != activation.ABI {
				fmt.Fprintf(a.Stderr, "devsh: this shell's hook is of version %d and devsh of %d: the environment stays as it is; «exec fish» brings them together\n", abi, activation.ABI)
				return silent(exitOutdated)
			}
			err := a.enter(cmd.Context(), args[0], wait)
			a.endProgress()
			if wait == waitDone && errors.Is(err, context.Canceled) {
				// The rest of the line must not run in the wrong environment.
				_ = syscall.Kill(a.Parent, syscall.SIGINT)
			}
			if errors.Is(err, project.ErrNotGoverned) {
				return nil // the hook has just learned which the roots are
			}
			return err
		},
	}
	cmd.Flags().IntVar(&abi, "abi", 0, "the hook's version: "+strconv.Itoa(activation.ABI))
	cmd.Flags().StringVar(&wait, "wait", waitDone, "how long to wait: none, soon, capture or done")
	return cmd
}

func (a *app) enter(ctx context.Context, dir, wait string) error {
	begin := a.Now()
	w, err := a.shellsWorld()
	if err != nil {
		return err
	}
	if err := w.resolver.PublishSettings(w.settings.File, string(w.settings.Message)); err != nil {
		return err
	}
	if wait != waitDone {
		w.resolver.Progress = nil // nobody is to see it
	}
	if wait == waitNone && a.without(w, dir) {
		return nil
	}
	e, err := w.resolver.Enter(ctx, dir, activation.Options{Background: a.startWorker, Grace: grace})
	if wait == waitDone && (errors.Is(err, activation.ErrUnknown) || err == nil && e.State != activation.Building && len(e.Stale()) > 0) {
		e, err = w.resolver.Enter(ctx, dir, activation.Options{}) // another process is at work
	}
	if wait == waitNone {
		return err
	}
	a.callDaemon(ctx, w, dir)
	if err != nil || e.State != activation.Building {
		return err
	}
	if err := w.resolver.Store.Stands(a.Parent, e.Project.Dir); err != nil {
		return err
	}
	limit := map[string]time.Duration{waitSoon: grace - a.Now().Sub(begin), waitCapture: w.settings.CaptureTimeout}
	if limit, ok := limit[wait]; ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, errBuilding)
		defer cancel()
	}
	_, err = w.resolver.Await(ctx, e)
	if errors.Is(err, errBuilding) {
		return nil // the shell is told when it is done
	}
	return err
}

// errBuilding says that what is being built was not done in time.
var errBuilding = errors.New("still being built")

// workCommand goes on where enter stopped waiting. Its standard input ends when
// it may begin; descriptor 3 is the project's lock.
func (a *app) workCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "work -- DIR",
		Short:  "Build an environment in the background (called by enter)",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := a.shellsWorld()
			if err != nil {
				return err
			}
			w.resolver.Progress, w.resolver.Warn = nil, nil
			if _, err := a.Stdin.Read(make([]byte, 1)); err == nil {
				return usage(errors.New("work is called by enter alone"))
			}
			syscall.CloseOnExec(lockDescriptor) // what is run from here must not hold it
			_, err = w.resolver.Resolve(cmd.Context(), args[0], activation.Options{Lock: os.NewFile(lockDescriptor, "lock")})
			return err
		},
	}
}
