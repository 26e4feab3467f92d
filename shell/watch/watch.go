package watch

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sys/unix"
)

// How events are gathered. A program that writes many files, git for one, is
// followed by one look, and one that never ends is looked at now and then.
const (
	quiet = 40 * time.Millisecond
	most  = time.Second
)

// replan is the key under which the need for another plan is gathered.
const replan = ""

// State is what a Watcher can see.
type State struct {
	Directories int
	// Unwatched are the directories that could not be watched, Why the reason
	// of the first of them; both empty if all is well.
	Unwatched []string
	Why       string
}

// Watcher tells what may have changed of what it was set on. It has one
// goroutine besides inotify's, and while nothing happens neither does anything.
type Watcher struct {
	changes chan []string
	sets    chan setting
	done    chan struct{} // closed by Close
	ended   chan struct{}

	// Of the goroutine alone.
	skip   func(dir string) bool
	open   func() (*backend, error)
	events *backend // nil while there is none
	want   map[string][]Target
	plan   plan
	state  State
	gather debounce
}

type setting struct {
	want  map[string][]Target
	reply chan State
}

// backend is inotify, or in tests something like it.
type backend struct {
	add, remove func(dir string) error
	close       func() error
	events      <-chan fsnotify.Event
	errors      <-chan error
}

func inotify() (*backend, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	// It holds a lock while it tells of an error, and adding needs that lock: so
	// somebody always listens. One error is as good as many.
	failed := make(chan error, 1)
	go func() {
		for err := range w.Errors {
			select {
			case failed <- err:
			default:
			}
		}
	}()
	return &backend{w.Add, w.Remove, w.Close, w.Events, failed}, nil
}

// New returns a watcher that is set on nothing. Directories for which skip is
// true are never watched; it must be closed.
func New(skip func(dir string) bool) *Watcher { return start(skip, inotify) }

func start(skip func(dir string) bool, open func() (*backend, error)) *Watcher {
	w := &Watcher{
		changes: make(chan []string), sets: make(chan setting), done: make(chan struct{}), ended: make(chan struct{}),
		skip: skip, open: open, gather: debounce{quiet, most, map[string]span{}},
	}
	go w.run()
	return w
}

// Changes tells the keys of what may have changed, sorted, never empty. Keys
// that come while nobody listens are told together.
func (w *Watcher) Changes() <-chan []string { return w.changes }

// Set sets it on what is wanted, by keys of the caller's, which are not empty.
// What could not be watched before is tried again. What happened before is not
// told: who sets it looks afterwards.
func (w *Watcher) Set(want map[string][]Target) State {
	s := setting{want, make(chan State, 1)}
	select {
	case w.sets <- s:
		return <-s.reply
	case <-w.ended:
		return State{}
	}
}

// Close ends it. It may be called once.
func (w *Watcher) Close() {
	close(w.done)
	<-w.ended
}

func (w *Watcher) run() {
	defer close(w.ended)
	timer := time.NewTimer(most)
	timer.Stop()
	defer timer.Stop()
	told := map[string]bool{}
	for {
		var send chan []string
		if len(told) > 0 {
			send = w.changes
		}
		var in backend
		if w.events != nil {
			in = *w.events
		}
		select {
		case <-w.done:
			w.shut()
			return
		case s := <-w.sets:
			w.want = s.want
			w.arm()
			s.reply <- w.state
		case e, ok := <-in.events:
			w.event(e, ok)
		case <-in.errors: // most likely events were lost
			w.all()
		case send <- slices.Sorted(maps.Keys(told)):
			clear(told)
		case <-timer.C:
		}
		next := w.due(told)
		timer.Stop()
		if next > 0 {
			timer.Reset(next)
		}
	}
}

// due adds the keys to be told now to told, and returns how long it is until
// there are more, 0 if there are none.
func (w *Watcher) due(told map[string]bool) time.Duration {
	for {
		keys, next := w.gather.due(time.Now())
		for _, key := range keys {
			told[key] = true
		}
		if !told[replan] {
			return next
		}
		delete(told, replan)
		for _, key := range w.arm() { // planning takes a while
			told[key] = true
		}
	}
}

func (w *Watcher) event(e fsnotify.Event, ok bool) {
	if !ok { // it cannot be read any more
		w.shut()
		w.all()
		return
	}
	keys, another := w.plan.touched(e.Name, e.Has(fsnotify.Create|fsnotify.Remove) || e.Has(fsnotify.Rename))
	now := time.Now()
	for _, key := range keys {
		w.gather.touch(key, now)
	}
	if another {
		w.gather.touch(replan, now)
	}
}

// all has everything looked at.
func (w *Watcher) all() {
	now := time.Now()
	w.gather.touch(replan, now)
	for key := range w.want {
		w.gather.touch(key, now)
	}
}

func (w *Watcher) shut() {
	if w.events != nil {
		_ = w.events.close() // nobody reads of it any more
		w.events = nil
	}
}

// arm watches what is wanted now, and returns the keys of what has not been
// watched before: there something may have happened unseen.
func (w *Watcher) arm() (fresh []string) {
	before := w.plan
	w.plan = makePlan(w.want, w.skip)
	w.state = State{}
	if w.events == nil && len(w.plan) > 0 {
		events, err := w.open()
		if err != nil {
			w.state.Unwatched, w.state.Why = slices.Sorted(maps.Keys(w.plan)), reason(err)
			w.plan = plan{}
			return nil
		}
		w.events, before = events, nil
	}
	for dir := range before {
		if w.plan[dir] == nil {
			_ = w.events.remove(dir) // it may be gone, and its watch with it
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(w.plan)) {
		// Also what is watched already: it may be another by the same name.
		err := w.events.add(dir)
		if errors.Is(err, fs.ErrNotExist) { // it went a moment ago
			w.gather.touch(replan, time.Now())
		}
		if err != nil {
			w.state.Unwatched = append(w.state.Unwatched, dir)
			if w.state.Why == "" {
				w.state.Why = reason(err)
			}
			delete(w.plan, dir)
			continue
		}
		w.state.Directories++
		if before[dir] == nil {
			fresh = append(fresh, w.plan[dir].keys()...)
		}
	}
	return fresh
}

// reason says why something cannot be watched, and what to do.
func reason(err error) string {
	switch {
	case errors.Is(err, unix.ENOSPC):
		return "the limit of inotify's watches is reached: sysctl fs.inotify.max_user_watches raises it"
	case errors.Is(err, unix.EMFILE):
		return "the limit of inotify's users, or of open files, is reached: sysctl fs.inotify.max_user_instances raises it"
	}
	return fmt.Sprintf("it cannot be watched: %v", err)
}
