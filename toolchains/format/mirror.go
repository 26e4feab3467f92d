package format

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// mirror is a directory in which a formatter sees copies of files where it
// would see the files: whatever else is in their directories is a link to it,
// so that configuration is found, and what that names relative to itself.
// Above the root there is only configuration.
type mirror struct {
	root, top, dir string          // dir stands for root
	made           map[string]bool // directories, relative to root
	env            []string        // nil for the formatter's own
}

func newMirror(root, tmp string, f *Formatter) (*mirror, error) {
	top, err := os.MkdirTemp(tmp, "mirror-")
	if err != nil {
		return nil, mirrorError(err)
	}
	m := &mirror{root: root, top: top, dir: filepath.Join(top, root), made: map[string]bool{}}
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		return nil, errors.Join(mirrorError(err), m.remove())
	}
	if err := m.above(f); err != nil {
		return nil, errors.Join(err, m.remove())
	}
	return m, nil
}

func mirrorError(err error) error { return fmt.Errorf("make a mirror of the files: %w", err) }

// above links the configuration above the root, level by level: which of two
// counts depends on how near they are.
func (m *mirror) above(f *Formatter) error {
	for dir := m.root; dir != filepath.Dir(dir); {
		dir = filepath.Dir(dir)
		for _, name := range append(f.Configs[:len(f.Configs):len(f.Configs)], "node_modules") {
			if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
				continue
			}
			if err := link(filepath.Join(dir, name), filepath.Join(m.top, dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// link makes a link unless there is something already.
func link(target, path string) error {
	if err := os.Symlink(target, path); err != nil && !errors.Is(err, os.ErrExist) {
		return mirrorError(err)
	}
	return nil
}

// makeDir makes a directory with links to all that is in it.
func (m *mirror) makeDir(rel string) error {
	if m.made[rel] {
		return nil
	}
	dir := filepath.Join(m.dir, rel)
	if rel != "." {
		if err := m.makeDir(filepath.Dir(rel)); err != nil {
			return err
		}
		// It is a link there.
		if err := errors.Join(os.Remove(dir), os.Mkdir(dir, 0o700)); err != nil {
			return mirrorError(err)
		}
	}
	m.made[rel] = true
	entries, err := os.ReadDir(filepath.Join(m.root, rel))
	if err != nil {
		return mirrorError(err)
	}
	for _, e := range entries {
		if err := link(filepath.Join(m.root, rel, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// put writes a copy of a file.
func (m *mirror) put(rel string, data []byte) error {
	if err := m.makeDir(filepath.Dir(rel)); err != nil {
		return err
	}
	path := filepath.Join(m.dir, rel)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return mirrorError(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return mirrorError(err)
	}
	return nil
}

func (m *mirror) path(f *file) string { return filepath.Join(m.dir, f.rel) }

func (m *mirror) remove() error { return os.RemoveAll(m.top) }
