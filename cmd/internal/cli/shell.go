package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/hbohlen/devsh/cmd/internal/settings"
	"github.com/hbohlen/devsh/hooks"
	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/render"
	"github.com/hbohlen/devsh/shell/session"
)

// shellOptions are what «devsh shell» is asked for.
type shellOptions struct {
	dir   string
	shell string // a name or a path; empty is fish, or $SHELL
	pure  bool
}

func (a *app) shellCommand() *cobra.Command {
	var o shellOptions
	cmd := &cobra.Command{
		Use:   "shell [--shell SHELL] [--pure] [DIR]",
		Short: "Start a shell in a project's environment",
		Long: `Start an interactive shell in the environment of the project that owns DIR, for places
without the hook: fish, or $SHELL where there is no fish.

In fish, bash and zsh a change of the project arrives at the next prompt, as with the hook, and
the shell keeps all that was made in it; what is built meanwhile reaches an idle prompt in fish
only. Others have no hook: their environment stays as it was when they started.

--pure starts from a minimal environment: HOME and the XDG directories, user, terminal,
display, language, time zone and proxies are kept; PATH is the system's and the project's.
What the shell's own configuration sets comes on top of it.

The exit code is the shell's, or 128 and the signal that ended it. A project that is not
allowed is refused with exit code 125, as without a terminal; 126 and 127 are those of env(1).`,
		Example: `  devsh shell ~/dev/api
  devsh shell --pure --shell bash`,
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = first(args)
			return a.runShell(cmd, o)
		},
		ValidArgsFunction: directories,
	}
	cmd.Flags().StringVar(&o.shell, "shell", "", "the `SHELL` to start, instead of fish or $SHELL")
	cmd.Flags().BoolVar(&o.pure, "pure", false, "start from a minimal environment")
	_ = cmd.RegisterFlagCompletionFunc("shell", cobra.FixedCompletions([]string{"fish", "bash", "zsh", "sh"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (a *app) runShell(cmd *cobra.Command, o shellOptions) error {
	if len(a.flags.roots)+len(a.flags.layersOff) > 0 {
		return usageHint(errors.New("--root and --layers-off are for single commands, and a shell follows config.toml"), "shell without them, or write it into that file")
	}
	if !a.interactive() {
		return &failure{err: errors.New("a shell needs a terminal"), hint: "for a command: «devsh exec -- COMMAND»", code: exitRefused}
	}
	dir, err := a.directory(o.dir)
	if err != nil {
		return refused(err)
	}
	w, err := a.shellsWorld()
	if err != nil {
		return refused(err)
	}
	p, err := a.usable(cmd, w, dir)
	if err != nil {
		return refused(err)
	}
	argv, err := a.shellArgv(o.shell, p.world.base)
	if err != nil {
		return err
	}
	base := p.world.base
	if o.pure {
		base = pure(base)
	}
	e, err := p.environment(base)
	if err != nil {
		return refused(err)
	}
	if argv, err = a.withHook(argv, e, p.world.resolver.Store); err != nil {
		return refused(err)
	}
	a.greet(p, filepath.Base(argv[0]))
	e["PWD"] = dir // by the name that it was given
	state, err := session.Attach(cmd.Context(), session.Command{Argv: argv, Env: e.List(), Dir: dir})
	return a.shellEnd(argv[0], state, err)
}

// interactive reports whether a person sits at both ends.
func (a *app) interactive() bool {
	in, ok := a.Stdin.(*os.File)
	return ok && term.IsTerminal(int(in.Fd())) && isTerminal(a.Stdout) && a.HasTerminal()
}

// shellArgv is the command line of the shell, which is the user's own: it is
// not looked for in what the project adds to PATH.
func (a *app) shellArgv(name string, base env.Env) ([]string, error) {
	if name == "" {
		name = "fish"
		if _, err := lookPath(name, base[env.Path]); err != nil && base["SHELL"] != "" {
			name = base["SHELL"]
		}
	}
	path, err := lookPath(name, base[env.Path])
	if err != nil {
		return nil, cannotRun(name, err)
	}
	if path, err = a.directory(path); err != nil { // the shell starts in another
		return nil, refused(err)
	}
	return []string{path}, nil
}

// withHook has the shell load the hook after the person's own configuration,
// where there is a hook for it. e is the environment that it gets.
func (a *app) withHook(argv []string, e env.Env, store activation.Store) ([]string, error) {
	bin, err := a.binary()
	if err != nil {
		return nil, err
	}
	switch filepath.Base(argv[0]) {
	case "fish":
		// Where config.fish loads it, no process is needed for it.
		return append(argv, "--init-command", "functions -q __devsh_look; or "+render.QuoteFish(bin)+" hook fish | source"), nil
	case "bash":
		rc, err := store.PublishScript("bashrc", hooks.Bashrc(bin))
		return append(argv, "--rcfile", rc), err
	case "zsh":
		rc, err := store.PublishScript("zsh/.zshenv", hooks.Zshenv(bin))
		if own, ok := e["ZDOTDIR"]; ok {
			e[hooks.ZshDirVar] = own
		}
		e["ZDOTDIR"] = filepath.Dir(rc)
		return argv, err
	}
	return argv, nil
}

// greet says what the person is in, and what of it they would not expect.
func (a *app) greet(p *usable, shell string) {
	if a.quiet(p.world) {
		return
	}
	e := p.entry
	if e.State == activation.OK && e.Note != "" {
		fmt.Fprintln(a.Stderr, e.Note)
	}
	name := render.Visible(e.Project.Name())
	if e.Generation != activation.None && a.env[env.ProjectVar] == e.Project.Dir {
		fmt.Fprintf(a.Stderr, "devsh: %s is active here already: this is a shell within it, «exit» leads back\n", name)
	}
	if !slices.Contains([]string{"fish", "bash", "zsh"}, shell) {
		fmt.Fprintf(a.Stderr, "devsh: %s has no hook: what changes in %s does not reach this shell until it is started anew\n", render.Visible(shell), name)
	}
}

// quiet reports whether the person wants to be told nothing on entering.
func (a *app) quiet(w *world) bool {
	message := a.env["DEVSH_MESSAGE"]
	return message == string(settings.Quiet) || message == "" && w.settings.Message == settings.Quiet
}

// shellEnd is the exit code that the end of the shell stands for.
func (a *app) shellEnd(name string, state *os.ProcessState, err error) error {
	if sig, ok := endedBy(err); ok {
		return silent(signalCode(sig))
	}
	switch {
	case errors.Is(err, session.ErrHungUp):
		return silent(signalCode(syscall.SIGHUP))
	case errors.Is(err, session.ErrNoTerminal):
		return refused(err)
	case state == nil:
		return cannotRun(name, err)
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		fmt.Fprintf(a.Stderr, "devsh: the shell was ended by a signal: %s\n", status.Signal())
		return silent(signalCode(status.Signal()))
	}
	if code := state.ExitCode(); code != exitOK {
		return silent(code)
	}
	return nil
}
