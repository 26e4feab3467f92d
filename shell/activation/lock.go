package activation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lockPoll is how often a lock that another process holds is tried again.
const lockPoll = 20 * time.Millisecond

// errLocked says that another process is at work on the project.
var errLocked = errors.New("another devsh is at work on the project")

// lock makes the place's directory and keeps other processes from resolving
// the same project at the same time. It waits as long as ctx allows, and calls
// waiting, if it is not nil, now and then. Closing the file lets go.
func (s Store) lock(ctx context.Context, p Place, waiting func()) (*os.File, error) {
	for {
		f, err := s.tryLock(p)
		if !errors.Is(err, errLocked) {
			return f, err
		}
		if waiting != nil {
			waiting()
		}
		if err := waitLock(ctx, p.lockFile()); err != nil {
			return nil, err
		}
	}
}

// waitLock waits before a lock is tried again.
func waitLock(ctx context.Context, path string) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("wait for another devsh that holds %s: %w", path, context.Cause(ctx))
	case <-time.After(lockPoll):
		return nil
	}
}

// tryLock is lock without waiting: the error is [errLocked] where another
// process holds it.
func (s Store) tryLock(p Place) (*os.File, error) {
	for n := 0; ; n++ {
		err := makeDirs(s.tree(), p.Dir, os.MkdirAll)
		if err == nil {
			var f *os.File
			if f, err = p.tryLock(); err == nil {
				return f, nil
			}
		}
		if !errors.Is(err, os.ErrNotExist) || n == maxCollected {
			return nil, err
		}
	}
}

// maxCollected is how often in a row a place may be collected while its lock is
// being taken; beyond, something else is wrong.
const maxCollected = 100

// tryLock takes the lock of a place that is there; the error wraps
// [os.ErrNotExist] where it is not, and where it was collected just now.
func (p Place) tryLock() (*os.File, error) {
	if err := removeDir(p.lockFile()); err != nil {
		return nil, fmt.Errorf("lock project: %w", err)
	}
	return flock(p.lockFile())
}

// flock takes the lock that a file is, which it makes if need be.
func flock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	for {
		switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
		case err == nil && inherited(f, path):
			return f, nil
		case err == nil: // who held it removed the file: it keeps nobody out
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, os.ErrNotExist)
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			f.Close()
			return nil, errLocked
		default:
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
	}
}

// held reports whether a process holds the place's lock.
func (s Store) held(p Place) bool {
	lock, err := s.tryLock(p)
	if err == nil {
		lock.Close()
	}
	return errors.Is(err, errLocked)
}

func (p Place) lockFile() string { return filepath.Join(p.Dir, "lock") }
