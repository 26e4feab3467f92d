package toolset

import (
	"context"
	"fmt"

	"github.com/hbohlen/devsh/toolchains/lockfile"
	"github.com/hbohlen/devsh/toolchains/store"
)

// Entries are what is installed in the set.
func (s *Set) Entries() ([]store.Entry, error) {
	p, _, there, err := s.In.Current()
	if err != nil || !there {
		return nil, err
	}
	return s.Store.Entries(p)
}

// Rollback makes the set before the present one the present one, and its lock
// the lock.
func (s *Set) Rollback(ctx context.Context) (*Result, error) {
	u, err := s.In.Hold(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer u.Close()
	p, n, err := u.Earlier()
	if err != nil {
		return nil, err
	}
	data, err := p.Lock()
	if err != nil {
		return nil, err
	}
	lock, err := lockfile.Parse(s.LockPath, data)
	if err != nil {
		return nil, err
	}
	old, err := s.Lock()
	if err != nil {
		old = lockfile.Lock{} // going back mends a lock that cannot be read
	}
	r := &Result{Changes: lockfile.Compare(old, lock), Profile: p}
	entries, err := s.Store.Entries(p)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if err := e.Whole(); err != nil {
			r.Outcomes = append(r.Outcomes, Outcome{Tool: lockfile.Tool{Name: e.Name, Version: e.Version}, State: Failed, Entry: e, Err: fmt.Errorf("%s: %w", e.Name, err)})
		}
	}
	if err := s.Write(s.LockPath, data); err != nil {
		return nil, fmt.Errorf("write the lock: %w", err)
	}
	return r, u.Back(n)
}
