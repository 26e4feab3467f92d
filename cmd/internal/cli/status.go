package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/shell/render"
	"github.com/hbohlen/devsh/shell/trust"
)

func (a *app) statusCommand() *cobra.Command {
	var dir string
	var all, asJSON, watch bool
	cmd := &cobra.Command{
		Use:   "status [DIR] [--all] [--json] [--watch]",
		Short: "Show what is active and why",
		Long: `Show what is active, from which layers and inputs it was made, whether it is stale and
why, and what the project's trust is: what it wants, and the digest of just that.

It changes nothing and evaluates nothing. Exit code 1 says that something needs the person:
a project that is not allowed, that changed since, or whose environment failed. With --all
it shows what was last known of each project, and is no judgement: exit code 0.`,
		Example: `  devsh status
  devsh status ~/dev/api
  devsh status --all
  devsh status --json | jq -r .trust.digest`,
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			given := first(args)
			switch {
			case all && (dir != "" || given != ""), dir != "" && given != "":
				return usageHint(errors.New("DIR, --dir DIR and --all exclude each other"), "it is «devsh "+cmd.Use+"»")
			case given == "":
				given = dir
			}
			if all {
				return a.statusAll(asJSON)
			}
			d, w, err := a.at(given)
			if err != nil {
				return err
			}
			if watch {
				if err := a.watch(cmd.Context(), w, d); err != nil {
					return err
				}
			}
			s, err := a.inspect(w, d)
			if err != nil {
				return err
			}
			s.watched = watch
			s.Daemon = daemonOf(cmd.Context(), w, s.Project)
			if asJSON {
				s.fill()
				err = writeJSON(a.Stdout, s)
			} else {
				a.showStatus(s)
			}
			if err == nil && s.NeedsPerson {
				return silent(exitFailed)
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&dir, "dir", "", "the same as the argument `DIR`")
	f.BoolVar(&all, "all", false, "all known projects")
	f.BoolVar(&asJSON, "json", false, "as JSON")
	f.BoolVar(&watch, "watch", false, "wait for what is being built, and show how far it is")
	_ = cmd.MarkFlagDirname("dir")
	cmd.ValidArgsFunction = directories
	return cmd
}

// watch waits for what is being built in the project that owns dir.
func (a *app) watch(ctx context.Context, w *world, dir string) error {
	e := w.resolver.Known(dir)
	if e == nil || !e.Working() {
		return nil
	}
	_, err := w.resolver.Await(ctx, e)
	a.endProgress()
	if err == nil {
		err = w.resolver.Settle(ctx, e)
	}
	if errors.Is(err, activation.ErrEnded) {
		return nil // status says so
	}
	return err
}

// status is what `devsh status --json` prints. Paths that are no UTF-8 are
// shown with escapes.
type status struct {
	Project     string        `json:"project"`
	Root        string        `json:"root"`
	Kind        project.Kind  `json:"kind"`
	Active      bool          `json:"active"` // in the environment of this process
	Generation  string        `json:"generation"`
	Layers      []statusLayer `json:"layers"`
	Variables   []string      `json:"variables"`
	Aliases     []string      `json:"aliases"`
	Functions   []string      `json:"functions"`
	Inputs      []statusInput `json:"inputs"`
	Missing     []string      `json:"missing,omitempty"` // tools that it could use and that are nowhere
	Stale       []string      `json:"stale"`             // inputs that changed since
	Worker      int           `json:"worker,omitempty"`  // the process that builds a new environment
	Progress    string        `json:"progress,omitempty"`
	Error       string        `json:"error,omitempty"`
	Hint        string        `json:"hint,omitempty"`
	Trust       *statusTrust  `json:"trust,omitempty"`
	Places      []statusPlace `json:"places,omitempty"`     // the chain that contributes, outer first
	Off         []string      `json:"layers_off,omitempty"` // by the settings
	Apart       []string      `json:"apart,omitempty"`      // flags and variables that hold for single commands, not for what is shown of shells
	Daemon      *statusDaemon `json:"daemon,omitempty"`
	NeedsPerson bool          `json:"needs_person"`
	request     *activation.Request
	watched     bool // it was waited for
	follows     bool // the shell that this was started from takes it over
}

// fill makes empty lists of missing ones: a program need not tell them apart.
func (s *status) fill() {
	s.Layers = append([]statusLayer{}, s.Layers...)
	s.Inputs = append([]statusInput{}, s.Inputs...)
	for _, list := range []*[]string{&s.Variables, &s.Aliases, &s.Functions, &s.Stale} {
		*list = append([]string{}, *list...)
	}
}

type statusLayer struct {
	Name      string   `json:"name"`
	Source    string   `json:"source"`
	Variables int      `json:"variables"`
	Notes     []string `json:"notes,omitempty"`
}

type statusInput struct {
	Path   string `json:"path"`
	Exists bool   `json:"exists"`
}

type statusPlace struct {
	Dir     string      `json:"dir"`
	State   trust.State `json:"state"`
	Because string      `json:"because,omitempty"`
}

type statusTrust struct {
	State    trust.State `json:"state"`
	Because  string      `json:"because,omitempty"`
	Digest   string      `json:"digest"`
	Files    []string    `json:"files"`
	Changed  []string    `json:"changed,omitempty"`
	Writable []string    `json:"writable_on_path,omitempty"`
	Sets     []string    `json:"sets,omitempty"` // by its devsh.toml
	Aliases  []string    `json:"aliases,omitempty"`
	Hooks    bool        `json:"hooks"` // it has fish code of its own
}

// inspect gathers the status of the project that owns dir, writing nothing.
func (a *app) inspect(w *world, dir string) (*status, error) {
	p, err := project.Find(dir, w.settings.Roots)
	if err != nil {
		return nil, err
	}
	s := &status{Project: render.Visible(p.Dir), Root: render.Visible(p.Root), Kind: p.Kind, Generation: activation.None, Off: sortedKeys(w.settings.LayersOff), Apart: w.settings.Apart}
	place := w.resolver.Store.Place(p.Dir)
	if e, err := place.Entry(); err == nil {
		a.known(s, w.resolver.Store, e)
		s.follows = w.resolver.Store.Follows(a.Parent, p.Dir)
	}
	req, err := w.resolver.Ask(dir)
	switch {
	case err == nil:
		s.fromRequest(req)
	case !errors.Is(err, activation.ErrNothing):
		return nil, err
	}
	s.NeedsPerson = s.needsPerson()
	return s, nil
}

// needsPerson reports whether there is something to mend or to decide.
func (s *status) needsPerson() bool {
	return s.Error != "" || s.Trust != nil && (s.Trust.State == trust.Unknown || s.Trust.State == trust.Changed)
}

// known fills in what the entry in force says.
func (a *app) known(s *status, store activation.Store, e *activation.Entry) {
	place := store.Place(e.Project.Dir)
	s.Active = e.Generation != activation.None && a.env[env.GenerationVar] == place.Generation(e.Generation)
	s.Generation, s.Error, s.Hint = e.Generation, render.Visible(e.Error), render.Visible(e.Hint)
	if e.State == activation.Building {
		s.Worker = e.Worker
		s.Progress = "its process has ended: the next prompts start another"
		if e.Working() {
			s.Progress = render.Visible(place.Progress().String())
		}
	}
	for _, l := range e.Layers {
		layer := statusLayer{Name: l.Name, Source: render.Visible(l.Source), Variables: l.Variables}
		for _, note := range l.Notes {
			layer.Notes = append(layer.Notes, render.Visible(note))
		}
		s.Layers = append(s.Layers, layer)
	}
	for _, f := range e.Inputs {
		if !f.Plain && !trust.IsRecord(f.Path) && !project.Within(f.Path, store.Nix()) {
			s.Inputs = append(s.Inputs, statusInput{render.Visible(f.Path), f.Exists})
		}
	}
	for _, name := range e.Missing.Tools {
		s.Missing = append(s.Missing, render.Visible(name))
	}
	for _, path := range e.Stale() {
		s.Stale = append(s.Stale, render.Visible(path))
	}
	for _, j := range e.Places {
		s.Places = append(s.Places, statusPlace{render.Visible(j.Dir), j.State, render.Visible(j.Because)})
	}
	if d, err := place.Delta(e.Generation); err == nil {
		s.Variables = d.Variables()
		s.Aliases, s.Functions = sortedKeys(d.Aliases), sortedKeys(d.Functions)
	}
}

func (s *status) fromRequest(req *activation.Request) {
	t := &statusTrust{State: req.Verdict.State, Because: render.Visible(req.Verdict.Because), Digest: req.Digest}
	t.Sets, t.Aliases = req.Delta.Variables(), sortedKeys(req.Delta.Aliases)
	t.Hooks = len(req.Delta.Enter)+len(req.Delta.Leave) > 0
	for _, f := range req.Files {
		t.Files = append(t.Files, render.Visible(f.Path))
	}
	for _, c := range req.Verdict.Changes {
		t.Changed = append(t.Changed, render.Visible(c.Path))
	}
	for _, d := range req.Writable {
		t.Writable = append(t.Writable, render.Visible(relative(req.Dir, d)))
	}
	if req.Problem != nil && s.Error == "" {
		s.Error = render.Visible(req.Problem.Error())
		s.Hint = hintFor(req.Problem)
	}
	s.Trust, s.request = t, req
}

func (a *app) statusAll(asJSON bool) error {
	w, err := a.world()
	if err != nil {
		return err
	}
	entries, err := w.resolver.Store.Known()
	if err != nil {
		return fmt.Errorf("read the state directory: %w", err)
	}
	known := []*status{}
	for _, e := range entries {
		s := &status{Project: render.Visible(e.Project.Dir), Root: render.Visible(e.Project.Root), Kind: e.Project.Kind}
		a.known(s, w.resolver.Store, e)
		if own, declared := e.Own(); declared {
			s.Trust = &statusTrust{State: own.State, Because: render.Visible(own.Because), Digest: own.Digest}
		}
		s.NeedsPerson = s.needsPerson()
		s.fill()
		known = append(known, s)
	}
	if asJSON {
		return writeJSON(a.Stdout, known)
	}
	for _, s := range known {
		state := string(s.Kind)
		if s.Trust != nil {
			state = string(s.Trust.State)
		}
		if len(s.Stale) > 0 {
			state += ", stale"
		}
		if s.Error != "" {
			state += ", failed"
		}
		fmt.Fprintf(a.Stdout, "%-22s %13s  %s\n", state, activation.Count(len(s.Variables), "variable"), a.tilde(s.Project))
	}
	return nil
}
