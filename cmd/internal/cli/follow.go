package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/shell/render"
)

// follower is a bash or zsh that asks, at a prompt, what it is to do.
type follower struct {
	dir    string // where it stands
	pid    int
	has    string // the generation that it can leave; empty: it has just started
	byHand bool   // it was started in a nix shell
}

// followCommand is the door of the hooks for bash and zsh: it makes true what is
// known of a directory, as enter does, and prints what the shell is to run. That
// is all or nothing, and the last line says that it is all. It consists of the
// hook's own words, since the person's aliases are expanded in it.
func (a *app) followCommand() *cobra.Command {
	var f follower
	var abi int
	cmd := &cobra.Command{
		Use:    "follow --abi N --pid PID --has GENERATION -- DIR",
		Short:  "Print what a bash or zsh is to run (called by the hook)",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.outdated(abi, "$0"); err != nil {
				return err
			}
			f.dir = args[0]
			a.Parent = f.pid // between is a subshell
			script, err := a.follow(cmd.Context(), f)
			if err != nil {
				return a.brief(err)
			}
			_, err = fmt.Fprint(a.Stdout, script+"# whole\n")
			return err
		},
	}
	cmd.Flags().IntVar(&abi, "abi", 0, "the hook's version: "+strconv.Itoa(activation.ABI))
	cmd.Flags().IntVar(&f.pid, "pid", 0, "the shell's process")
	cmd.Flags().StringVar(&f.has, "has", "", "the generation that the shell can leave")
	cmd.Flags().BoolVar(&f.byHand, "by-hand", false, "the shell was started in a nix shell")
	return cmd
}

// follow returns the script.
func (a *app) follow(ctx context.Context, f follower) (string, error) {
	w, err := a.shellsWorld()
	if err != nil {
		return "", err
	}
	if f.has == "" {
		w.resolver.Store.Begins(f.pid)
	}
	e := w.resolver.InForce(f.dir)
	if e == nil {
		err := a.enter(ctx, f.dir, waitSoon)
		a.endProgress()
		if err != nil && !errors.Is(err, project.ErrNotGoverned) {
			return "", err
		}
		e = w.resolver.Known(f.dir)
	} else if f.has == "" {
		defer a.callDaemon(ctx, w, f.dir)
	}
	var b strings.Builder
	known := a.adopt(&b, &f)
	if e == nil {
		if _, err := project.Find(f.dir, w.resolver.Settings.Roots); err == nil {
			return b.String(), nil // another process is at work on it: the next prompt asks again
		}
		e = &activation.Entry{Generation: activation.None, State: activation.OK}
	}
	store := w.resolver.Store
	generation, told := a.beside(e, f)
	if generation != f.has {
		if err := change(&b, store, e.Project.Dir, generation, f.pid); err != nil {
			return "", err
		}
	}
	if e.Project.Dir == "" {
		b.WriteString("__devsh_clear DEVSH_STATE\n__devsh_current= __devsh_entry= __devsh_turn=rest\n")
		return b.String(), nil
	}
	b.WriteString(a.stateLine(e.State))
	if told != "" {
		b.WriteString(a.sayOnce(told))
	}
	b.WriteString(a.news(w, e, f, generation != f.has && generation != known))
	_ = store.Stands(f.pid, e.Project.Dir) // else the daemon does not work ahead for it
	b.WriteString(render.PosixChecks(store.Place(e.Project.Dir).Watch(e), signsBelow(e, f.dir)))
	return b.String(), nil
}

// adopt has a shell that has just started know how to leave the environment that
// it was started in. What was put in front of PATH since then must not hide the
// project's tools: it is left and entered anew. It returns its generation.
func (a *app) adopt(b *strings.Builder, f *follower) (generation string) {
	if f.has != "" {
		return f.has
	}
	active, ok := activation.ParseActive(a.env[env.GenerationVar])
	if ok {
		if d, err := active.Store.Place(active.Project).Delta(active.Generation); err == nil {
			b.WriteString(render.PosixLeave(d))
			return active.Generation
		}
	}
	f.has = activation.None
	b.WriteString("__devsh_generation=none\n")
	for _, name := range sortedKeys(a.env) {
		if env.IsMark(name) { // of what cannot be left
			fmt.Fprintf(b, "__devsh_clear %s\n", name)
		}
	}
	return activation.None
}

// change writes how the shell leaves what it has and enters a generation.
func change(b *strings.Builder, store activation.Store, dir, generation string, pid int) error {
	b.WriteString("__devsh_leave\n")
	if generation == activation.None {
		b.WriteString("__devsh_leave() { __devsh_none; }\n__devsh_generation=none\n")
		return nil
	}
	place := store.Place(dir)
	d, err := place.Delta(generation)
	if err != nil {
		return err
	}
	_ = store.Uses(pid, dir, generation) // a resolve mends what was collected
	// How to leave it comes first, should this be interrupted.
	b.WriteString(render.PosixLeave(d) + "__devsh_generation=" + render.QuoteBash(generation) + "\n")
	b.WriteString(render.PosixEnter(place.Generation(generation), dir, d))
	return nil
}

// beside is the generation that the shell is to have, which is none where another
// tool's environment is left alone, and what it is told about that.
func (a *app) beside(e *activation.Entry, f follower) (generation, told string) {
	switch {
	case e.Generation == activation.None:
	case f.byHand:
		return activation.None, "devsh: this is a nix shell made by hand: standing aside in it"
	case a.env["DIRENV_DIR"] == "-"+e.Project.Dir:
		return activation.None, "devsh: direnv is active in this project: standing aside («direnv deny» hands it over)"
	}
	return e.Generation, ""
}

// news writes what the person is to be told of the entry.
func (a *app) news(w *world, e *activation.Entry, f follower, entered bool) string {
	var lines string
	if e.State != activation.Building {
		for line := range strings.Lines(w.resolver.TakeSaid(e, f.pid)) {
			lines += a.say(strings.TrimSuffix(line, "\n"))
		}
	}
	switch {
	case e.Note == "" || e.State == activation.Denied:
	case e.State != activation.OK && !w.resolver.Store.WasTold(f.pid, e):
		lines += a.sayOnce(e.Note)
	case e.State == activation.OK && entered && !a.quiet(w):
		lines += a.say(e.Note)
	}
	return lines
}

func (a *app) say(line string) string {
	return "__devsh_tell " + render.QuoteBash(a.tilde(render.Visible(line))) + "\n"
}

func (a *app) sayOnce(line string) string {
	return "__devsh_say " + render.QuoteBash(a.tilde(render.Visible(line))) + "\n"
}

// stateLine is for themes, which show it. Where all is well again, what comes next
// is news.
func (a *app) stateLine(s activation.State) string {
	switch {
	case s != activation.OK:
		return "__devsh_set DEVSH_STATE " + render.QuoteBash(string(s)) + "\n"
	case a.env["DEVSH_STATE"] != "":
		return "__devsh_clear DEVSH_STATE\n__devsh_said=\n"
	}
	return ""
}

// signsBelow are the files that would make the directory a project of its own.
func signsBelow(e *activation.Entry, dir string) []string {
	if resolved, err := filepath.EvalSymlinks(dir); err == nil && resolved == e.Project.Dir {
		return nil
	}
	if e.Project.Kind == project.Declared {
		return project.Deciding()
	}
	return append(project.Deciding(), project.Signs()...)
}
