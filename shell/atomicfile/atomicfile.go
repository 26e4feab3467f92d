// Package atomicfile writes files so that at every instant the old or the new
// one is there, wholly, also when the machine stops in between.
package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Write replaces the file at path: a temporary file in the same directory gets
// the mode, then the data, is synced and renamed; the directory is synced. On
// an error the old file is as it was and the temporary one is gone.
func Write(path string, data []byte, mode os.FileMode) (err error) {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, TempPrefix+"*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			tmp.Close() // what matters has failed before
			err = fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(tmp.Name())))
		}
	}()
	if err := tmp.Chmod(mode); err != nil {
		return err
	}
	if _, err := tmp.Write(data); err != nil {
		return err
	}
	if err := tmp.Sync(); err != nil {
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	return SyncDir(dir)
}

// TempPrefix begins the names of temporary files, so that what a killed
// process left can be told and removed.
const TempPrefix = ".tmp-"

// SyncDir makes renames and removals in dir durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// MkdirAll is [os.MkdirAll], and the directories that it makes are on the disk:
// else what is written in them could be gone with them, however well it was.
func MkdirAll(dir string, mode os.FileMode) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := MkdirAll(parent, mode); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, mode); err != nil { // another process may make it
		return err
	}
	if err := SyncDir(parent); !errors.Is(err, os.ErrPermission) { // it may be one that is not for reading
		return err
	}
	return nil
}

// Link makes path a symbolic link to target, replacing what was there in one
// step.
func Link(target, path string) error {
	tmp, err := os.MkdirTemp(filepath.Dir(path), TempPrefix+"*")
	if err != nil {
		return fmt.Errorf("link %s: %w", path, err)
	}
	defer os.RemoveAll(tmp)
	name := filepath.Join(tmp, "l")
	if err := os.Symlink(target, name); err != nil {
		return fmt.Errorf("link %s: %w", path, err)
	}
	if err := os.Rename(name, path); err != nil {
		return fmt.Errorf("link %s: %w", path, err)
	}
	return SyncDir(filepath.Dir(path))
}
