package store

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// References returns the absolute paths that an installation in dir leads to:
// targets of links, loaders and directories of libraries of its programs.
func References(dir string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			if filepath.IsAbs(target) {
				out = append(out, target)
				if real, err := filepath.EvalSymlinks(target); err == nil {
					out = append(out, real) // of a profile of nix's, what it is now
				}
			}
		case d.Type().IsRegular():
			x, err := readELF(path)
			if err != nil {
				return err
			}
			out = append(out, x.libraries...)
			if x.interpreter != "" {
				out = append(out, x.interpreter)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look at what was installed: %w", err)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// libraries are the directories that an ELF file has its libraries looked for in.
func libraries(f *elf.File) []string {
	var out []string
	for _, tag := range []elf.DynTag{elf.DT_RUNPATH, elf.DT_RPATH} {
		lists, _ := f.DynString(tag) // without, it has none
		for _, list := range lists {
			for dir := range strings.SplitSeq(list, ":") {
				if filepath.IsAbs(dir) {
					out = append(out, dir)
				}
			}
		}
	}
	return out
}

// Roots is the directory for the links by which others keep what an entry refers
// to, beside the entry: it is there as long as that is.
func (s Store) Roots(final string) string {
	return filepath.Join(s.Dir, "roots", filepath.Base(final))
}

// rooted reports whether all that an entry had kept is so still.
func (s Store) rooted(e Entry) bool {
	if len(e.Roots) == 0 {
		return true
	}
	links, err := os.ReadDir(s.Roots(e.Dir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	var kept []string
	for _, l := range links {
		if target, err := os.Readlink(filepath.Join(s.Roots(e.Dir), l.Name())); err == nil {
			kept = append(kept, target)
		}
	}
	return !slices.ContainsFunc(e.Roots, func(path string) bool { return !slices.Contains(kept, path) })
}
