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
	"github.com/hbohlen/devsh/shell/render"
)

// How long a shell can wait for what takes long.
const (
	waitSoon    = "soon"    // a person is at the prompt, or will be
	waitCapture = "capture" // nobody is there, and nobody will look later
	waitDone    = "done"    // what the person typed goes on, and needs it
	waitNone    = "none"    // nobody asks: the daemon works ahead
)

// grace is how long a person at the prompt waits for a result that is near. What
// needs nix at all takes ten times as long, so more would seldom be of use; and
// with what starting, publishing and fish itself take, the prompt is back
// within 50 ms.
const grace = 15 * time.Millisecond

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
			if err := a.outdated(abi, "fish"); err != nil {
				return err
			}
			err := a.enter(cmd.Context(), args[0], wait)
			a.endProgress()
			if errors.Is(err, project.ErrNotGoverned) {
				return nil // the hook has just learned which the roots are
			}
			return a.brief(err)
		},
	}
	cmd.Flags().IntVar(&abi, "abi", 0, "the hook's version: "+strconv.Itoa(activation.ABI))
	cmd.Flags().StringVar(&wait, "wait", waitDone, "how long to wait: none, soon, capture or done")
	return cmd
}

// outdated refuses a hook that another version of devsh has written.
func (a *app) outdated(abi int, shell string) error {
	if abi == activation.ABI {
		return nil
	}
	fmt.Fprintf(a.Stderr, "devsh: this shell's hook is of version %d and devsh of %d: the environment stays as it is; «exec %s» brings them together\n", abi, activation.ABI, shell)
	return silent(exitOutdated)
}

func (a *app) enter(ctx context.Context, dir, wait string) error {
	begin := a.Now()
	w, err := a.hooksWorld(wait)
	if err != nil {
		return err
	}
	defer a.housekeep(w.resolver.Store)
	if wait == waitNone {
		if a.without(w, dir) {
			return nil
		}
		_, err := w.resolver.Enter(ctx, dir, activation.Options{Background: a.starter(), Grace: grace})
		return err
	}
	defer a.callDaemon(ctx, w, dir)
	defer a.fillMissing(w, dir)
	patience := ctx
	limits := map[string]time.Duration{waitSoon: grace - a.Now().Sub(begin), waitCapture: w.settings.CaptureTimeout}
	if limit, ok := limits[wait]; ok {
		var cancel context.CancelFunc
		patience, cancel = context.WithTimeoutCause(ctx, limit, errBuilding)
		defer cancel()
	}
	for range activation.MaxAttempts + 1 {
		again, err := a.enterOnce(ctx, patience, w.resolver, dir)
		if !again {
			return err
		}
		if w, err = a.hooksWorld(wait); err != nil {
			return err
		}
	}
	return nil
}

// hooksWorld is the world as it is now, of which the hook is told.
func (a *app) hooksWorld(wait string) (*world, error) {
	w, err := a.shellsWorld()
	if err != nil {
		return nil, err
	}
	if wait != waitDone {
		w.resolver.Progress = nil // nobody is to see it
	}
	return w, w.resolver.PublishSettings(w.settings.File, string(w.settings.Message))
}

// enterOnce does what is quickly done, and waits for one process that does the
// rest, as long as patience lasts.
func (a *app) enterOnce(ctx, patience context.Context, r *activation.Resolver, dir string) (again bool, err error) {
	e, err := r.Enter(ctx, dir, activation.Options{Background: a.starter(), Grace: grace})
	if err == nil && e.State != activation.Building && len(e.Stale()) > 0 && patience == ctx {
		e, err = r.Enter(ctx, dir, activation.Options{}) // after another process, which is at work on it
	}
	if err != nil || e.State != activation.Building {
		return false, err
	}
	if err := r.Store.Stands(a.Parent, e.Project.Dir); err != nil {
		return false, err
	}
	e, err = r.Await(patience, e)
	switch {
	case err == nil && len(e.Stale()) > 0:
		return true, nil // the hook would believe it, and the user may have decided otherwise meanwhile
	case errors.Is(err, errBuilding):
		return false, nil // the shell is told when it is done
	case errors.Is(err, activation.ErrEnded):
		return true, nil
	case errors.Is(err, context.Canceled):
		a.endProgress()
		fmt.Fprintf(a.Stderr, "devsh: %s: still being built in the background; «devsh status --watch» shows it\n", render.Visible(e.Project.Name()))
		_ = r.Store.Told(a.Parent, e) // said twice is no harm
		return false, silent(exitInterrupted)
	}
	return false, err
}

// errBuilding says that what is being built was not done in time.
var errBuilding = errors.New("still being built")

// workCommand goes on where enter stopped waiting. Its standard input ends when
// it may begin; descriptor 3 is the project's lock.
func (a *app) workCommand() *cobra.Command {
	var refresh bool
	cmd := &cobra.Command{
		Use:    "work [--refresh] -- DIR",
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
			_, err = w.resolver.Resolve(cmd.Context(), args[0], activation.Options{
				Refresh: refresh, Lock: os.NewFile(lockDescriptor, "lock"),
			})
			return err
		},
	}
	cmd.Flags().BoolVar(&refresh, "refresh", false, "evaluate anew also what did not change")
	return cmd
}
