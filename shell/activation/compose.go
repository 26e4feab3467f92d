package activation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/manifest"
	"github.com/hbohlen/devsh/shell/nixenv"
	"github.com/hbohlen/devsh/shell/render"
	"github.com/hbohlen/devsh/shell/trust"
)

// examineAll reads the places of the chain, inner ones first in the inputs.
func (w *resolution) examineAll() error {
	w.places, w.inputs, w.layers, w.deltas, w.salt = nil, nil, nil, nil, ""
	for _, dir := range w.project.Chain {
		p, err := w.examine(dir)
		if err != nil {
			return err
		}
		w.places = append(w.places, p)
	}
	for _, p := range slices.Backward(w.places) {
		w.inputs = append(w.inputs, p.files...)
	}
	return nil
}

// judge decides which places contribute and leaves only those in w.places. It
// returns the place that changed since it was allowed, if there is one, and
// what is wrong with the files of one that is allowed.
func (w *resolution) judge(e *Entry) (changed *place, problem error) {
	e.Places = nil
	for _, p := range w.places {
		j := Judged{Dir: p.dir, State: p.verdict.State, Because: p.verdict.Because, Digest: p.deciding.Digest(manifest.TouchesCode)}
		for _, c := range p.verdict.Changes {
			j.Changed = append(j.Changed, c.Path)
		}
		e.Places = append(e.Places, j)
	}
	chain := w.places
	for i, p := range w.places {
		if p.allowed() && !p.manifest.Inherit {
			chain = w.places[i:]
		}
	}
	var effective []*place
	for _, p := range chain {
		switch {
		case p.verdict.State == trust.Changed:
			changed = p
		case p.allowed() && p.err != nil && problem == nil:
			problem = p.err
		case p.allowed():
			effective = append(effective, p)
		}
	}
	w.places = effective
	return changed, problem
}

// compose makes one delta of all layers, outer first.
func (w *resolution) compose(ctx context.Context) (env.Delta, error) {
	if err := w.defaultShell(ctx); err != nil {
		return env.Delta{}, err
	}
	for _, p := range w.places {
		if err := w.watch(p); err != nil {
			return env.Delta{}, err
		}
		if p.nix != nil {
			if err := w.nixLayer(ctx, *p.nix, p, filepath.Join(p.dir, p.nix.File)); err != nil {
				return env.Delta{}, err
			}
		}
		if err := w.manifestLayer(p); err != nil {
			return env.Delta{}, err
		}
	}
	d, err := env.Compose(w.deltas...)
	if err != nil {
		return env.Delta{}, err
	}
	d.CompletionDirs = completionDirs(d)
	return d, nil
}

func (w *resolution) defaultShell(ctx context.Context) error {
	if w.Settings.Off(LayerDefault) {
		return nil
	}
	if ref := w.Settings.DefaultFlake; ref != "" && !w.Settings.Off(LayerNix) {
		source, err := nixenv.ParseRef(w.project.Root, ref)
		if err != nil {
			return fmt.Errorf("default_shell: %w", err)
		}
		if err := w.nixLayer(ctx, source, nil, ref); err != nil {
			return err
		}
	}
	if m := w.Settings.Default; m != nil {
		d, err := m.Delta(manifest.Base{Dir: w.project.Root, Home: w.Home, EvalSymlinks: filepath.EvalSymlinks}, nil)
		if err != nil {
			return err
		}
		w.layer(LayerDefault, "settings", d)
	}
	return nil
}

func (w *resolution) manifestLayer(p *place) error {
	if w.Settings.Off(LayerManifest) {
		return nil
	}
	d, err := p.delta(w.Home)
	if err != nil {
		return err
	}
	if d.Empty() {
		return nil
	}
	w.layer(LayerManifest, filepath.Join(p.dir, manifest.Name), d)
	return nil
}

