package store

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

// errLocked says that another process holds a lock.
var errLocked = errors.New("another devsh is at work on it")

// inUse is the lock that installing shares and collecting has alone.
const inUse = ".in-use"

// lock takes the lock of a name. It waits as long as ctx allows, and calls
// waiting, if it is not nil, once if it has to. Closing the file lets go.
func (s Store) lock(ctx context.Context, name string, waiting func()) (*os.File, error) {
	return s.await(ctx, name, syscall.LOCK_EX, waiting)
}

// Use keeps what was installed but is in no profile yet from being collected,
// until the returned function is called.
func (s Store) Use(ctx context.Context) (func(), error) {
	f, err := s.await(ctx, inUse, syscall.LOCK_SH, nil)
	if err != nil {
		return nil, err
	}
	return func() { f.Close() }, nil
}

func (s Store) await(ctx context.Context, name string, how int, waiting func()) (*os.File, error) {
	for {
		f, err := s.tryLock(name, how)
		if !errors.Is(err, errLocked) {
			return f, err
		}
		if waiting != nil {
			waiting()
			waiting = nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for another devsh at work on %s: %w", name, context.Cause(ctx))
		case <-time.After(lockPoll):
		}
	}
}

// tryLock is lock without waiting: the error is [errLocked] where another holds it.
func (s Store) tryLock(name string, how int) (*os.File, error) {
	path := filepath.Join(s.Dir, "locks", name)
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, fmt.Errorf("lock: %w", err)
		}
		err = syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if err == nil && isAt(f, path) {
			return f, nil
		}
		f.Close()
		switch {
		case err == nil, errors.Is(err, syscall.EINTR): // collected just now: it keeps nobody out
		case errors.Is(err, syscall.EWOULDBLOCK):
			return nil, errLocked
		default:
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
	}
}

// isAt reports whether an open file is still what lies at path.
func isAt(f *os.File, path string) bool {
	a, err := f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Lstat(path)
	return err == nil && os.SameFile(a, b)
}
