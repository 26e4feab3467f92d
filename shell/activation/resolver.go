package activation

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/manifest"
	"github.com/hbohlen/devsh/shell/nixenv"
	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/shell/render"
	"github.com/hbohlen/devsh/shell/trust"
)

// Settings are the user's own, as far as they matter here.
type Settings struct {
	// Digest identifies what the settings say, flags and DEVSH_* included: an
	// entry that was made with others is not true.
	Digest       string
	Files        []string // the settings' files: inputs of everything
	Roots        []string
	TrustedTrees []string
	LayersOff    map[string]bool
	DefaultFlake string             // the root's default shell: a flake reference,
	Default      *manifest.Manifest // a table, or both
	Verbose      bool
	HookTimeout  time.Duration
}

// Off reports whether the user has switched a layer off.
func (s Settings) Off(layer string) bool { return s.LayersOff[layer] }

// Resolver computes environments and publishes them.
type Resolver struct {
	Store    Store
	Settings Settings
	Home     string
	// Env is the environment for the programs it runs, nix above all.
	Env []string
	Now func() time.Time
	// Progress is told what takes long and how far it is, as
	// [nixenv.Request].Progress is; may be nil.
	Progress func(nixenv.Progress)
	// Warn is told what the person should see once, such as what a shellHook
	// printed; may be nil.
	Warn func(string)
}

func (r *Resolver) trust() *trust.Store {
	return &trust.Store{Dir: r.Store.Trust(), Risky: manifest.TouchesCode, Trees: r.Settings.TrustedTrees}
}

// resolution is the work on one project.
type resolution struct {
	*Resolver
	project *project.Project
	place   Place
	before  *Entry // the entry in force, or nil
	places  []*place
	inputs  []inputs.File
	around  []inputs.File // what every environment depends on, as it was before
	layers  []Layer
	deltas  []env.Delta
	salt    string // of the watched files
	refresh bool
	log     *logFile
}

// Options change how [Resolver.Resolve] works.
type Options struct {
	// Refresh evaluates anew also what did not change.
	Refresh bool
	// Judge asks trust anew even when no input changed: the user has just
	// decided.
	Judge bool
}

// Resolve finds the project that owns dir, computes its environment from what
// the user allowed, and publishes it. What is wrong with a project's files is
// no error here: the entry says it, and the last good environment stays. The
// error wraps [project.ErrNotGoverned], [project.ErrGone], [ErrNotOwned], the
// context's error, or says why nothing could be published.
func (r *Resolver) Resolve(ctx context.Context, dir string, opts Options) (*Entry, error) {
	if err := r.Store.Open(); err != nil {
		return nil, err
	}
	p, err := project.Find(dir, r.Settings.Roots)
	if err != nil {
		return nil, err
	}
	place := r.Store.Place(p.Dir)
	unlock, err := r.Store.lock(ctx, place)
	if err != nil {
		return nil, err
	}
	defer unlock()
	work := &resolution{Resolver: r, project: p, place: place, refresh: opts.Refresh, log: &logFile{path: place.Log()}}
	defer work.log.Close()
	work.before, _ = place.Entry() // unreadable is as good as none
	if work.before != nil && !opts.Refresh && !opts.Judge && work.before.Settings == r.Settings.Digest && work.before.Error == "" && len(work.before.Stale()) == 0 && samePlace(work.before.Project, *p) {
		if _, err := place.Delta(work.before.Generation); err == nil && place.complete("e_"+work.before.ID) {
			r.collect(place, work.before)
			return work.before, nil // another shell was faster
		}
	}
	e, delta, err := work.run(ctx)
	if err != nil {
		return nil, err
	}
	if err := place.makeGeneration(e.Generation, delta); err != nil {
		return nil, err
	}
	if err := place.publish(e); err != nil {
		return nil, err
	}
	r.collect(place, e)
	return e, nil
}

func samePlace(a, b project.Project) bool {
	return a.Dir == b.Dir && a.Root == b.Root && a.Kind == b.Kind
}

