package activation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hbohlen/devsh/shell/atomicfile"
	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/filelock"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/nixenv"
	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/shell/render"
)

// A Starter starts a process that goes on with what takes long: it resolves dir
// with the lock, which it inherits, as [Options.Lock]. It must not publish
// before Proceed has been called, or this process has ended.
type Starter func(dir string, lock *os.File) (*Worker, error)

// Worker is a process that a [Starter] started.
type Worker struct {
	PID     int
	Program string // the file that it runs
	Proceed func()
}

// MaxAttempts is how many workers may end without a result, killed for want of
// memory for one, before that is the result.
const MaxAttempts = 3

// errLocked says that another process is at work on the project.
var errLocked = errors.New("another devsh is at work on the project")

// take takes the place's lock. Where something is being built already and the
// caller does not wait for it, the error is [errLocked].
func (r *Resolver) take(ctx context.Context, place Place, opts Options) (*os.File, error) {
	if opts.Lock != nil {
		// It is held already, unless this was not started by who holds it.
		if filelock.Take(opts.Lock, place.lockFile()) == nil {
			return opts.Lock, nil
		}
		opts.Lock.Close() // the project has changed its place meanwhile
	}
	if opts.Background == nil {
		return r.Store.lock(ctx, place, func() { r.relay(place) })
	}
	// Who holds it is quickly done, if it is no worker. What the user has just
	// decided must not get lost by that; a worker looks at it when it is done.
	if !opts.Judge {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, opts.Grace)
		defer cancel()
	}
	lock, err := filelock.Await(ctx, func() (*os.File, error) {
		lock, err := r.Store.tryLock(place)
		if errors.Is(err, filelock.ErrHeld) {
			if e, err := place.Entry(); err == nil && e.Working() {
				return nil, errLocked
			}
		}
		return lock, err
	})
	if errors.Is(err, filelock.ErrHeld) && !opts.Judge {
		return nil, errLocked
	}
	return lock, err
}

// busy is what is known while another process is at work on the project.
func (r *Resolver) busy(p *project.Project, place Place) *Entry {
	if e, err := place.Entry(); err == nil {
		return e
	}
	return &Entry{Project: *p, State: Building, Generation: None, Time: r.Now()}
}

// building makes the entry one that is being built, and says what stays
// meanwhile. It fails where workers keep ending without a result.
func (w *resolution) building(e *Entry) error {
	e.Attempt = 1
	if b := w.before; b != nil && b.State == Building && sameInputs(b.Inputs, e.Inputs) {
		e.Attempt = b.Attempt + 1
	}
	if e.Attempt > MaxAttempts {
		return &nixenv.Error{Kind: nixenv.Other, Hint: "devsh reload",
			Message: fmt.Sprintf("devsh was ended %d times before the evaluation was done", MaxAttempts)}
	}
	e.State = Building
	e.Note = fmt.Sprintf("devsh: %s: being built in the background", w.project.Name())
	return nil
}

func sameInputs(a, b []inputs.File) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Path != b[i].Path || a[i].Digest != b[i].Digest {
			return false
		}
	}
	return true
}

// enclosing returns the environment that is in force around the project.
func (w *resolution) enclosing() (env.Delta, []Layer, bool) {
	for _, p := range slices.Backward(w.places) {
		if p.dir == w.project.Dir {
			continue
		}
		known := w.Store.Place(p.dir)
		// What is no longer true may hold what nobody allows any more.
		if e, err := known.Entry(); err == nil && e.Generation != None && e.Settings == w.Settings.Digest && len(e.Stale()) == 0 {
			d, err := known.Delta(e.Generation)
			return d, e.Layers, err == nil
		}
	}
	return env.Delta{}, nil, false
}

// delegate publishes the entry that is being built, and the process that does it.
func (w *resolution) delegate(e *Entry, start Starter, lock *os.File) error {
	worker, err := start(w.project.Dir, lock)
	if err != nil {
		return fmt.Errorf("start building %s: %w", w.project.Dir, err)
	}
	defer worker.Proceed()
	e.Worker, e.Program = worker.PID, worker.Program
	_, err = w.place.publish(e)
	return err
}

