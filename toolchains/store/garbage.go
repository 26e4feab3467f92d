package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/hbohlen/devsh/shell/filelock"
)

// Garbage is something in the store that nobody needs.
type Garbage struct {
	Path, Why string
	Bytes     int64
}

// Garbage returns what no kept profile leads to, and what was left by killed
// processes. Kept are those of the history, and keep, by hash.
func (s Store) Garbage(keep ...string) ([]Garbage, error) {
	profiles, entries, err := s.reachable(keep)
	if err != nil {
		return nil, err
	}
	var out []Garbage
	for _, kind := range []struct {
		dir, why string
		needed   func(name string) bool
	}{
		{"staging", "left by a devsh that was killed", s.beingMade},
		{"projects", "of a project that is gone", func(n string) bool { return !(Set{store: s, dir: filepath.Join("projects", n)}).abandoned() }},
		{"profiles", "no kept set of tools", func(n string) bool { return profiles[n] }},
		{"store", "in no kept set of tools", func(n string) bool { return entries[n] }},
		{"roots", "for a tool that is in no kept set", func(n string) bool { return entries[n] }},
	} {
		files, err := os.ReadDir(filepath.Join(s.Dir, kind.dir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("look for garbage: %w", err)
		}
		for _, f := range files {
			if path := filepath.Join(s.Dir, kind.dir, f.Name()); !kind.needed(f.Name()) {
				out = append(out, Garbage{path, kind.why, size(path)})
			}
		}
	}
	return out, nil
}

// reachable returns the profiles that are kept, and the entries they lead to.
func (s Store) reachable(keep []string) (profiles, entries map[string]bool, err error) {
	profiles, entries = map[string]bool{}, map[string]bool{}
	for _, hash := range keep {
		profiles[hash] = true
	}
	sets, err := s.sets()
	if err != nil {
		return nil, nil, err
	}
	for _, set := range sets {
		hashes, err := set.profiles()
		if err != nil {
			return nil, nil, err
		}
		for _, hash := range hashes {
			profiles[hash] = true
		}
	}
	for hash := range profiles {
		names, err := Profile{Dir: s.profile(hash)}.refers()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		for _, name := range names {
			entries[name] = true
		}
	}
	return profiles, entries, nil
}

// sets are all that there are, but for those of projects that are gone.
func (s Store) sets() ([]Set, error) {
	out := []Set{s.UserSet()}
	files, err := os.ReadDir(filepath.Join(s.Dir, "projects"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for garbage: %w", err)
	}
	for _, f := range files {
		if set := (Set{store: s, dir: filepath.Join("projects", f.Name())}); !set.abandoned() {
			out = append(out, set)
		}
	}
	return out, nil
}

// abandonAfter is how long a set is kept that no devsh.lock asks for: the
// project may be on a disk that is not there, or on another branch.
const abandonAfter = 30 * 24 * time.Hour

// abandoned reports whether a project's set is of no use any more.
func (s Set) abandoned() bool {
	of, err := os.ReadFile(s.path(ofFile))
	if err != nil {
		return true // it was never finished
	}
	info, err := os.Stat(s.historyDir())
	if err != nil || time.Since(info.ModTime()) < abandonAfter {
		return false
	}
	_, err = os.Stat(filepath.Join(string(of), lockName))
	return errors.Is(err, fs.ErrNotExist)
}

// beingMade reports whether somebody holds the lock of what a directory in
// staging is to become.
func (s Store) beingMade(dir string) bool {
	name, ok := stagingOf(dir)
	if !ok {
		return false
	}
	f, err := s.tryLock(name)
	if err == nil {
		f.Close()
	}
	return err != nil
}

// Collect removes the garbage. It does nothing while anybody installs: what is
// installed is in no profile yet.
func (s Store) Collect(ctx context.Context, keep ...string) ([]Garbage, error) {
	alone, err := s.tryLock(inUse)
	if errors.Is(err, filelock.ErrHeld) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer alone.Close()
	garbage, err := s.Garbage(keep...)
	if err != nil {
		return nil, err
	}
	for i, g := range garbage {
		if err := ctx.Err(); err != nil {
			return garbage[:i], context.Cause(ctx)
		}
		if filepath.Dir(g.Path) == s.staging() {
			err = removeAll(g.Path)
		} else {
			err = s.discard(g.Path)
		}
		if err != nil {
			return garbage[:i], err
		}
	}
	return garbage, s.forgetLocks()
}

// forgetLocks removes the locks of what is no more.
func (s Store) forgetLocks() error {
	files, err := os.ReadDir(filepath.Join(s.Dir, "locks"))
	if err != nil {
		return fmt.Errorf("remove locks: %w", err)
	}
	there := map[string]bool{}
	for _, dir := range []string{"store", "profiles", "projects"} {
		entries, err := os.ReadDir(filepath.Join(s.Dir, dir))
		if err != nil {
			return fmt.Errorf("remove locks: %w", err)
		}
		for _, e := range entries {
			there[e.Name()], there["."+e.Name()] = true, true
		}
	}
	there[inUse], there[".user"] = true, true
	for _, f := range files {
		if there[f.Name()] {
			continue
		}
		lock, err := s.tryLock(f.Name())
		if err != nil {
			continue // in use
		}
		err = os.Remove(lock.Name())
		lock.Close()
		if err != nil {
			return fmt.Errorf("remove locks: %w", err)
		}
	}
	return nil
}

// size is how much is below path.
func size(path string) int64 {
	var sum int64
	_ = filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err == nil {
			if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
				sum += info.Size()
			}
		}
		return nil // it is for people only
	})
	return sum
}
