package activation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/hbohlen/devsh/shell/atomicfile"
	"github.com/hbohlen/devsh/shell/filelock"
	"github.com/hbohlen/devsh/shell/nixenv"
	"github.com/hbohlen/devsh/shell/project"
)

// Remove removes a piece of garbage if it still is one, and reports whether it
// did. What another process works on stays.
func (c Collector) Remove(ctx context.Context, g Garbage) (bool, error) {
	switch g.Kind {
	case EndedShell:
		_, ended := c.Store.shells()
		return slices.Contains(ended, g.Path), removeIf(slices.Contains(ended, g.Path), g.Path)
	case Evaluation:
		return nixenv.Remove(c.Store.Dir, filepath.Base(g.Path), c.Now.Add(-evaluationAge))
	case EmptyTree:
		return c.Store.prune(g.Path), nil
	}
	if g.Project == "" {
		return true, removeIf(true, g.Path)
	}
	return c.removeOf(ctx, g)
}

func removeIf(really bool, path string) error {
	if !really {
		return nil
	}
	if err := remove(path); err != nil {
		return fmt.Errorf("collect: %w", err)
	}
	return nil
}

// removeOf removes what belongs to a project, under its lock.
func (c Collector) removeOf(ctx context.Context, g Garbage) (bool, error) {
	place := c.Store.Place(g.Project)
	lock, err := c.lock(ctx, place)
	if lock == nil {
		return false, err
	}
	defer lock.Close()
	e, err := place.Entry()
	if err != nil {
		e = nil
	}
	used, _ := c.Store.shells()
	garbage, _ := c.judge(g.Project, e, used)
	still := slices.ContainsFunc(garbage, func(now Garbage) bool { return now.Path == g.Path })
	if !still || g.Kind != GoneProject {
		return still, removeIf(still, g.Path)
	}
	return true, c.Store.discard(place)
}

// lock takes the lock of a place that is there; nil without an error means that
// another process keeps it, or that the place is gone.
func (c Collector) lock(ctx context.Context, p Place) (*os.File, error) {
	ctx, cancel := context.WithTimeout(ctx, collectLockTime)
	defer cancel()
	lock, err := filelock.Await(ctx, p.tryLock)
	switch {
	case err == nil:
		return lock, nil
	case errors.Is(err, filelock.ErrHeld), errors.Is(err, fs.ErrNotExist):
		return nil, nil
	}
	return nil, fmt.Errorf("collect: %w", err)
}

// Mark notes since when a project is missing.
func (c Collector) Mark(ctx context.Context, m Missing) error {
	if !m.mark {
		return nil
	}
	place := c.Store.Place(m.Project)
	lock, err := c.lock(ctx, place)
	if lock == nil {
		return err
	}
	defer lock.Close()
	f, err := os.OpenFile(filepath.Join(place.Dir, markName), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // another one was faster
	}
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = os.Chtimes(f.Name(), m.Since, m.Since)
	}
	if err != nil {
		return fmt.Errorf("collect: %w", err)
	}
	return nil
}

// discard takes a whole place away in one step, so that nobody sees half of it
// also where this process is killed, and then the directories around it that
// are empty without it. The caller holds the place's lock.
func (s Store) discard(p Place) error {
	if err := os.MkdirAll(s.trash(), 0o700); err != nil {
		return fmt.Errorf("collect: %w", err)
	}
	tmp, err := os.MkdirTemp(s.trash(), atomicfile.TempPrefix)
	if err != nil {
		return fmt.Errorf("collect: %w", err)
	}
	if err := os.Rename(p.Dir, filepath.Join(tmp, project.Reserved)); err != nil {
		return fmt.Errorf("collect: %w", errors.Join(err, os.Remove(tmp)))
	}
	s.prune(filepath.Dir(p.Dir))
	return removeIf(true, tmp)
}

func (s Store) trash() string { return filepath.Join(s.Dir, "trash") }

// discarded is what was taken away and not removed.
func (s Store) discarded() (paths []string) {
	names, err := os.ReadDir(s.trash())
	if err != nil {
		return nil
	}
	for _, n := range names {
		paths = append(paths, filepath.Join(s.trash(), n.Name()))
	}
	return paths
}

// prune removes a directory of the mirrored tree that holds nothing but empty
// ones, and those around it that are empty then. It reports whether it did.
func (s Store) prune(dir string) bool {
	if !pruneDown(dir) {
		return false
	}
	for d := filepath.Dir(dir); d != s.tree() && project.Within(d, s.tree()); d = filepath.Dir(d) {
		if syscall.Rmdir(d) != nil {
			break
		}
	}
	return true
}

func pruneDown(dir string) bool {
	names, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, n := range names {
		if n.IsDir() && n.Name() != project.Reserved {
			pruneDown(filepath.Join(dir, n.Name()))
		}
	}
	return syscall.Rmdir(dir) == nil // unlike os.Remove, never a file
}

// Lock keeps other processes from collecting at the same time, as long as ctx
// allows. Closing the file lets go.
func (c Collector) Lock(ctx context.Context) (*os.File, error) {
	if err := c.Store.Open(); err != nil {
		return nil, err
	}
	return awaitLock(ctx, c.Store.stamp(), func() (*os.File, error) { return filelock.Try(c.Store.stamp()) })
}

// stamp is the file whose time is that of the last collection, and its lock.
func (s Store) stamp() string { return filepath.Join(s.Dir, "gc") }

// Collected notes that all was collected now.
func (c Collector) Collected() error {
	_ = os.Remove(c.Store.trash()) // unless it is needed still
	return os.Chtimes(c.Store.stamp(), c.Now, c.Now)
}

// CollectEvery is how often devsh collects by itself.
const CollectEvery = 24 * time.Hour

// CollectionDue reports whether it is time to collect, and notes then that it is
// done, so that of many processes mostly one does it. With a new state
// directory there is nothing to collect yet.
func (s Store) CollectionDue(now time.Time) bool {
	info, err := os.Stat(s.stamp())
	if errors.Is(err, fs.ErrNotExist) {
		if f, err := os.OpenFile(s.stamp(), os.O_CREATE|os.O_WRONLY|syscall.O_NOFOLLOW, 0o600); err == nil {
			_ = f.Close() // not noted is no harm
		}
		return false
	}
	if err != nil || now.Sub(info.ModTime()).Abs() < CollectEvery {
		return false
	}
	return os.Chtimes(s.stamp(), now, now) == nil
}
