package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/watch"
)

// Idle is how long the daemon stays when no shell is in a project.
const Idle = 10 * time.Minute

// resolveLimit is how long asking for a project may take; what is built is
// built by others.
const resolveLimit = 10 * time.Second

// Daemon is what one needs. All fields must be set.
type Daemon struct {
	Store activation.Store
	// Resolve has what a prompt in the directory would have done.
	Resolve func(ctx context.Context, dir string) error
	// MayBuild reports whether anything may be done ahead now.
	MayBuild func() bool
	// Skip says of which directories nothing must be watched: those of a store
	// that never changes.
	Skip func(dir string) bool
	Idle time.Duration
	// Program identifies what runs, see [Identity].
	Program string
	Log     func(line string)
}

// errEnough says that nobody needs the daemon any more.
var errEnough = errors.New("nobody needs it any more")

// run is a daemon at work.
type run struct {
	*Daemon
	lease   *Lease
	watcher *watch.Watcher
	exits   *exits
	asked   chan request
	done    chan outcome
	ctx     context.Context

	shells   []activation.LiveShell
	projects map[string]*project
	queue    []string // projects to be resolved, each once
	working  string   // the one that is being resolved
	idle     *time.Timer
	status   Status
	started  time.Time
}

// project is one that a shell has stood in.
type project struct {
	files int
	// tried is how the changed inputs were when it was last resolved: what did
	// not change since is not tried again.
	tried string
}

// outcome is what came of resolving.
type outcome struct {
	dir string
	err error
}

// Run serves until ctx ends, somebody asks it to stop, or no shell has been in
// a project for a while. It listens where the lease does, and returns nil
// unless something is wrong.
func (d *Daemon) Run(ctx context.Context, lease *Lease) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &run{
		Daemon: d, lease: lease, watcher: watch.New(d.Skip), exits: newExits(), ctx: ctx,
		asked: make(chan request), done: make(chan outcome, 1), projects: map[string]*project{},
		idle: time.NewTimer(d.Idle), started: time.Now(),
	}
	defer r.watcher.Close()
	defer r.exits.close()
	defer r.idle.Stop()
	serving := make(chan struct{})
	go func() {
		defer close(serving)
		serve(ctx, lease.listener, d.Program, r.asked)
	}()
	r.scan()
	err := r.loop(cancel)
	cancel(err)
	lease.listener.Close()
	<-serving
	if r.working != "" {
		<-r.done
	}
	if errors.Is(err, errEnough) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// loop is all that the daemon does, one after the other.
func (r *run) loop(stop context.CancelCauseFunc) error {
	for {
		if r.lease.lost() {
			return errEnough
		}
		r.next()
		select {
		case <-r.ctx.Done():
			return context.Cause(r.ctx)
		case keys := <-r.watcher.Changes():
			r.changed(keys)
		case <-r.exits.gone:
			r.scan()
		case o := <-r.done:
			r.resolved(o)
		case q := <-r.asked:
			q.reply <- r.answer(q, stop)
		case <-r.idle.C:
			if r.scan(); len(r.shells) == 0 {
				return errEnough
			}
		}
	}
}

// changed is told what the watcher saw.
func (r *run) changed(keys []string) {
	for _, key := range keys {
		if key == keyState { // what is watched has changed, not what it says
			r.scan()
		}
	}
	for _, key := range keys {
		if key != keyState {
			r.check(key)
		}
	}
}

// next has the next project resolved, one at a time: what takes long is done
// by others, all of them at once.
func (r *run) next() {
	if r.working != "" || len(r.queue) == 0 {
		return
	}
	dir := r.queue[0]
	r.queue = r.queue[1:]
	r.working = dir
	go func() {
		// What has begun is done also when the daemon is to end.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), resolveLimit)
		defer cancel()
		r.done <- outcome{dir, r.Resolve(ctx, dir)}
	}()
}

func (r *run) resolved(o outcome) {
	r.working = ""
	r.status.Resolved++
	if o.err != nil {
		r.Log(fmt.Sprintf("resolve %s: %v", o.dir, o.err))
	}
	r.check(o.dir) // it may have changed while it was resolved
}

// answer answers a request.
func (r *run) answer(q request, stop context.CancelCauseFunc) any {
	switch q.verb {
	case verbStatus:
		return r.report()
	case verbStop:
		stop(errEnough)
	case verbLook:
		r.scan()
		r.check(q.path)
	}
	return struct{}{}
}
