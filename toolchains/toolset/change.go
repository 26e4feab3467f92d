package toolset

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/hbohlen/devsh/toolchains/lockfile"
	"github.com/hbohlen/devsh/toolchains/store"
)

// atOnce is how many tools are installed at the same time.
const atOnce = 4

// Update chooses new versions of tools of the lock, all of them if none is named,
// within what was asked for when they were installed.
func (s *Set) Update(ctx context.Context, names []string, o Options) (*Result, error) {
	lock, err := s.Lock()
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		names = toolNames(lock)
	}
	var requests []Request
	for _, name := range names {
		t := lock.Find(name)
		if t == nil {
			return nil, &Unknown{name, InSet, toolNames(lock)}
		}
		requests = append(requests, again(*t))
	}
	o.Update = true
	return s.Install(ctx, requests, o)
}

// NotLocked says that a tool is not in the lock, though it must be.
type NotLocked struct{ Tool, Path string }

func (n *NotLocked) Error() string { return fmt.Sprintf("%s is not in %s", n.Tool, n.Path) }

// Install has the set as the lock says, and adds what is asked for. What fails
// does not keep the rest from it: it stays as it was.
func (s *Set) Install(ctx context.Context, requests []Request, o Options) (*Result, error) {
	done, err := s.Store.Use(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	lock, err := s.Lock()
	if err != nil {
		return nil, err
	}
	jobs, err := s.jobs(lock, requests, o)
	if err != nil {
		return nil, err
	}
	outcomes := s.work(ctx, jobs, o)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return s.settle(ctx, outcomes, nil, o)
}

// Remove takes tools out of the set.
func (s *Set) Remove(ctx context.Context, names []string) (*Result, error) {
	done, err := s.Store.Use(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	lock, err := s.Lock()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if lock.Find(name) == nil {
			return nil, &Unknown{name, InSet, toolNames(lock)}
		}
	}
	return s.settle(ctx, nil, names, Options{})
}

func toolNames(l lockfile.Lock) []string {
	var out []string
	for _, t := range l.Tools {
		out = append(out, t.Name)
	}
	return out
}

// job is a tool that is to be had: as the lock says, or by a request.
type job struct {
	tool    lockfile.Tool
	request *Request // nil where the lock says all
}

// jobs says what is to be done, by name: what was asked for, and the rest of the
// lock, unless only locking was asked for.
func (s *Set) jobs(lock lockfile.Lock, requests []Request, o Options) ([]job, error) {
	var out []job
	asked := map[string]bool{}
	for _, r := range requests {
		if asked[r.Name] {
			return nil, fmt.Errorf("%s is asked for twice", r.Name)
		}
		asked[r.Name] = true
		have := lock.Find(r.Name)
		same := have != nil && have.From == r.From && have.Package == r.Package
		if same && len(r.Scripts) == 0 {
			r.Scripts = have.Scripts // allowed once, until it is removed
		}
		switch {
		case same && !o.Update && (!r.Asked || have.Want == r.Want) && slices.Equal(have.Scripts, r.Scripts):
			out = append(out, job{tool: *have})
		case o.Locked:
			return nil, &NotLocked{r.Name, s.LockPath}
		default:
			out = append(out, job{lockfile.Tool{Name: r.Name, From: r.From}, &r})
		}
	}
	if !o.Only {
		for _, t := range lock.Tools {
			if !asked[t.Name] {
				out = append(out, job{tool: t})
			}
		}
	}
	return out, nil
}

// work does the jobs, some at a time, and returns the outcomes in their order.
func (s *Set) work(ctx context.Context, jobs []job, o Options) []Outcome {
	outcomes := make([]Outcome, len(jobs))
	slots := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, j := range jobs {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			outcomes[i] = s.do(ctx, j, o)
			s.tell(outcomes[i].Tool.Name, "")
		})
	}
	all.Wait()
	return outcomes
}

func (s *Set) do(ctx context.Context, j job, o Options) Outcome {
	out := Outcome{Tool: j.tool, State: Failed, chosen: j.request != nil}
	if j.request != nil {
		b, err := s.backend(ctx, j.request.From)
		if err != nil {
			out.Err = fmt.Errorf("install %s: %w", j.tool.Name, err)
			return out
		}
		w, err := s.wanted(*j.request, o)
		if err == nil {
			out.Tool, err = b.Resolve(ctx, w, s.progress(j.tool.Name))
		}
		if err != nil {
			out.Tool, out.Err = j.tool, err
			return out
		}
	}
	if o.Only {
		out.State = Locked
		return out
	}
	entry, made, err := s.ensure(ctx, out.Tool)
	if err != nil {
		out.Err = err
		return out
	}
	out.Entry, out.State = entry, Present
	if made {
		out.State = Installed
	}
	return out
}

// settle makes the set as it is to be: others may have changed it while this one
// downloaded, so the lock is read again. The lock is written first: who is
// killed before the switch leaves the wish, which the next run fulfils.
func (s *Set) settle(ctx context.Context, outcomes []Outcome, remove []string, o Options) (*Result, error) {
	u, err := s.In.Hold(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer u.Close()
	old, err := s.Lock()
	if err != nil {
		return nil, err
	}
	lock := old.Without(remove...)
	for _, out := range outcomes {
		// One that was only ensured may have been changed or removed meanwhile.
		if out.Err == nil && out.chosen {
			lock = lock.With(out.Tool)
		}
	}
	r := &Result{Outcomes: outcomes, Changes: lockfile.Compare(old, lock)}
	if o.Only {
		return r, s.write(r, lock)
	}
	entries, err := s.entries(ctx, lock, r)
	if err != nil {
		return nil, err
	}
	if r.Profile, err = s.Store.Profile(ctx, entries, lockfile.Write(lock)); err != nil {
		return nil, err
	}
	if err := s.write(r, lock); err != nil {
		return nil, err
	}
	return r, u.Switch(r.Profile)
}

func (s *Set) write(r *Result, lock lockfile.Lock) error {
	if len(r.Changes) == 0 {
		return nil
	}
	if err := s.Write(s.LockPath, lockfile.Write(lock)); err != nil {
		return fmt.Errorf("write the lock: %w", err)
	}
	return nil
}

// entries are what the lock's tools are installed as. One that cannot be had
// stays as it was, if it was there.
func (s *Set) entries(ctx context.Context, lock lockfile.Lock, r *Result) ([]store.Entry, error) {
	before, err := s.Entries()
	if err != nil {
		return nil, err
	}
	var out []store.Entry
	for _, t := range lock.Tools {
		i := slices.IndexFunc(r.Outcomes, func(o Outcome) bool {
			return o.Tool.Name == t.Name && (o.Err != nil || reflect.DeepEqual(o.Tool, t))
		})
		if i < 0 {
			r.Outcomes = append(r.Outcomes, s.do(ctx, job{tool: t}, Options{}))
			i = len(r.Outcomes) - 1
		}
		o := &r.Outcomes[i]
		if o.Err == nil {
			out = append(out, o.Entry)
			continue
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		for _, e := range before {
			if e.Name == t.Name && e.Whole() == nil {
				out = append(out, e)
				o.Entry, o.Kept = e, true
			}
		}
	}
	return out, nil
}
