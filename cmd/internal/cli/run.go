package cli

import (
	"context"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/hbohlen/devsh/cmd/internal/daemon"
	"github.com/hbohlen/devsh/shell/env"
)

// Env is all that a run of the program has of the world.
type Env struct {
	Args    []string // without the program's name
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Environ []string
	Getwd   func() (string, error)
	Now     func() time.Time
	// Exec replaces the process, as execve does.
	Exec func(path string, argv, env []string) error
	// HasTerminal reports whether the process has a controlling terminal:
	// whether a person can be meant.
	HasTerminal func() bool
	// Parent is the process that started this one: a shell, mostly.
	Parent int
	// Executable is where the program lies.
	Executable func() (string, error)
	// PowerSupplies is where the system tells of them.
	PowerSupplies fs.FS
}

// System is the Env of the real process.
func System() Env {
	return Env{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Environ: os.Environ(), Getwd: os.Getwd, Now: time.Now, Exec: syscall.Exec,
		HasTerminal: hasTerminal, Parent: os.Getppid(), Executable: os.Executable,
		PowerSupplies: os.DirFS(daemon.PowerSupplies),
	}
}

func hasTerminal() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	tty.Close()
	return true
}

// Run runs the program and returns its exit code.
func Run(ctx context.Context, e Env) int {
	ctx, stop := untilSignal(ctx)
	defer stop()
	out := &output{Writer: e.Stdout}
	e.Stdout = out
	a := &app{Env: e, env: env.FromList(e.Environ)}
	root := a.root()
	if len(e.Args) > 0 && e.Args[0] == cobra.ShellCompRequestCmd {
		plainUsage(root)
	}
	root.SetArgs(e.Args)
	root.SetIn(e.Stdin)
	root.SetOut(e.Stdout)
	root.SetErr(e.Stderr)
	cmd, err := root.ExecuteContextC(ctx)
	return a.exit(cmd, out.judge(err))
}

// app is what all commands share.
type app struct {
	Env
	env   env.Env // Environ by name
	flags globalFlags
	live  *liveLine // nil before anything is shown
}

type globalFlags struct {
	roots     []string
	layersOff []string
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "devsh",
		Short: "Activate each project's dev shell on cd",
		Long: `devsh gives every project under ~/dev its environment when you cd into it, and takes it
back when you leave. While nothing changed, no process is started.

  echo 'devsh hook fish | source' >> ~/.config/fish/config.fish
  cd ~/dev/project && devsh init && devsh allow`,
		Version:           version(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              noSuchCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	f := root.PersistentFlags()
	f.StringSliceVar(&a.flags.roots, "root", nil, "for this command, the projects are those below `DIR` (repeatable)")
	f.StringSliceVar(&a.flags.layersOff, "layers-off", nil, "for this command, leave out `LAYER`: default, nix, devsh.toml")
	_ = root.MarkPersistentFlagDirname("root") // it exists: defined above
	root.SetVersionTemplate("devsh {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		a.allowCommand(), a.denyCommand(), a.statusCommand(), a.reloadCommand(),
		a.execCommand(), a.envCommand(), a.shellCommand(), a.logCommand(), a.initCommand(), a.gcCommand(), a.daemonCommand(), a.toolsCommand(), a.lspCommand(), a.fmtCommand(),
		a.hookCommand(), a.enterCommand(), a.followCommand(), a.workCommand(), a.shellHookCommand(), a.completionCommand(), a.versionCommand(), a.referenceCommand(),
	)
	for _, c := range root.Commands() {
		c.Args = usageArgs(c.Args)
	}
	return root
}

// isTerminal reports whether something written to w is seen by a person.
func isTerminal(w io.Writer) bool {
	if o, ok := w.(*output); ok {
		w = o.Writer
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
