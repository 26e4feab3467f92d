package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/cmd/internal/daemon"
)

const (
	// callLimit is how long a shell waits for the daemon to listen.
	callLimit = 10 * time.Millisecond
	// stopLimit is how long one that is to end may go on; then it is killed,
	// which does no harm.
	stopLimit = 3 * time.Second
)

// callDaemon tells the daemon that a shell has come to the directory, and
// starts one where there is none, or an older one, if the user wants it. It
// does not wait, and failing is no harm: the prompts look for themselves.
func (a *app) callDaemon(ctx context.Context, w *world, dir string) {
	if !w.settings.Daemon {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	c, err := daemon.Dial(ctx, w.resolver.Store.Daemon())
	own, _ := daemon.Identity(thisProgram)
	switch {
	case err == nil && c.Program == own:
		_ = c.Look(filepath.Clean(dir))
	case err == nil:
		c.Close()
		_ = a.startDaemon(w)
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist), errors.Is(err, daemon.ErrHungUp):
		_ = a.startDaemon(w)
	}
}

// startDaemon starts one in a session of its own; if there is one already, it
// ends at once. What it says is in its log.
func (a *app) startDaemon(w *world) error {
	store := w.resolver.Store
	if err := errors.Join(store.Open(), daemon.Prepare(store.Daemon())); err != nil {
		return err
	}
	if err := a.detach(a.daemonEnv(), daemonLog(store.Daemon()), "daemon", "run"); err != nil {
		return fmt.Errorf("start the daemon: %w", err)
	}
	return nil
}

func daemonLog(dir string) string { return filepath.Join(dir, "log") }

// daemonEnv is the environment without what devsh made active, and without
// what systemd says to this process alone.
func (a *app) daemonEnv() []string {
	e := maps.Clone(a.leave())
	maps.DeleteFunc(e, func(name, _ string) bool { return strings.HasPrefix(name, "LISTEN_") })
	return e.List()
}

func (a *app) daemonStart() *cobra.Command {
	return &cobra.Command{
		Use:   "start",
		Short: "Start the daemon in the background",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := a.shellsWorld()
			if err != nil {
				return err
			}
			own, err := daemon.Identity(thisProgram)
			if err != nil {
				return err
			}
			dir := w.resolver.Store.Daemon()
			serves := func() bool {
				c, err := daemon.Dial(cmd.Context(), dir)
				c.Close()
				return err == nil && c.Program == own
			}
			if serves() {
				fmt.Fprintln(a.Stderr, "devsh: the daemon is running already")
				return nil
			}
			if err := a.startDaemon(w); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), 2*stopLimit)
			defer cancel()
			if err := daemon.Wait(ctx, serves); err != nil {
				return hinted(fmt.Errorf("start the daemon: %w", err), "what it said is in "+a.tilde(daemonLog(dir)))
			}
			fmt.Fprintln(a.Stderr, "devsh: the daemon is running")
			return nil
		},
	}
}

func (a *app) daemonStop() *cobra.Command {
	return &cobra.Command{
		Use:   "stop",
		Short: "Have the daemon end",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := a.shellsWorld()
			if err != nil {
				return err
			}
			dir := w.resolver.Store.Daemon()
			pid := daemon.Holder(dir)
			if pid == 0 {
				fmt.Fprintln(a.Stderr, "devsh: there is no daemon")
				return nil
			}
			if c, err := daemon.Dial(cmd.Context(), dir); err == nil {
				_ = c.Stop() // if it does not hear, it will feel
			}
			gone := func() bool { return daemon.Holder(dir) != pid }
			for _, sig := range []syscall.Signal{0, syscall.SIGTERM, syscall.SIGKILL} {
				if gone() { // else it is the one: it holds the lock
					break
				}
				if err = context.Cause(cmd.Context()); err != nil { // who asked waits no more
					break
				}
				_ = syscall.Kill(pid, sig)
				ctx, cancel := context.WithTimeout(cmd.Context(), stopLimit)
				err = daemon.Wait(ctx, gone)
				cancel()
			}
			if err != nil && !gone() {
				return fmt.Errorf("stop the daemon, process %d: %w", pid, err)
			}
			fmt.Fprintln(a.Stderr, "devsh: the daemon has ended")
			return nil
		},
	}
}
