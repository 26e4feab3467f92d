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
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for another devsh that holds %s: %w", p.lockFile(), context.Cause(ctx))
		case <-time.After(lockPoll):
		}
	}
}

// tryLock is lock without waiting: the error is [errLocked] where another
// process holds it.
func (s Store) tryLock(p Place) (*os.File, error) {
	if err := makeDirs(s.tree(), p.Dir); err != nil {
		return nil, err
	}
	path := p.lockFile()
	if err := removeDir(path); err != nil {
		return nil, fmt.Errorf("lock project: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock project: %w", err)
	}
	for {
		switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
		case err == nil:
			return f, nil
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
