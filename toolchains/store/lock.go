package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hbohlen/devsh/shell/filelock"
)

// inUse is the lock that installing shares and collecting has alone.
const inUse = ".in-use"

// lock takes the lock of a name. It waits as long as ctx allows, and calls
// waiting, if it is not nil, once if it has to. Closing the file lets go.
func (s Store) lock(ctx context.Context, name string, waiting func()) (*os.File, error) {
	return s.await(ctx, name, filelock.Try, waiting)
}

// Use keeps what was installed but is in no profile yet from being collected,
// until the returned function is called.
func (s Store) Use(ctx context.Context) (func(), error) {
	f, err := s.await(ctx, inUse, filelock.TryShared, nil)
	if err != nil {
		return nil, err
	}
	return func() { f.Close() }, nil
}

func (s Store) await(ctx context.Context, name string, try func(path string) (*os.File, error), waiting func()) (*os.File, error) {
	f, err := filelock.Await(ctx, func() (*os.File, error) {
		f, err := s.try(name, try)
		if waiting != nil && errors.Is(err, filelock.ErrHeld) {
			waiting()
			waiting = nil
		}
		return f, err
	})
	if err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("wait for another devsh at work on %s: %w", name, context.Cause(ctx))
	}
	return f, err
}

// tryLock is lock without waiting: the error is [filelock.ErrHeld] where another
// holds it.
func (s Store) tryLock(name string) (*os.File, error) { return s.try(name, filelock.Try) }

func (s Store) try(name string, try func(path string) (*os.File, error)) (*os.File, error) {
	dir := filepath.Join(s.Dir, "locks")
	for {
		f, err := try(filepath.Join(dir, name))
		if !errors.Is(err, os.ErrNotExist) {
			return f, err
		}
		if _, gone := os.Stat(dir); gone != nil {
			return nil, err
		}
		// Its file was collected just now: it would keep nobody out.
	}
}
