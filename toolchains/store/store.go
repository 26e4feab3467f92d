package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/hbohlen/devsh/shell/atomicfile"
)

// Store is the directory that holds all tools.
type Store struct{ Dir string }

// ErrNotOwned says that the directory is another user's, who could change what
// is run from it.
var ErrNotOwned = errors.New("the directory is not yours alone")

// Open makes the store's directories.
func Open(dir string) (Store, error) {
	s := Store{dir}
	for _, sub := range []string{"", "store", "roots", "profiles", "staging", "locks", "user/history", "projects"} {
		path := filepath.Join(dir, sub)
		if err := os.MkdirAll(path, 0o700); err != nil {
			return s, fmt.Errorf("make the directory of tools: %w", err)
		}
		info, err := os.Lstat(path)
		if err != nil {
			return s, fmt.Errorf("make the directory of tools: %w", err)
		}
		if stat := info.Sys().(*syscall.Stat_t); !info.IsDir() || int(stat.Uid) != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
			return s, fmt.Errorf("%s: %w", path, ErrNotOwned)
		}
	}
	return s, nil
}

func (s Store) entry(name string) string   { return filepath.Join(s.Dir, "store", name) }
func (s Store) profile(hash string) string { return filepath.Join(s.Dir, "profiles", hash) }
func (s Store) staging() string            { return filepath.Join(s.Dir, "staging") }

// Temp is where who installs may make directories named NAME.RANDOM for a while:
// what is left of them is garbage.
func (s Store) Temp() string { return s.staging() }

// publish makes a directory by fill and renames it to final, under the lock of
// that name. Where good says that final is there and whole, nothing is made.
// Killed at any moment it leaves nothing but staging, which the next one removes.
func (s Store) publish(ctx context.Context, final string, waiting func(), good func() bool, fill func(dir string) error) (made bool, err error) {
	if good() {
		return false, nil // without a lock: it is immutable
	}
	name := filepath.Base(final)
	lock, err := s.lock(ctx, name, waiting)
	if err != nil {
		return false, err
	}
	defer lock.Close()
	if good() {
		return false, nil // another made it meanwhile
	}
	if err := s.clearStaging(name); err != nil {
		return false, err
	}
	// The name is another each time: what a killed one's programs still write
	// does not get into what is made now.
	dir, err := os.MkdirTemp(s.staging(), name+".*")
	if err != nil {
		return false, fmt.Errorf("make %s: %w", final, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeAll(dir))
		}
	}()
	if err := fill(dir); err != nil {
		return false, err
	}
	if err := ctx.Err(); err != nil {
		return false, context.Cause(ctx)
	}
	if err := syncTree(dir); err != nil {
		return false, fmt.Errorf("make %s: %w", final, err)
	}
	if err := s.discard(final); err != nil { // one that is broken
		return false, err
	}
	if err := os.Rename(dir, final); err != nil {
		return false, fmt.Errorf("make %s: %w", final, err)
	}
	return true, atomicfile.SyncDir(filepath.Dir(final))
}

// clearStaging removes what those left who made name and were killed. The
// caller holds its lock.
func (s Store) clearStaging(name string) error {
	entries, err := os.ReadDir(s.staging())
	if err != nil {
		return fmt.Errorf("clear what was left: %w", err)
	}
	for _, e := range entries {
		if of, ok := stagingOf(e.Name()); ok && of == name {
			if err := removeAll(filepath.Join(s.staging(), e.Name())); err != nil {
				return fmt.Errorf("clear what was left: %w", err)
			}
		}
	}
	return nil
}

// stagingOf is what a directory in staging was to become.
func stagingOf(dir string) (name string, ok bool) {
	dot := strings.LastIndexByte(dir, '.')
	if dot < 0 {
		return "", false
	}
	return dir[:dot], true
}

// discard takes a directory out of its place at once, and then removes it.
func (s Store) discard(path string) error {
	if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	tmp, err := os.MkdirTemp(s.staging(), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	if err := os.Rename(path, filepath.Join(tmp, "old")); err != nil {
		return fmt.Errorf("remove %s: %w", path, errors.Join(err, os.Remove(tmp)))
	}
	return removeAll(tmp)
}
