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

// maxCollected is how often in a row a place may be collected while its lock is
// being taken; beyond, something else is wrong.
const maxCollected = 100

// errBusy says that another process holds a lock, or is about to let it go.
var errBusy = errors.New("another devsh works on it")

// lock makes the place's directory and keeps other processes from resolving
// the same project at the same time. It waits as long as ctx allows.
func (s Store) lock(ctx context.Context, p Place) (unlock func(), err error) {
	for collected := 0; ; {
		err := makeDirs(s.tree(), p.Dir)
		if err == nil {
			unlock, err = p.tryLock()
		}
		if errors.Is(err, os.ErrNotExist) {
			collected++
		} else if !errors.Is(err, errBusy) {
			return unlock, err
		}
		if collected > maxCollected {
			return nil, err
		}
		if err := waitLock(ctx, p.lockFile()); err != nil {
			return nil, err
		}
	}
}

// tryLock takes the lock of a place that is there. The error wraps [errBusy]
// where another process holds it.
func (p Place) tryLock() (unlock func(), err error) {
	if err := removeDir(p.lockFile()); err != nil {
		return nil, fmt.Errorf("lock project: %w", err)
	}
	return tryLock(p.lockFile())
}

func (p Place) lockFile() string { return filepath.Join(p.Dir, "lock") }

// waitLock waits before a lock is tried again.
func waitLock(ctx context.Context, path string) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("wait for another devsh that holds %s: %w", path, context.Cause(ctx))
	case <-time.After(lockPoll):
		return nil
	}
}

// tryLock takes the lock that a file is, which it makes if need be.
func tryLock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
		err = errBusy
	}
	if err == nil {
		// Whoever held it may have removed the file: then it keeps nobody out.
		mine, err1 := f.Stat()
		now, err2 := os.Stat(path)
		if err1 == nil && err2 == nil && os.SameFile(mine, now) {
			return func() { f.Close() }, nil
		}
		err = errBusy
	}
	f.Close()
	return nil, fmt.Errorf("lock %s: %w", path, err)
}
