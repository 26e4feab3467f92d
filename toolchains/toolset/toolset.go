package toolset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
	"github.com/hbohlen/devsh/toolchains/store"
)

// Set is a set of tools, with the lock that says what it is to be: the user's
// own, or a project's.
type Set struct {
	Store store.Store
	// In is where its states are kept.
	In       store.Set
	Backends map[string]install.Backend
	// Order is the one in which the sources of a tool are tried.
	Order Order
	// Keeper may be nil: then nobody else collects.
	Keeper Keeper
	// LockPath is the devsh.lock; Read and Write do that to it.
	LockPath string
	Read     func(path string) ([]byte, error)
	Write    func(path string, data []byte) error
	Now      func() time.Time
	// Progress is told what is being done for which tool, by several goroutines
	// at once; it may be nil.
	Progress func(tool string, phase install.Phase)
}

// WaitingFor is the phase in which another process installs the same.
const WaitingFor install.Phase = "waiting for another devsh that installs it"

// Options say how a set is changed.
type Options struct {
	// Locked takes nothing that is not in the lock, and does not change that.
	Locked bool
	// Update chooses anew what the lock already has.
	Update bool
	// MinAge is how long a version must have been published.
	MinAge time.Duration
	// Only locks and installs nothing.
	Only bool
}

// State is what became of a tool.
type State string

// The states.
const (
	Installed State = "installed"
	Present   State = "present" // it was there already
	Locked    State = "locked"  // and not installed
	Failed    State = "failed"
)

// Outcome is what became of a tool.
type Outcome struct {
	Tool  lockfile.Tool
	State State
	Entry store.Entry
	// Kept says that what was installed before stays in use, though it failed.
	Kept bool
	Err  error
	// chosen says that its version was chosen just now.
	chosen bool
}

// Result is what became of a set.
type Result struct {
	Outcomes []Outcome
	Changes  []lockfile.Change
	Profile  store.Profile
}

// Failed returns the outcomes that failed.
func (r *Result) Failed() []Outcome {
	var out []Outcome
	for _, o := range r.Outcomes {
		if o.Err != nil {
			out = append(out, o)
		}
	}
	return out
}

// Lock reads the set's lock, which may not be there yet.
func (s *Set) Lock() (lockfile.Lock, error) {
	data, err := s.Read(s.LockPath)
	if errors.Is(err, fs.ErrNotExist) {
		return lockfile.Lock{}, nil
	}
	if err != nil {
		return lockfile.Lock{}, fmt.Errorf("read the lock: %w", err)
	}
	return lockfile.Parse(s.LockPath, data)
}

func (s *Set) tell(tool string, phase install.Phase) {
	if s.Progress != nil {
		s.Progress(tool, phase)
	}
}

// progress is what a backend tells of one tool.
func (s *Set) progress(tool string) install.Progress {
	return func(phase install.Phase) { s.tell(tool, phase) }
}

// backend returns the one that a tool comes from, if it can be used.
func (s *Set) backend(ctx context.Context, from string) (install.Backend, error) {
	b, ok := s.Backends[from]
	if !ok {
		return nil, fmt.Errorf("there is no backend %q", from)
	}
	return b, b.Available(ctx)
}

// ensure has a tool of the lock installed.
func (s *Set) ensure(ctx context.Context, tool lockfile.Tool) (store.Entry, bool, error) {
	b, err := s.backend(ctx, tool.From)
	if err != nil {
		return store.Entry{}, false, fmt.Errorf("install %s: %w", tool.Name, err)
	}
	binding, err := b.Bind(ctx, tool)
	if err != nil {
		return store.Entry{}, false, fmt.Errorf("install %s: %w", tool.Name, err)
	}
	spec := store.Spec{
		ID:   store.ID{Name: tool.Name, Version: tool.Version, Hash: tool.Digest(binding.Bound...)},
		Tool: text(tool), Bound: binding.Bound, Needs: binding.Needs,
	}
	waiting := func() { s.tell(tool.Name, WaitingFor) }
	return s.Store.Ensure(ctx, spec, waiting, func(ctx context.Context, staging, final string) (store.Built, error) {
		bins, err := b.Install(ctx, tool, staging, final, s.progress(tool.Name))
		built := store.Built{Bins: bins}
		if err == nil {
			err = s.hold(ctx, tool, staging, final, binding.Needs, &built)
		}
		return built, err
	})
}

// text is a tool's part of the lock.
func text(tool lockfile.Tool) string {
	return string(lockfile.Write(lockfile.Lock{Tools: []lockfile.Tool{tool}}))
}
