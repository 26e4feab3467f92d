package activation

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/nixenv"
	"github.com/hbohlen/devsh/shell/project"
)

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
