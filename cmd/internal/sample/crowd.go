package sample

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Crowd makes a state directory know n more projects, beside the one at
// project that it knows already: as if devsh had entered each of them. What is
// published is never changed, so the files are shared.
func Crowd(state, project string, n int) error {
	tree := filepath.Join(state, "devsh", "v1", "tree")
	from := filepath.Join(tree, project, "@devsh")
	if _, err := os.Stat(filepath.Join(from, "current", "check.fish")); err != nil {
		return fmt.Errorf("copy what is known of %s: %w", project, err)
	}
	for i := range n {
		// In groups, as people keep them, and all in one directory would be
		// another measure.
		to := filepath.Join(tree, filepath.Dir(project), "group-"+strconv.Itoa(i%100), "project-"+strconv.Itoa(i), "@devsh")
		if err := link(from, to); err != nil {
			return fmt.Errorf("copy what is known of %s: %w", project, err)
		}
	}
	return nil
}

// link copies a tree by hard links.
func link(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		target := to + strings.TrimPrefix(path, from)
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return os.MkdirAll(target, 0o700)
		case d.Type() == fs.ModeSymlink:
			dest, err := os.Readlink(path)
			return errors.Join(err, os.Symlink(dest, target))
		}
		return os.Link(path, target)
	})
}
