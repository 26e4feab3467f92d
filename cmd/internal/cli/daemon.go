package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/cmd/internal/daemon"
	"github.com/hbohlen/devsh/hooks"
	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/render"
)

func (a *app) daemonCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "daemon run|start|stop|status|unit",
		Short: "Make environments ahead of the next prompt",
		Long: `The daemon is optional. It watches the files that the environments of projects were made
from in which shells stand; when one changes, it does what the next prompt would have done, and
the shells are given the new environment as soon as it is there.

With «enabled = true» in [daemon] of config.toml it is started when a shell comes to a new
project, or one that changed; 10 minutes after the last shell ended, it ends. On battery it does
nothing ahead, unless «on_battery = true». Where it is not, or cannot watch, the prompts look
for themselves, as they always do.

  run     be the daemon, in the foreground
  start   start it in the background
  stop    have it end
  status  what it watches, and what it cannot watch; exit code 1 if there is none
  unit    print systemd's units for it`,
		Example: `  devsh daemon start
  devsh daemon status --json | jq .limit
  devsh daemon unit service > ~/.config/systemd/user/devsh.service
  devsh daemon unit socket > ~/.config/systemd/user/devsh.socket`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageHint(errors.New("what should the daemon do?"), "it is «devsh "+cmd.Use+"»")
			}
			return usageHint(fmt.Errorf("there is no command %q of the daemon's", args[0]), didYouMean(args[0], []string{"run", "start", "stop", "status", "unit"}, "devsh daemon "))
		},
		RunE: func(*cobra.Command, []string) error { return nil }, // its Args refuse all
	}
	cmd.AddCommand(a.daemonRun(), a.daemonStart(), a.daemonStop(), a.daemonStatus(), a.daemonUnit())
	for _, c := range cmd.Commands() {
		c.Args = usageArgs(c.Args)
	}
	return cmd
}

func (a *app) daemonRun() *cobra.Command {
	var idle time.Duration
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Be the daemon, in the foreground",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := a.runDaemon(cmd.Context(), idle)
			switch {
			case errors.Is(err, daemon.ErrRunning), errors.Is(err, daemon.ErrServed):
				fmt.Fprintf(a.Stderr, "devsh: %s\n", a.tilde(err.Error()))
				return nil
			case errors.Is(err, daemon.ErrHeld):
				return hinted(err, "«devsh daemon stop» ends it")
			}
			return err
		},
	}
	cmd.Flags().DurationVar(&idle, "idle", daemon.Idle, "how long to stay without a shell")
	_ = cmd.Flags().MarkHidden("idle") // it exists: defined above
	return cmd
}

// daemonHeap is when the daemon begins to collect garbage. By the clock, as Go
// does it otherwise, it would wake an idle machine.
const daemonHeap = 16 << 20

func (a *app) runDaemon(ctx context.Context, idle time.Duration) error {
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(daemonHeap)
	runtime.GOMAXPROCS(2) // else Go asks again and again how many there are
	w, err := a.shellsWorld()
	if err != nil {
		return err
	}
	if err := w.resolver.Store.Open(); err != nil {
		return err
	}
	given, err := daemon.Given(os.Getenv) // what it is about is this process
	if err != nil {
		return err
	}
	program, err := daemon.Identity(thisProgram)
	if err != nil {
		return err
	}
	lease, err := daemon.Take(ctx, w.resolver.Store.Daemon(), program, given)
	if err != nil {
		return err
	}
	d := daemon.Daemon{
		Store: w.resolver.Store, Resolve: a.resolveAhead, MayBuild: a.mayBuild, Skip: a.inStore, Idle: idle, Program: program,
		Log: func(line string) { fmt.Fprintf(a.Stderr, "devsh: %s\n", render.Visible(line)) },
	}
	return errors.Join(d.Run(ctx, lease), lease.Close())
}

// thisProgram is the file that runs, whatever lies where it lay.
const thisProgram = "/proc/self/exe"

// resolveAhead does what a prompt in the directory would have done, in a
// process of its own: whatever becomes of that, the daemon stays small and whole.
func (a *app) resolveAhead(ctx context.Context, dir string) error {
	program, err := a.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, program, "enter", "--abi", strconv.Itoa(activation.ABI), "--wait", waitNone, "--", dir)
	cmd.Env = a.daemonEnv()
	cmd.Dir = "/"
	cmd.Stderr = a.Stderr
	return cmd.Run()
}

// mayBuild reports whether the user wants something done ahead now.
func (a *app) mayBuild() bool {
	if !daemon.OnBattery(a.PowerSupplies) {
		return true
	}
	w, err := a.shellsWorld()
	return err == nil && w.settings.DaemonOnBattery
}

// without reports whether Nix is wanted for a directory and is not there: a
// daemon that systemd started may have another PATH than the shells. What would
// come of it must not take their environment away.
func (a *app) without(w *world, dir string) bool {
	e := w.resolver.Known(dir)
	if e == nil || !e.UsesNix() {
		return false
	}
	_, err := lookPath("nix", w.base["PATH"])
	return err != nil
}

func (a *app) daemonUnit() *cobra.Command {
	return &cobra.Command{
		Use:       "unit service|socket",
		Short:     "Print systemd's units for the daemon",
		ValidArgs: []string{"service", "socket"},
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		RunE: func(_ *cobra.Command, args []string) error {
			w, err := a.shellsWorld()
			if err != nil {
				return err
			}
			text, err := hooks.Socket(daemon.Socket(w.resolver.Store.Daemon()))
			if args[0] == "service" {
				text, err = a.serviceUnit(w)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(a.Stdout, text)
			return err
		},
	}
}

// serviceUnit is the unit with what of the environment decides where things
// are: systemd's own has mostly none of it.
func (a *app) serviceUnit(w *world) (string, error) {
	bin, err := a.binary()
	if err != nil {
		return "", err
	}
	var environ []string
	for _, name := range []string{"PATH", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "NIX_PATH", "NIX_REMOTE", "NIX_SSL_CERT_FILE"} {
		if v := w.base[name]; v != "" {
			environ = append(environ, name+"="+v)
		}
	}
	return hooks.Service(bin, environ)
}
