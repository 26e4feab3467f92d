package nixenv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	lockName = "lock"
	lockPoll = 50 * time.Millisecond
)

// lock takes the lock of one evaluation's directory, which it makes if need
// be, and returns what releases it. It waits for other processes as long as
// ctx allows.
func lock(ctx context.Context, dir string) (release func(), err error) {
	for {
		release, err := tryLock(dir)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return release, err
		}
		select {
		case <-ctx.Done():
			return nil, canceled(context.Cause(ctx))
		case <-time.After(lockPoll):
		}
	}
}

// tryLock is [lock] without waiting: the error is [syscall.EWOULDBLOCK] where
// another process holds the lock, or is just about to let it go.
func tryLock(dir string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the evaluation's directory: %w", err)
	}
	name := filepath.Join(dir, lockName)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		return nil, syscall.EWOULDBLOCK // collected between the two calls
	}
	if err != nil {
		return nil, fmt.Errorf("open the evaluation's lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
			return nil, syscall.EWOULDBLOCK
		}
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	// A collector may have removed the file while we waited for it: then it
	// keeps nobody else out.
	mine, err1 := f.Stat()
	now, err2 := os.Stat(name)
	if err1 != nil || err2 != nil || !os.SameFile(mine, now) {
		f.Close()
		return nil, syscall.EWOULDBLOCK
	}
	return func() { f.Close() }, nil
}
