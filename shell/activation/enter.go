package activation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hbohlen/devsh/shell/project"
)

// Enter is what the hook asks for: make what is known of the directory true,
// where the shell may stand in a place that has gone or that is reached by a
// link. dir is the shell's $PWD.
func (r *Resolver) Enter(ctx context.Context, dir string, opts Options) (*Entry, error) {
	if !filepath.IsAbs(dir) {
		return nil, fmt.Errorf("%q is not an absolute directory", dir)
	}
	dir = filepath.Clean(dir)
	r.forgetLinks(dir)
	for {
		e, err := r.Resolve(ctx, dir, opts)
		if err == nil {
			err = r.forgetWithin(e.Project.Dir, dir)
		}
		if !errors.Is(err, project.ErrGone) {
			return e, err
		}
		// The shell stands in what is no more: the nearest that is left governs.
		if err := r.Store.Place(dir).forget(); err != nil {
			return nil, err
		}
		dir = filepath.Dir(dir)
	}
}

// forgetWithin takes away what is known between a directory and the project
// that owns it: these were projects once, and the hook would take the nearest.
func (r *Resolver) forgetWithin(projectDir, dir string) error {
	resolved, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil // it has gone just now: the next look finds out
	}
	for _, level := range project.Levels(projectDir, resolved)[1:] {
		if err := r.Store.Place(level).forget(); err != nil {
			return fmt.Errorf("forget what was known of %s: %w", level, err)
		}
	}
	return nil
}

// forgetLinks takes away what is known under names that are links now: a
// project that was replaced by a link is where the link leads.
func (r *Resolver) forgetLinks(dir string) {
	for _, level := range project.Levels("/", dir) {
		resolved, err := filepath.EvalSymlinks(level)
		if err == nil && resolved != level {
			_ = r.Store.Place(level).forget() // the hook looks at the link first anyway
		}
	}
}

// forget removes the entry in force: shells find its stamps gone at their next
// prompt.
func (p Place) forget() error {
	if err := remove(p.Current()); err != nil {
		return err
	}
	names, err := os.ReadDir(p.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, n := range names {
		if strings.HasPrefix(n.Name(), entryPrefix) {
			err = errors.Join(err, remove(filepath.Join(p.Dir, n.Name())))
		}
	}
	return err
}

// Current returns the entry in force of the project that owns dir if it is
// still true, and else resolves.
func (r *Resolver) Current(ctx context.Context, dir string) (*Entry, error) {
	p, err := project.Find(dir, r.Settings.Roots)
	if err != nil {
		return nil, err
	}
	if err := r.Store.check(); err != nil {
		return nil, err
	}
	if e := r.inForce(p); e != nil && e.State != Building {
		return e, nil
	}
	return r.Resolve(ctx, dir, Options{})
}

// InForce returns the entry in force of the project that owns dir if it is still
// true, also while it is being built, and else nil.
func (r *Resolver) InForce(dir string) *Entry {
	p, err := project.Find(dir, r.Settings.Roots)
	if err != nil || r.Store.check() != nil {
		return nil
	}
	if e := r.inForce(p); e != nil && (e.State != Building || e.Working()) {
		return e
	}
	return nil
}

func (r *Resolver) inForce(p *project.Project) *Entry {
	place := r.Store.Place(p.Dir)
	e, err := place.Entry()
	if err != nil || e.Renderer != rendererVersion || e.Settings != r.Settings.Digest || !samePlace(e.Project, *p) || len(e.Stale()) > 0 {
		return nil
	}
	if _, err := place.Delta(e.Generation); err != nil {
		return nil
	}
	return e
}

// Known returns what is known of the project that owns dir, true or not, or
// nil where nothing is.
func (r *Resolver) Known(dir string) *Entry {
	p, err := project.Find(dir, r.Settings.Roots)
	if err != nil {
		return nil
	}
	e, err := r.Store.Place(p.Dir).Entry()
	if err != nil {
		return nil
	}
	return e
}
