package activation

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/hbohlen/devsh/shell/atomicfile"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/render"
)

// PublishSettings writes what the hook needs of the user's settings, with a
// stamp of the file they come from. message is the verbosity's name. It writes
// nothing that is already so.
func (r *Resolver) PublishSettings(file, message string) error {
	if err := r.Store.Open(); err != nil {
		return err
	}
	dir := r.Store.settings()
	if err := r.publishSettings(dir, message); err != nil {
		return err
	}
	now, err := inputs.Stat(file)
	if err != nil {
		return err
	}
	stamp, link := filepath.Join(dir, "stamp"), filepath.Join(dir, "link")
	if !now.Exists {
		return errors.Join(remove(stamp), remove(link))
	}
	target := now.Target
	if target == "" {
		target = file
	}
	if have, err := os.Readlink(link); err != nil || have != target {
		if err := removeDir(link); err != nil {
			return err
		}
		if err := atomicfile.Link(target, link); err != nil {
			return err
		}
	}
	if was, err := inputs.Stat(stamp); err == nil && was.Exists && !was.Dir && was.Time.Equal(now.Time) {
		return nil
	}
	if err := removeDir(stamp); err != nil {
		return err
	}
	if err := atomicfile.Write(stamp, nil, 0o600); err != nil {
		return err
	}
	return os.Chtimes(stamp, now.Time, now.Time)
}

func (r *Resolver) publishSettings(dir, message string) error {
	var roots, linked []string
	for _, root := range r.Settings.Roots {
		roots = append(roots, root)
		if resolved, err := filepath.EvalSymlinks(root); err == nil && resolved != root {
			linked = append(linked, root)
			roots = append(roots, resolved)
		}
	}
	slices.Sort(roots)
	script := render.FishSettings(slices.Compact(roots), linked, message)
	return writeOwn(filepath.Join(dir, "settings.fish"), script)
}

// PublishScript has a script of the hook's, which shells are to load from a file,
// beside the settings, and returns its path.
func (s Store) PublishScript(name, text string) (string, error) {
	if err := s.Open(); err != nil {
		return "", err
	}
	path := filepath.Join(s.settings(), name)
	if err := atomicfile.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	return path, writeOwn(path, []byte(text))
}

// writeOwn writes a file unless it is so already.
func writeOwn(path string, data []byte) error {
	if have, err := readOwn(path); err == nil && bytes.Equal(have, data) {
		return nil
	}
	if err := removeDir(path); err != nil {
		return err
	}
	return atomicfile.Write(path, data, 0o600)
}

// removeDir removes a directory that lies where a file should: no rename
// replaces it.
func removeDir(path string) error {
	if info, err := os.Lstat(path); err != nil || !info.IsDir() {
		return nil
	}
	return os.RemoveAll(path)
}

func remove(path string) error {
	if err := os.RemoveAll(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
