package activation

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/hbohlen/devsh/shell/inputs"
)

// Limits of [watch] files: beyond, a project should name fewer.
const (
	maxWatchFiles = 512
	maxWatchDirs  = 256
)

// watch records the files that the place's devsh.toml watches: with other
// contents they make another generation, and another evaluation.
func (w *resolution) watch(p *place) error {
	if w.Settings.off(LayerManifest) {
		return nil
	}
	files, err := watched(p.dir, p.manifest.Watch)
	if err != nil {
		return err
	}
	w.inputs = append(w.inputs, files...)
	for _, f := range files {
		if rel, err := filepath.Rel(p.dir, f.Path); err == nil && f.Digest != "" {
			p.salt += rel + "\x00" + f.Digest + "\n"
		}
	}
	if p.salt != "" {
		w.salt += p.dir + "\x00" + p.salt
	}
	return nil
}

// watched returns the files that the patterns match, and the directories in
// which a further match could appear. The files' content is read: its digest
// becomes part of the generation.
func watched(dir string, patterns []string) ([]inputs.File, error) {
	root := os.DirFS(dir)
	var files []inputs.File
	seen := map[string]bool{}
	add := func(rel string, isDir bool) error {
		if seen[rel] {
			return nil
		}
		seen[rel] = true
		full := filepath.Join(dir, rel)
		f, _, err := inputs.Read(full)
		if isDir || err != nil {
			f, err = inputs.Stat(full) // too large or special: its times must do
		}
		files = append(files, f)
		return err
	}
	for _, pattern := range patterns {
		base, rest := doublestar.SplitPattern(path.Clean(pattern))
		if err := add(base, true); err != nil {
			return nil, err
		}
		dirs := 0
		err := doublestar.GlobWalk(root, path.Join(base, rest), func(p string, d fs.DirEntry) error {
			if d.IsDir() {
				if dirs++; dirs > maxWatchDirs {
					return fmt.Errorf("[watch] %q matches more than %d directories", pattern, maxWatchDirs)
				}
			}
			if len(files) > maxWatchFiles {
				return fmt.Errorf("[watch] %q: more than %d files", pattern, maxWatchFiles)
			}
			if parent := path.Dir(p); parent != base {
				if err := add(parent, true); err != nil {
					return err
				}
			}
			return add(p, d.IsDir())
		}, doublestar.WithNoFollow())
		if err != nil {
			return nil, fmt.Errorf("watch files of %s: %w", dir, err)
		}
	}
	slices.SortFunc(files, func(a, b inputs.File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}
