package activation

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/manifest"
	"github.com/hbohlen/devsh/shell/nixenv"
	"github.com/hbohlen/devsh/shell/project"
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
	d.CompletionDirs = completionDirs(d, append([]string{w.project.Root}, w.Settings.Roots...))
	return d, nil
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

// nixLayer evaluates the Nix shell of a place; nil stands for one that the
// user's own settings name.
func (w *resolution) nixLayer(ctx context.Context, source nixenv.Source, p *place, name string) error {
	req := nixenv.Request{
		Source: source, StateDir: w.Store.Dir, Env: w.Env, Refresh: w.options.Refresh, StoredOnly: w.options.Background != nil,
		HookTimeout: w.Settings.HookTimeout, Log: w.log, Progress: w.progress,
		AdoptOrphans: w.options.Lock != nil, // a worker
	}
	if p != nil {
		req.Judged, req.Salt, req.HookEveryEntry = &p.nixFiles, p.salt, p.manifest.HookEveryEntry
		req.Unjudged = func(files nixenv.Files) error { return w.unjudged(p, files) }
		req.MayHook = w.mayHook
	}
	res, err := nixenv.Evaluate(ctx, req)
	if err != nil {
		if e, ok := errors.AsType[*nixenv.Error](err); ok && e.Kind == nixenv.Untracked {
			w.inputs = append(w.inputs, gitIndex(source.Dir)...) // what mends it changes no file
		}
		if e, ok := errors.AsType[*nixenv.Error](err); ok && e.Kind == nixenv.NoFlake && p == nil {
			e.Hint = "create it, or set [default_shell] flake in config.toml"
		}
		return nixProblem(err)
	}
	w.inputs = append(w.inputs, evaluated(res.Files)...)
	if p != nil {
		if err := w.remember(p, res.Files); err != nil {
			return err
		}
	}
	w.log.anew = w.log.anew || !res.FromCache
	if !res.FromCache || res.HookRan {
		for _, line := range strings.Split(strings.TrimRight(res.HookOutput, "\n"), "\n") {
			if line != "" {
				w.say(spaced(line))
			}
		}
		for _, line := range res.Warnings {
			w.say("devsh: " + line)
		}
	}
	w.layer(LayerNix, name, res.Delta)
	w.layers[len(w.layers)-1].Notes = notes(res)
	return w.keepRoot(res)
}

// maxIncomplete is how many reasons are told for inputs that may be missing.
const maxIncomplete = 5

// notes is what the person may want to know of an evaluation.
func notes(res *nixenv.Result) []string {
	out := slices.Clone(res.Warnings)
	for _, what := range res.Skipped {
		out = append(out, "not taken: "+what)
	}
	reasons := res.Files.Incomplete
	for _, why := range reasons[:min(maxIncomplete, len(reasons))] {
		out = append(out, "inputs may be missing: "+why)
	}
	if more := len(reasons) - maxIncomplete; more > 0 {
		out = append(out, fmt.Sprintf("inputs may be missing for %d more reasons", more))
	}
	return out
}

// keepRoot makes what keeps the environment in nix's store an input: the shells
// see it gone after a garbage collection, and it is evaluated again. The layer
// says which evaluation the collector has to keep.
func (w *resolution) keepRoot(res *nixenv.Result) error {
	f, err := inputs.Stat(res.Profile)
	if err != nil {
		return fmt.Errorf("look at the root of an evaluation: %w", err)
	}
	w.inputs = append(w.inputs, f)
	w.layers[len(w.layers)-1].Evaluation = res.Key
	return nil
}

// progress tells what is being done, also those that wait for it.
func (w *resolution) progress(p nixenv.Progress) {
	w.reported = true
	w.place.report(p)
	if w.Progress != nil {
		w.Progress(p)
	}
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
	top := project.WorkTree(dir)
	index, err := inputs.Stat(filepath.Join(top, ".git", "index"))
	if top == "" || err != nil {
		return nil
	}
	return []inputs.File{index}
}

func (w *resolution) layer(name, source string, d env.Delta) {
	w.layers = append(w.layers, Layer{Name: name, Source: source, Variables: len(d.Variables())})
	w.deltas = append(w.deltas, d)
}