// ErrEnded says that the process that was building has ended without a result.
// Who asks anew starts another.
var ErrEnded = errors.New("the process that was at work has ended")

// Await waits until what is being built in the project is done, or ctx is. It
// returns the entry in force then. The error is that of ctx, or wraps [ErrEnded].
func (r *Resolver) Await(ctx context.Context, e *Entry) (*Entry, error) {
	place := r.Store.Place(e.Project.Dir)
	for {
		now, err := place.Entry()
		switch {
		case err == nil && now.State != Building:
			return now, nil
		case !filelock.Held(place.lockFile()):
			return e, fmt.Errorf("build %s: %w", e.Project.Dir, ErrEnded)
		}
		r.relay(place)
		select {
		case <-ctx.Done():
			return e, context.Cause(ctx)
		case <-time.After(awaitPoll):
		}
	}
}

// Settle waits until nobody is at work on the entry's project: what was in force
// before is gone then, and each shell there sees that at its next prompt.
func (r *Resolver) Settle(ctx context.Context, e *Entry) error {
	for filelock.Held(r.Store.Place(e.Project.Dir).lockFile()) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(awaitPoll):
		}
	}
	return nil
}

// awaitPoll is how often is looked for a result: a fraction of the time in
// which a person notices a delay.
const awaitPoll = 5 * time.Millisecond

// Working reports whether the entry is being built, and the process is there
// that does it.
func (e *Entry) Working() bool {
	if e.State != Building {
		return false
	}
	is, err1 := os.Stat(fmt.Sprintf("/proc/%d/exe", e.Worker))
	should, err2 := os.Stat(e.Program)
	return err1 == nil && err2 == nil && os.SameFile(is, should)
}

// endWorker asks the process that builds the entry to end, if it is verifiably
// that one: it is held fast by a descriptor while it is looked at.
func (e *Entry) endWorker() {
	if e.State != Building || e.Worker <= 0 {
		return
	}
	fd, err := unix.PidfdOpen(e.Worker, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	proc := fmt.Sprintf("/proc/%d", e.Worker)
	info, err := os.Stat(proc)
	if err != nil || owned(proc, info) != nil {
		return
	}
	// The program may have been replaced meanwhile: its arguments are what it was
	// started with.
	line, err := os.ReadFile(proc + "/cmdline")
	args := strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")
	if err == nil && args[0] == e.Program && args[len(args)-1] == e.Project.Dir {
		_ = unix.PidfdSendSignal(fd, unix.SIGTERM, nil, 0) // it may have ended
	}
}

// progressFile holds how far the process is that is at work on the place.
func (p Place) progressFile() string { return filepath.Join(p.Dir, "progress") }

// report has others see how far it is. It is renamed into place, since a FIFO or
// a link may lie there by now, and not synced, since it is for show.
func (p Place) report(now nixenv.Progress) {
	now.What = render.Visible(now.What) // the prompt shows it as it is
	text, err := json.Marshal(now)
	if err != nil {
		return
	}
	tmp, err := os.CreateTemp(p.Dir, atomicfile.TempPrefix+"*")
	if err != nil {
		return
	}
	_, err = tmp.Write(text)
	if errors.Join(err, tmp.Close()) != nil || os.Rename(tmp.Name(), p.progressFile()) != nil {
		_ = os.Remove(tmp.Name())
	}
}

// Progress returns how far the process is that is at work on the place.
func (p Place) Progress() nixenv.Progress {
	var now nixenv.Progress
	if text, err := readOwn(p.progressFile()); err != nil || json.Unmarshal(text, &now) != nil {
		return nixenv.Progress{}
	}
	return now
}

// relay tells how far another process is.
func (r *Resolver) relay(p Place) {
	if r.Progress == nil {
		return
	}
	if now := p.Progress(); now != (nixenv.Progress{}) {
		r.Progress(now)
	}
}