// nixLayer evaluates the Nix shell of a place; nil stands for one that the
// user's own settings name.
func (w *resolution) nixLayer(ctx context.Context, source nixenv.Source, p *place, name string) error {
	req := nixenv.Request{
		Source: source, StateDir: w.Store.Dir, Env: w.Env, Refresh: w.refresh,
		HookTimeout: w.Settings.HookTimeout, Log: w.log, Progress: w.Progress,
	}
	if p != nil {
		req.Judged, req.Salt = &p.nixFiles, p.salt
		req.Unjudged = func(files nixenv.Files) error { return w.unjudged(p, files) }
	}
	res, err := nixenv.Evaluate(ctx, req)
	if err != nil {
		if e, ok := errors.AsType[*nixenv.Error](err); ok && e.Kind == nixenv.Untracked {
			w.inputs = append(w.inputs, gitIndex(source.Dir)...) // what mends it changes no file
		}
		return nixProblem(err)
	}
	w.inputs = append(w.inputs, evaluated(res.Files)...)
	if p != nil {
		if err := w.remember(p, res.Files); err != nil {
			return err
		}
	}
	if w.Warn != nil && !res.FromCache {
		for _, line := range strings.Split(strings.TrimRight(res.HookOutput, "\n"), "\n") {
			if line != "" {
				w.Warn(line)
			}
		}
		for _, line := range res.Warnings {
			w.Warn("devsh: " + line)
		}
	}
	w.layer(LayerNix, name, res.Delta)
	return nil
}

// nixProblem makes a canceled evaluation known as such.
func nixProblem(err error) error {
	var ne *nixenv.Error
	if errors.As(err, &ne) && ne.Kind == nixenv.Canceled {
		return fmt.Errorf("%s: %w", ne.Message, context.Canceled)
	}
	return err
}

// gitIndex returns the index of the repository that holds dir, if it is an
// ordinary one: git add changes it.
func gitIndex(dir string) []inputs.File {
	for d := dir; ; d = filepath.Dir(d) {
		if f, err := inputs.Stat(filepath.Join(d, ".git")); err == nil && f.Exists {
			index, err := inputs.Stat(filepath.Join(d, ".git", "index"))
			if err != nil {
				return nil
			}
			return []inputs.File{index}
		}
		if d == filepath.Dir(d) {
			return nil
		}
	}
}

func (w *resolution) layer(name, source string, d env.Delta) {
	w.layers = append(w.layers, Layer{Name: name, Source: source, Variables: len(d.Variables())})
	w.deltas = append(w.deltas, d)
}

// describe writes the entry's note: what is active, or what the user has not
// decided yet.
func (w *resolution) describe(e *Entry, d env.Delta) {
	own, declared := e.Own()
	switch {
	case declared && own.State == trust.Denied:
		e.Mood = Refused
		return
	case declared && own.State == trust.Unknown:
		e.Mood = Notice
		e.Note = render.Visible(fmt.Sprintf("devsh: %s is not allowed yet: «devsh status» shows what it wants, «devsh allow» lets it", w.project.Name()))
		return
	}
	for _, j := range e.Places {
		if j.State == trust.Unknown {
			e.Mood = Notice
			e.Note = render.Visible(fmt.Sprintf("devsh: %s lies in %s, which is not allowed yet: «devsh allow %s» lets it", w.project.Name(), j.Dir, j.Dir))
			return
		}
	}
	e.Note = render.Visible(w.summary(d))
}

func (w *resolution) summary(d env.Delta) string {
	var sources []string
	for _, l := range w.layers {
		name := l.Name
		if l.Name == LayerNix {
			name = filepath.Base(l.Source)
		}
		if !slices.Contains(sources, name) {
			sources = append(sources, name)
		}
	}
	text := fmt.Sprintf("devsh: %s (%s): %s", w.project.Name(), strings.Join(sources, ", "), count(len(d.Variables()), "variable"))
	if n := len(d.Aliases); n > 0 {
		text += ", " + count(n, "alias")
	}
	if w.Settings.Verbose {
		text += ": " + strings.Join(slices.Concat(d.Variables(), slices.Sorted(maps.Keys(d.Aliases))), " ")
	}
	return text
}

func count(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "s"):
		return fmt.Sprintf("%d %ses", n, what)
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func changedNote(p *place) string {
	var names []string
	for _, c := range p.verdict.Changes {
		names = append(names, c.Path)
	}
	return render.Visible(fmt.Sprintf("devsh: %s: changed since you allowed it: %s; «devsh allow» shows what and lets it", filepath.Base(p.dir), strings.Join(names, ", ")))
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
