package nixenv

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/hbohlen/devsh/shell/filelock"
)

// Stored is an evaluation in the state directory.
type Stored struct {
	Key     string
	Dir     string
	Changed time.Time // when it, or what its hook did, was last written
}

// Evaluations lists the stored evaluations, sorted by key.
func Evaluations(stateDir string) ([]Stored, error) {
	entries, err := os.ReadDir(filepath.Join(stateDir, "nix"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list evaluations: %w", err)
	}
	var out []Stored
	for _, d := range entries {
		if d.IsDir() && isKey(d.Name()) {
			dir := keyDir(stateDir, d.Name())
			out = append(out, Stored{Key: d.Name(), Dir: dir, Changed: changedAt(dir)})
		}
	}
	return out, nil
}

// Remove removes an evaluation, and with it the root that keeps its environment
// in nix's store, unless it is in use or was written after a time. It reports
// whether it did. Where a process is just about to use it, that one evaluates
// again: the root is an input of what it publishes.
func Remove(stateDir, key string, after time.Time) (bool, error) {
	dir := keyDir(stateDir, key)
	if _, err := os.Lstat(dir); err != nil || !isKey(key) {
		return false, nil
	}
	lock, err := tryLock(dir)
	if errors.Is(err, filelock.ErrHeld) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("collect evaluation: %w", err)
	}
	defer lock.Close()
	if changedAt(dir).After(after) {
		return false, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return false, fmt.Errorf("collect evaluation: %w", err)
	}
	return true, nil
}

// changedAt is the latest time of what an evaluation stored. The times of the lock
// and of directories tell only that somebody was here.
func changedAt(dir string) (latest time.Time) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == lockName {
			return nil
		}
		if info, err := d.Info(); err == nil && info.ModTime().After(latest) {
			latest = info.ModTime()
		}
		return nil
	})
	return latest
}
