package project

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Kind is what a [Project] was recognised by.
type Kind string

const (
	// Declared projects have a deciding file.
	Declared Kind = "project"
	// Repository stands for a version-control directory or a manifest.
	Repository Kind = "repository"
	// Root is a root itself: no project owns the directory.
	Root Kind = "root"
)

// Project owns a directory under a root. All paths are absolute and resolved.
type Project struct {
	Dir  string
	Root string
	Kind Kind
	// Chain holds the directories from the root down to Dir that have a
	// deciding file, outer first. Dir itself is last if Kind is Declared.
	Chain []string
}

// Name is what people call the project: its directory's name.
func (p *Project) Name() string { return filepath.Base(p.Dir) }

// Errors that say why no project owns a directory.
var (
	// ErrNotGoverned: the directory lies outside all roots.
	ErrNotGoverned = errors.New("not under a root")
	// ErrGone: the directory does not exist.
	ErrGone = errors.New("directory does not exist")
	// ErrReserved: the path has a component named [Reserved].
	ErrReserved = errors.New("a directory named " + Reserved + " cannot be governed")
)

// Find returns the project that owns dir, an absolute path. Links are resolved
// first, in dir and in the roots; a root that does not exist is passed over.
// The error wraps [ErrNotGoverned], [ErrGone] or [ErrReserved].
func Find(dir string, roots []string) (*Project, error) {
	resolved, err := filepath.EvalSymlinks(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", dir, ErrGone)
	}
	if err != nil {
		return nil, fmt.Errorf("resolve directory: %w", err)
	}
	root, ok := rootOf(resolved, roots)
	if !ok {
		return nil, fmt.Errorf("%s: %w", resolved, ErrNotGoverned)
	}
	if slices.Contains(strings.Split(resolved, "/"), Reserved) {
		return nil, fmt.Errorf("%s: %w", resolved, ErrReserved)
	}
	return find(resolved, root), nil
}

func find(dir, root string) *Project {
	p := &Project{Root: root}
	sign := ""
	for d := dir; ; d = filepath.Dir(d) {
		if hasAny(d, Deciding()) {
			p.Chain = append(p.Chain, d)
		}
		if sign == "" && hasAny(d, Signs()) {
			sign = d
		}
		if d == root {
			break
		}
	}
	slices.Reverse(p.Chain)
	switch {
	case len(p.Chain) > 0:
		p.Dir, p.Kind = p.Chain[len(p.Chain)-1], Declared
	case sign != "":
		p.Dir, p.Kind = sign, Repository
	default:
		p.Dir, p.Kind = root, Root
	}
	return p
}

// rootOf returns the innermost root that contains dir.
func rootOf(dir string, roots []string) (string, bool) {
	best := ""
	for _, r := range roots {
		resolved, err := filepath.EvalSymlinks(r)
		if err == nil && Within(dir, resolved) && len(resolved) > len(best) {
			best = resolved
		}
	}
	return best, best != ""
}

// Within reports whether path is dir or lies below it. Both are clean and
// absolute; ~/dev/a-evil is not within ~/dev/a.
func Within(path, dir string) bool {
	return path == dir || dir == "/" || strings.HasPrefix(path, dir+"/")
}

// Levels returns the directories from top down to dir, both included.
func Levels(top, dir string) []string {
	var levels []string
	for d := dir; ; d = filepath.Dir(d) {
		levels = append(levels, d)
		if d == top || d == filepath.Dir(d) {
			break
		}
	}
	slices.Reverse(levels)
	return levels
}

func hasAny(dir string, names []string) bool {
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}
