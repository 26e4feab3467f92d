package activation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hbohlen/devsh/shell/filelock"
)

// lock makes the place's directory and keeps other processes from resolving
// the same project at the same time. It waits as long as ctx allows, and calls
// waiting, if it is not nil, now and then. Closing the file lets go.
func (s Store) lock(ctx context.Context, p Place, waiting func()) (*os.File, error) {
	return awaitLock(ctx, p.lockFile(), func() (*os.File, error) {
		f, err := s.tryLock(p)
		if errors.Is(err, filelock.ErrHeld) && waiting != nil {
			waiting()
		}
		return f, err
	})
}

// awaitLock is [filelock.Await] that says what is waited for.
func awaitLock(ctx context.Context, path string, try func() (*os.File, error)) (*os.File, error) {
	f, err := filelock.Await(ctx, try)
	if errors.Is(err, filelock.ErrHeld) {
		return nil, fmt.Errorf("wait for another devsh at %s: %w", path, err)
	}
	return f, err
}

// tryLock is lock without waiting: the error is [filelock.ErrHeld] where another
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
	return filelock.Try(p.lockFile())
}

func (p Place) lockFile() string { return filepath.Join(p.Dir, "lock") }
