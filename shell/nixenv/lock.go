package nixenv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hbohlen/devsh/shell/filelock"
)

const lockName = "lock"

// lock takes the lock of one evaluation's directory, which it makes if need
// be. It waits for other processes as long as ctx allows.
func lock(ctx context.Context, dir string) (*os.File, error) {
	f, err := filelock.Await(ctx, func() (*os.File, error) { return tryLock(dir) })
	if errors.Is(err, filelock.ErrHeld) {
		return nil, canceled(context.Cause(ctx))
	}
	return f, err
}

// tryLock is [lock] without waiting: the error is [filelock.ErrHeld] where
// another process holds the lock, or has just collected the directory.
func tryLock(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the evaluation's directory: %w", err)
	}
	f, err := filelock.Try(filepath.Join(dir, lockName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, filelock.ErrHeld
	}
	if err != nil {
		return nil, fmt.Errorf("evaluation: %w", err)
	}
	return f, nil
}
