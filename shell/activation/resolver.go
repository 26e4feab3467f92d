package activation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/manifest"
	"github.com/hbohlen/devsh/shell/nixenv"
	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/shell/trust"
)

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
	// Tools say what tools add; nil: nothing.
	Tools Tools
	// Runtime is the user's runtime directory, XDG_RUNTIME_DIR; "" for none.
	Runtime string
	// Parent is the shell that started this process; 0 if it was none.
	Parent int
}

func (r *Resolver) trust() *trust.Store {
	return &trust.Store{Dir: r.Store.trust(), Risky: manifest.TouchesCode, Trees: r.Settings.TrustedTrees}
}

// resolution is the work on one project.
type resolution struct {
	*Resolver
	project *project.Project
	place   Place
	before  *Entry // the entry in force, or nil
	places  []*place
	judged  []*place // all of them, also those that may not contribute
	kept    *keptPlace
	inputs  []inputs.File
	around  []inputs.File // what every environment depends on, as it was before
	layers  []Layer
	deltas  []env.Delta
	lacks   Lack
	salt    string // of the watched files
	options Options
	said    []string // what the person should see once
	// news says that something was published of which shells are to be told.
	news bool
	// reported says that what is being done was written for others.
	reported bool
	log      *logFile
}

// Options change how [Resolver.Resolve] works.
type Options struct {
	// Refresh evaluates anew also what did not change.
	Refresh bool
	// Judge asks trust anew even when no input changed: the user has just
	// decided.
	Judge bool
	// Background, if it is not nil, is for callers that cannot wait: what takes
	// long is left to the process that it starts, and the entry is [Building].
	Background Starter
	// Grace is how long such a caller waits for another process.
	Grace time.Duration
	// Lock is the project's lock, where the caller has inherited it.
	Lock *os.File
}

// Resolve finds the project that owns dir, computes its environment from what
// the user allowed, and publishes it unless the settings are this process's own.
// What is wrong with a project's files is
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
	lock, err := r.take(ctx, place, opts)
	if errors.Is(err, errLocked) {
		return r.busy(p, place), nil
	}
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	news := false
	for range maxLooks {
		work := &resolution{Resolver: r, project: p, place: place, options: opts, log: &logFile{path: place.Log()}}
		e, err := work.resolve(ctx, lock)
		work.log.Close()
		news = news || work.news
		if !errors.Is(err, errOutjudged) {
			// Before that a shell which finds that more is to be done, an input
			// having changed meanwhile, would find the project locked.
			lock.Close()
			if news {
				r.wake(p.Dir, place, r.Parent)
			}
			return e, err
		}
		opts.Judge = true
	}
	return nil, fmt.Errorf("resolve %s: the permissions keep changing", p.Dir)
}

// resolve does what [Resolver.Resolve] does, under the project's lock.
func (w *resolution) resolve(ctx context.Context, lock *os.File) (*Entry, error) {
	if !w.Settings.Apart {
		w.before, _ = w.place.Entry() // unreadable is as good as none
	}
	if w.upToDate() {
		w.collect(w.place, w.before)
		return w.before, nil // another process was faster
	}
	e, delta, err := w.run(ctx)
	for n := 1; err == nil && n < maxLooks && overtaken(e); n++ {
		w.options.Refresh = false // that is done
		e, delta, err = w.run(ctx)
	}
	if w.reported {
		os.Remove(w.place.progressFile())
	}
	if err != nil {
		return nil, err
	}
	if err := w.outjudged(); err != nil {
		return nil, err
	}
	if err := w.place.makeGeneration(e.Generation, delta); err != nil {
		return nil, err
	}
	if w.Settings.Apart || w.options.Lock == nil && w.Settings.changed() {
		e.ID = identify(e)
		return e, nil // for this process; a worker publishes all the same, since shells wait to be woken
	}
	if e.State == Building {
		err := w.delegate(e, w.options.Background, lock)
		waiting := w.Parent
		if w.options.Judge || w.options.Refresh {
			waiting = 0 // a person's command: the shell it came from does not look because of it
		}
		w.wake(w.project.Dir, w.place, waiting) // so that prompts show it
		return e, err
	}
	w.leaveSaid(e)
	if w.news, err = w.place.publish(e); err != nil {
		return nil, err
	}
	w.collect(w.place, e)
	// Once more: who allows or denies leaves it to this process as long as it
	// has published nothing.
	if err := w.outjudged(); err != nil {
		return nil, err
	}
	return e, nil
}

// upToDate reports whether the entry in force is what would be computed.
func (w *resolution) upToDate() bool {
	b := w.before
	if b == nil || w.options.Refresh || w.options.Judge || b.Settings != w.Settings.Digest || b.Renderer != rendererVersion || b.Error != "" || b.State == Building ||
		len(b.Stale()) > 0 || !samePlace(b.Project, *w.project) {
		return false
	}
	_, err := w.place.Delta(b.Generation)
	return err == nil && w.place.complete(entryName(b.ID))
}

func samePlace(a, b project.Project) bool {
	return a.Dir == b.Dir && a.Root == b.Root && a.Kind == b.Kind
}

// run computes the entry, and the delta of its generation.
func (w *resolution) run(ctx context.Context) (*Entry, env.Delta, error) {
	w.around = w.aroundInputs()
	e := &Entry{Renderer: rendererVersion, Project: *w.project, Settings: w.Settings.Digest, State: OK, Time: w.Now()}
	if w.before != nil {
		e.Good = w.before.Good
	}
	var changed *place
	var delta env.Delta
	var problem error
	for range maxLooks {
		w.kept = nil
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
	if broken, ok := errors.AsType[*brokenError](problem); ok {
		return nil, env.Delta{}, broken.error
	}
	if errors.Is(problem, context.Canceled) || errors.Is(problem, context.DeadlineExceeded) || errors.Is(problem, errOutjudged) {
		return nil, env.Delta{}, problem
	}
	e.Inputs, e.Layers = w.allInputs(), w.layers
	if errors.Is(problem, nixenv.ErrNotStored) {
		problem = w.building(e)
	}
	switch {
	case e.State == Building:
	case problem == nil && changed == nil:
		e.Generation = generationID(w.project.Dir, delta, w.salt)
		if own, declared := e.Own(); !declared || own.State == trust.Allowed {
			e.Good = e.Generation
		} else {
			e.Good = ""
		}
		e.Missing = w.lacks
		w.describe(e, delta)
		w.log.good(w.before)
		return e, delta, nil
	case problem != nil:
		e.State, e.Error, e.Hint = Failed, problem.Error(), HintOf(problem)
		e.Note = w.problemNote(e)
		fmt.Fprintf(w.log, "%s\n", problem) // a full disk must not hide the problem itself
	default:
		e.State, e.Note = Changed, w.changedNote(changed)
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
	if e.State == Building {
		if d, layers, ok := w.enclosing(); ok {
			e.Generation, e.Layers = generationID(w.project.Dir, d, ""), layers
			return d, nil
		}
	}
	w.places, w.kept, w.layers, w.deltas, w.salt = nil, nil, nil, nil, ""
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
