package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/hbohlen/devsh/shell/atomicfile"
	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/filelock"
	"github.com/hbohlen/devsh/shell/inputs"
)

// madePrefixes is what the places of global installs put into environments, as
// it was last made. Making it starts node and npm and writes, which nobody who
// enters a project waits for: a process in the background does it.
type madePrefixes struct {
	Delta env.Delta
	// Files are what it was made from; those that are directories change with
	// each global install, which then has to be bound to its node.
	Files []inputs.File
	// Error is why it could not be made.
	Error string
}

func (w *world) prefixFile() string { return filepath.Join(w.toolStore().Dir, "prefixes.json") }

// readPrefixes reads what was made; the zero value where nothing was, or it
// cannot be read.
func (w *world) readPrefixes() (made madePrefixes) {
	data, err := inputs.ReadOwn(w.prefixFile())
	if err != nil || json.Unmarshal(data, &made) != nil {
		return madePrefixes{}
	}
	return made
}

// stale reports whether it has to be made again.
func (m madePrefixes) stale() bool {
	return len(m.Files) == 0 || slices.ContainsFunc(m.Files, func(f inputs.File) bool { return !f.Same() })
}

// prefixLayer is what global installs add to environments, and what tells that
// it changed: the file that says it, and the directories that they go to.
func (w *world) prefixLayer() (env.Delta, []inputs.File, error) {
	file, err := inputs.Stat(w.prefixFile())
	if err != nil {
		return env.Delta{}, nil, fmt.Errorf("look for the places of global installs: %w", err)
	}
	made := w.readPrefixes()
	files := []inputs.File{file}
	for _, f := range made.Files {
		if f.Dir {
			files = append(files, f)
		}
	}
	return made.Delta, files, nil
}

// makePrefixes makes it again, if it is stale. Another process may be at it.
func (a *app) makePrefixes(ctx context.Context, w *world) error {
	lock, err := filelock.Try(w.prefixFile() + ".lock")
	if errors.Is(err, filelock.ErrHeld) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make the places of global installs: %w", err)
	}
	defer lock.Close()
	before := w.readPrefixes()
	if !before.stale() {
		return nil
	}
	p := a.prefixes(w, w.resolver.Home)
	p.Path, p.Project, p.Fresh = w.base[env.Path], "", false
	made := madePrefixes{}
	// Twice: what is installed while it is made the first time is bound by the
	// second, and what comes later changes a directory that was looked at before.
	for range 2 {
		l, err := p.Layer(ctx)
		if err != nil {
			// What there was stays, and it is not tried at each entry, but when
			// something changes again.
			made = madePrefixes{Delta: before.Delta, Error: err.Error()}
			paths := []string{p.Root()}
			for _, f := range before.Files {
				paths = append(paths, f.Path)
			}
			if made.Files, err = statAll(paths); err != nil {
				return err
			}
			break
		}
		made.Delta = l.Delta
		files, err := statAll(l.Inputs)
		if err != nil {
			return err
		}
		made.Files = files
	}
	data, err := json.Marshal(made)
	if err != nil {
		return fmt.Errorf("make the places of global installs: %w", err)
	}
	if have, err := os.ReadFile(w.prefixFile()); err == nil && bytes.Equal(have, data) {
		return nil
	}
	return atomicfile.Write(w.prefixFile(), data, 0o600)
}

func statAll(paths []string) ([]inputs.File, error) {
	var out []inputs.File
	for _, path := range paths {
		f, err := inputs.Stat(path)
		if err != nil && !errors.Is(err, fs.ErrPermission) {
			return nil, fmt.Errorf("look at what decides about global installs: %w", err)
		}
		out = append(out, f)
	}
	return out, nil
}
