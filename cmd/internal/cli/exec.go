package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/shell/render"
	"github.com/hbohlen/devsh/shell/trust"
)

func (a *app) execCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "exec [--dir DIR] -- COMMAND [ARG...]",
		Short: "Run a command in a project's environment",
		Long: `Become COMMAND, in the environment of the project that owns the working directory.

For scripts, editors and agents: what the hook does for a shell. A project that is not
allowed is refused with exit code 125; 126 and 127 are those of env(1).`,
		Example: `  devsh exec -- make test
  devsh exec --dir ~/dev/api -- go test ./...`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("name the command to run: devsh exec -- COMMAND")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := a.directory(dir)
			if err != nil {
				return refused(err)
			}
			e, err := a.projectEnv(cmd, d)
			if err != nil {
				return refused(err)
			}
			return a.become(e, args)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "the project's directory `DIR` instead of the working directory")
	cmd.Flags().SetInterspersed(false)
	_ = cmd.MarkFlagDirname("dir")
	return cmd
}

func refused(err error) error {
	f := &failure{err: err, code: exitRefused}
	if inner, ok := errors.AsType[*failure](err); ok {
		f.hint = inner.hint
	}
	return f
}

// projectEnv is the environment of the project that owns dir, on top of the
// process's own without what is active there.
func (a *app) projectEnv(cmd *cobra.Command, dir string) (env.Env, error) {
	w, err := a.world()
	if err != nil {
		return nil, err
	}
	p, err := a.usable(cmd, w, dir)
	if err != nil {
		return nil, err
	}
	return p.environment(p.world.base)
}

// usable is a project whose environment the user has allowed.
type usable struct {
	world *world
	entry *activation.Entry
}

// usable finds the project that owns dir, and refuses where its environment
// may not be used.
func (a *app) usable(cmd *cobra.Command, w *world, dir string) (*usable, error) {
	e, err := w.resolver.Current(cmd.Context(), dir)
	a.endProgress()
	if err != nil {
		return nil, err
	}
	if err := a.mayUse(e); err != nil {
		return nil, err
	}
	return &usable{w, e}, nil
}

// environment is that of the project on top of base.
func (p *usable) environment(base env.Env) (env.Env, error) {
	if p.entry.Generation == activation.None {
		return base, nil
	}
	place := p.world.resolver.Store.Place(p.entry.Project.Dir)
	d, err := place.Delta(p.entry.Generation)
	if err != nil {
		return nil, err
	}
	return env.Enter(base, d, place.Generation(p.entry.Generation), p.entry.Project.Dir), nil
}

// mayUse refuses what the user has not allowed, and warns of what stays from
// before a change.
func (a *app) mayUse(e *activation.Entry) error {
	own, declared := e.Own()
	if declared && own.State != trust.Allowed && !(own.State == trust.Changed && e.Good != "") {
		state := string(own.State)
		if own.State == trust.Changed {
			state = "changed since it was allowed"
		}
		return &failure{
			err:  fmt.Errorf("%s is %s", render.Visible(e.Project.Dir), state),
			hint: render.Visible(fmt.Sprintf("«devsh status%[1]s» shows what it wants, «devsh allow%[1]s» lets it", a.argument(e.Project.Dir))), code: exitRefused,
		}
	}
	if e.Error != "" && e.Good == "" {
		return &failure{err: errors.New(e.Error), hint: e.Hint, code: exitRefused}
	}
	if e.State != activation.OK && e.State != activation.Denied {
		fmt.Fprintln(a.Stderr, a.note(e))
	}
	return nil
}

// argument is a project as the argument of a command to type: none where one
// stands in it.
func (a *app) argument(dir string) string {
	if wd, err := a.Getwd(); err == nil && project.Within(wd, dir) {
		return ""
	}
	return " " + render.Argument(dir, a.leave()["HOME"])
}

// note is what an entry has to tell, where it may be another directory's: then
// what it says to type names that one.
func (a *app) note(e *activation.Entry) string {
	which := a.argument(e.Project.Dir)
	return render.Visible(strings.NewReplacer("«devsh status»", "«devsh status"+which+"»", "«devsh allow»", "«devsh allow"+which+"»").Replace(e.Note))
}

// become replaces the process by the command, found on the PATH of the
// environment it gets.
func (a *app) become(e env.Env, argv []string) error {
	path, err := lookPath(argv[0], e["PATH"])
	if err == nil {
		err = a.Exec(path, argv, e.List())
	}
	return cannotRun(argv[0], err)
}

// cannotRun is why a program was not started, with the exit code of env(1).
func cannotRun(name string, err error) error {
	code := exitCannotRun
	hint := ""
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, exec.ErrNotFound):
		code = exitNotFound
	case errors.Is(err, syscall.E2BIG):
		hint = "the arguments and the environment together are too large for the system"
	}
	return &failure{err: fmt.Errorf("run %s: %w", name, err), hint: hint, code: code}
}

// lookPath finds a command as execvp does, but in the given PATH.
func lookPath(name, path string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	denied := false
	for _, dir := range filepath.SplitList(path) {
		if dir == "" {
			continue // the working directory: nothing should be found there by accident
		}
		candidate := filepath.Join(dir, name)
		info, err := os.Stat(candidate)
		if err != nil || info.IsDir() {
			continue
		}
		if info.Mode()&0o111 != 0 {
			return candidate, nil
		}
		denied = true
	}
	if denied {
		return "", fs.ErrPermission
	}
	return "", exec.ErrNotFound
}
