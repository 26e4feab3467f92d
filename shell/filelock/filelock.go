// Package filelock keeps other processes out by flock(2) on a file. A lock
// belongs to the open file: it is held until that is closed, here and wherever it
// was inherited, whatever ends a process.
//
// It knows nothing of what a lock is for, writes nothing into its file and
// removes none.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// ErrHeld says that another process holds the lock.
var ErrHeld = errors.New("another process holds the lock")

// poll is how often a lock that is held is tried again.
const poll = 20 * time.Millisecond

// Try takes the lock that the file at path is, and makes the file if need be;
// closing it lets go. The error wraps [ErrHeld] where another process holds it,
// and [os.ErrNotExist] where its directory is missing, or who held it removed the
// file just now, which then keeps nobody out.
func Try(path string) (*os.File, error) { return open(path, syscall.LOCK_EX) }

// TryShared is [Try] for a lock that others may have at the same time, if they
// took it shared as well; [Held] does not see it.
func TryShared(path string) (*os.File, error) { return open(path, syscall.LOCK_SH) }

func open(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := take(f, path, how); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Take is [Try] with a file that is open already, inherited for one: it then has
// the lock, if who handed it on does.
func Take(f *os.File, path string) error { return take(f, path, syscall.LOCK_EX) }

func take(f *os.File, path string, how int) error {
	err := flock(f, how)
	if err == nil && !Is(f, path) {
		err = os.ErrNotExist
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", path, err)
	}
	return nil
}

// Await calls try until it no longer says [ErrHeld], or ctx ends: then the error
// wraps that and the cause of the end.
func Await(ctx context.Context, try func() (*os.File, error)) (*os.File, error) {
	for {
		f, err := try()
		if !errors.Is(err, ErrHeld) {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrHeld, context.Cause(ctx))
		case <-time.After(poll):
		}
	}
}

// Held reports whether a process holds the lock at path. It makes nothing, and
// whoever tries to take the lock at this moment finds it held.
func Held(path string) bool {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(flock(f, syscall.LOCK_SH), ErrHeld)
}

// Is reports whether the open file is the one at path. If not, somebody removed
// that, and the lock keeps nobody out.
func Is(f *os.File, path string) bool {
	mine, err1 := f.Stat()
	there, err2 := os.Lstat(path)
	return err1 == nil && err2 == nil && os.SameFile(mine, there)
}

func flock(f *os.File, how int) error {
	for {
		switch err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB); {
		case errors.Is(err, syscall.EWOULDBLOCK):
			return ErrHeld
		case !errors.Is(err, syscall.EINTR):
			return err
		}
	}
}