// run computes the entry, and the delta of its generation.
func (w *resolution) run(ctx context.Context) (*Entry, env.Delta, error) {
	w.around = w.aroundInputs()
	e := &Entry{Project: *w.project, Settings: w.Settings.Digest, Mood: OK, Time: w.Now()}
	if w.before != nil {
		e.Good = w.before.Good
	}
	var changed *place
	var delta env.Delta
	var problem error
	for range maxLooks {
		if err := w.examineAll(); err != nil {
			return nil, env.Delta{}, err
		}
		if changed, problem = w.judge(e); problem == nil && changed == nil {
			delta, problem = w.compose(ctx)
		}
		if !errors.Is(problem, errUnjudged) {
			break // else the place is judged anew, with what is known of it now
		}
	}
	if errors.Is(problem, context.Canceled) || errors.Is(problem, context.DeadlineExceeded) {
		return nil, env.Delta{}, problem
	}
	e.Inputs = w.allInputs()
	e.Layers = w.layers
	switch {
	case problem == nil && changed == nil:
		e.Generation = generationID(w.project.Dir, delta, w.salt)
		if own, declared := e.Own(); !declared || own.State == trust.Allowed {
			e.Good = e.Generation
		} else {
			e.Good = ""
		}
		w.describe(e, delta)
		return e, delta, nil
	case problem != nil:
		e.Mood, e.Error, e.Hint = Notice, problem.Error(), hintOf(problem)
		e.Note = w.problemNote(e)
		fmt.Fprintf(w.log, "%s\n", problem) // a full disk must not hide the problem itself
	default:
		e.Mood, e.Note = Notice, changedNote(changed)
	}
	delta, err := w.lastGood(ctx, e)
	return e, delta, err
}

// lastGood keeps the generation that the user had; where there is none, the
// user's own layers are what remains.
func (w *resolution) lastGood(ctx context.Context, e *Entry) (env.Delta, error) {
	if e.Good != "" {
		if d, err := w.place.Delta(e.Good); err == nil {
			e.Generation = e.Good
			e.Layers = w.before.Layers
			return d, nil
		}
		e.Good = ""
	}
	w.places, w.layers, w.deltas, w.salt = nil, nil, nil, ""
	d, err := w.compose(ctx)
	if errors.Is(err, context.Canceled) {
		return env.Delta{}, err
	}
	if err != nil {
		d = env.Delta{} // the user's own default shell is at fault, too
	}
	e.Generation = generationID(w.project.Dir, d, "")
	e.Layers = w.layers
	return d, nil
}

// hintOf returns what the error advises to do next, or "".
func hintOf(err error) string {
	if e, ok := errors.AsType[*nixenv.Error](err); ok {
		return e.Hint
	}
	if e, ok := errors.AsType[*manifest.Error](err); ok {
		return e.Hint
	}
	return ""
}

func (w *resolution) problemNote(e *Entry) string {
	// A newline in the directory's name does not end the line.
	text := strings.ReplaceAll(e.Error, w.project.Dir, render.Visible(w.project.Dir))
	note := fmt.Sprintf("devsh: %s: %s", w.project.Name(), firstLine(text))
	if e.Hint != "" {
		note += " (" + e.Hint + ")"
	}
	if e.Good != "" {
		note += "; the last good environment stays"
	}
	return render.Visible(note)
}

// allInputs adds to what was consulted what every environment depends on, and
// drops repetitions. The order is that of the hook's checks: the project's own
// files come first, and of them those that exist, since these are edited.
func (w *resolution) allInputs() []inputs.File {
	var all []inputs.File
	seen := map[string]bool{}
	add := func(files ...inputs.File) {
		for _, f := range files {
			if !seen[f.Path] {
				seen[f.Path] = true
				all = append(all, f)
			}
		}
	}
	for _, exists := range []bool{true, false} {
		for _, f := range w.inputs {
			if f.Exists == exists {
				add(f)
			}
		}
	}
	add(w.around...)
	for _, p := range w.places {
		if p.verdict.From == "" {
			continue
		}
		if f, err := inputs.Stat(w.trust().File(p.verdict.From)); err == nil {
			add(f) // denying the one denies the other
		}
	}
	return all
}

// aroundInputs are the inputs beside the places' own files. They are recorded
// before anything is judged or evaluated: what changes meanwhile, a deny above
// all, must be seen as a change.
func (w *resolution) aroundInputs() []inputs.File {
	var all []inputs.File
	add := func(path string) {
		if f, err := inputs.Stat(path); err == nil {
			all = append(all, f)
		}
	}
	for _, level := range project.Levels(w.project.Root, w.project.Dir) {
		if w.declared(level) {
			continue
		}
		for _, name := range project.Deciding() {
			// It did not exist a moment ago, when the project was looked for.
			all = append(all, inputs.File{Path: filepath.Join(level, name)})
		}
	}
	for _, path := range w.Settings.Files {
		add(path)
	}
	for _, level := range w.project.Chain {
		add(w.trust().File(level))
	}
	for _, level := range project.Levels(w.project.Root, w.project.Dir)[1:] {
		all = append(all, inputs.File{Path: level, Exists: true, Plain: true})
	}
	return all
}

// declared reports whether a directory has a deciding file. Which of them
// matter is then the place's business.
func (w *resolution) declared(dir string) bool {
	for _, d := range w.project.Chain {
		if d == dir {
			return true
		}
	}
	return false
}
