package activation

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/manifest"
	"github.com/hbohlen/devsh/shell/nixenv"
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
	w.judged = slices.Clone(w.places)
	for _, p := range slices.Backward(w.places) {
		w.inputs = append(w.inputs, p.files...)
	}
	return nil
}

// judge decides which places contribute and leaves only those in w.places. It
// returns the place that changed since it was allowed, if there is one whose
// last good environment cannot stand in for it, and what is wrong with the
// files of one that is allowed. It drops the entry's last good generation where
// that has a part which nobody allows any more.
func (w *resolution) judge(e *Entry) (changed *place, problem error) {
	e.Places = nil
	if w.before != nil && w.revoked(w.before) {
		e.Good = ""
	}
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
		case p.verdict.State == trust.Changed && w.keep(p):
			effective, changed, problem = nil, nil, nil // it had all that lies around it
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

// keptPlace is a place around the project that changed since it was allowed:
// its last good environment stays, as it does in the place itself.
type keptPlace struct {
	*place
	delta  env.Delta
	layers []Layer
}

// keep has the last good environment of a place around the project stand in
// for it. It fails where there is none.
func (w *resolution) keep(p *place) bool {
	if p.dir == w.project.Dir || w.Settings.Apart {
		return false
	}
	known := w.Store.Place(p.dir)
	e, err := known.Entry()
	if err != nil || e.Good == "" || w.revoked(e) {
		return false
	}
	d, err := known.Delta(e.Good)
	if err != nil {
		return false
	}
	w.kept = &keptPlace{place: p, delta: d, layers: e.Layers}
	return true
}

// revoked reports whether a place that had its part in an entry is neither
// allowed nor changed since it was: removed from the trusted trees, for one.
// Denying needs no such look, since it takes the entries away.
func (w *resolution) revoked(e *Entry) bool {
	may := func(s trust.State) bool { return s == trust.Allowed || s == trust.Changed }
	for _, j := range e.Places {
		for _, p := range w.places {
			if p.dir == j.Dir && may(j.State) && !may(p.verdict.State) {
				return true
			}
		}
	}
	return false
}

// compose makes one delta of all layers, outer first.
func (w *resolution) compose(ctx context.Context) (env.Delta, error) {
	if w.kept != nil { // the default shell is part of it
		w.layers, w.deltas = slices.Clone(w.kept.layers), []env.Delta{w.kept.delta}
	} else if err := w.defaultShell(ctx); err != nil {
		return env.Delta{}, err
	} else if err := w.ownTools(); err != nil {
		return env.Delta{}, err
	}
	for _, p := range w.places {
		if err := w.placeLayers(ctx, p); err != nil {
			return env.Delta{}, err
		}
	}
	d, err := env.Compose(w.deltas...)
	if err != nil {
		return env.Delta{}, err
	}
	w.lacks = Lack{}
	if d, err = w.languages(d); err != nil {
		return env.Delta{}, err
	}
	d.CompletionDirs = completionDirs(d, append([]string{w.project.Root}, w.Settings.Roots...))
	return d, nil
}

// placeLayers adds what a place brings: outside in, its locked tools, its Nix
// shell, the tools in its directories, its devsh.toml.
func (w *resolution) placeLayers(ctx context.Context, p *place) error {
	if err := w.watch(p); err != nil {
		return err
	}
	tools, err := w.placeTools(p)
	if err != nil {
		return err
	}
	if p.nix != nil {
		if err := w.nixLayer(ctx, *p.nix, p, filepath.Join(p.dir, p.nix.File)); err != nil {
			return err
		}
	}
	if err := w.innerTools(p, tools); err != nil {
		return err
	}
	return w.manifestLayer(p)
}

func (w *resolution) defaultShell(ctx context.Context) error {
	if w.Settings.off(LayerDefault) {
		return nil
	}
	if ref := w.Settings.DefaultFlake; ref != "" && !w.Settings.off(LayerNix) {
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
	if w.Settings.off(LayerManifest) {
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

func (w *resolution) layer(name, source string, d env.Delta) {
	w.layers = append(w.layers, Layer{Name: name, Source: source, Variables: len(d.Variables())})
	w.deltas = append(w.deltas, d)
}
