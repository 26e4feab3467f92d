package activation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hbohlen/devsh/shell/nixenv"
	"github.com/hbohlen/devsh/shell/project"
)

const (
	// evaluationAge is how long an evaluation is kept that no generation refers
	// to: one may be about to.
	evaluationAge = 24 * time.Hour
	// collectLockTime is how long collecting waits for a project that is being
	// resolved; then that one's turn is the next time.
	collectLockTime = time.Second
)

// Collector finds what nobody needs any more in the whole state directory. It
// never looks at trust records but for temporary files: what the user allowed
// cannot be computed anew.
type Collector struct {
	Store   Store
	Roots   []string
	Now     time.Time
	Keep    int           // generations of a project
	GoneFor time.Duration // before a project that is missing counts as gone
}

// Plan is what is to be collected, sorted by path, and which projects are
// missing but stay.
type Plan struct {
	Garbage []Garbage
	Missing []Missing
}

// Plan looks at all there is and changes nothing. What it says is to be done
// under [Collector.Lock].
func (c Collector) Plan(ctx context.Context) (*Plan, error) {
	if err := c.Store.check(); err != nil {
		return nil, err
	}
	used, ended := c.Store.shells()
	plan := &Plan{}
	for _, file := range ended {
		plan.Garbage = append(plan.Garbage, Garbage{Kind: EndedShell, Path: file, Why: "the shell has ended"})
	}
	referred := map[string]bool{}
	if _, err := c.walk(ctx, c.Store.tree(), func(dir string) { c.look(dir, used, plan, referred) }, plan); err != nil {
		return nil, fmt.Errorf("collect: %w", err)
	}
	stored, err := nixenv.Evaluations(c.Store.Dir)
	if err != nil {
		return nil, err
	}
	for _, s := range stored {
		if !referred[s.Key] && c.Now.Sub(s.Changed) > evaluationAge {
			plan.Garbage = append(plan.Garbage, Garbage{Kind: Evaluation, Path: s.Dir, Why: "no project that is known refers to it"})
		}
	}
	for _, dir := range []string{c.Store.settings(), c.Store.trust(), c.Store.Nix()} {
		plan.Garbage = append(plan.Garbage, temporaries(dir, c.Now, rubbishAge)...)
	}
	for _, path := range c.Store.discarded() {
		plan.Garbage = append(plan.Garbage, Garbage{Kind: Temporary, Path: path, Why: "collecting it was interrupted"})
	}
	for i, g := range plan.Garbage {
		plan.Garbage[i].Bytes = size(g.Path)
	}
	slices.SortFunc(plan.Garbage, func(a, b Garbage) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(plan.Missing, func(a, b Missing) int { return strings.Compare(a.Project, b.Project) })
	return plan, nil
}

// walk calls look for each project of which something is known in the mirrored
// tree below top, and plans to remove the topmost directories below which there
// is none. It reports whether this is one.
func (c Collector) walk(ctx context.Context, top string, look func(dir string), plan *Plan) (empty bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, context.Cause(ctx)
	}
	names, err := os.ReadDir(top)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // gone meanwhile
	}
	if err != nil {
		return false, err
	}
	empty = true
	var bare []Garbage
	for _, n := range names {
		path := filepath.Join(top, n.Name())
		switch {
		case !n.IsDir():
			empty = false
		case n.Name() == project.Reserved:
			empty = false
			look(strings.TrimPrefix(top, c.Store.tree()))
		default:
			below, err := c.walk(ctx, path, look, plan)
			if err != nil {
				return false, err
			}
			if !below {
				empty = false
				continue
			}
			bare = append(bare, Garbage{Kind: EmptyTree, Path: path, Why: "nothing is known of what is there"})
		}
	}
	if !empty || top == c.Store.tree() {
		plan.Garbage = append(plan.Garbage, bare...)
	}
	return empty, nil
}

// look plans for one project, and notes to which evaluations what stays refers.
func (c Collector) look(dir string, used shellNotes, plan *Plan, referred map[string]bool) {
	place := c.Store.Place(dir)
	e, err := place.Entry()
	if err != nil {
		e = nil
	}
	garbage, missing := c.judge(dir, e, used)
	plan.Garbage = append(plan.Garbage, garbage...)
	if missing != nil {
		plan.Missing = append(plan.Missing, *missing)
	}
	goes := func(path string) bool {
		return slices.ContainsFunc(garbage, func(g Garbage) bool { return g.Path == path })
	}
	if goes(place.Dir) {
		return
	}
	if e != nil {
		for _, l := range e.Layers {
			referred[l.Evaluation] = true
		}
	}
	for _, id := range place.generations() {
		if !goes(place.Generation(id)) {
			for _, key := range place.evaluations(id) {
				referred[key] = true
			}
		}
	}
}

// judge says what of a project is garbage, or that it is missing.
func (c Collector) judge(dir string, e *Entry, used shellNotes) ([]Garbage, *Missing) {
	place := c.Store.Place(dir)
	absent, unsure := absence(dir, e, c.Roots)
	if !absent {
		garbage := place.garbage(e, used, c.Keep, c.Now)
		for i := range garbage {
			garbage[i].Project = dir
		}
		return garbage, nil
	}
	mark, err := os.Lstat(filepath.Join(place.Dir, markName))
	m := Missing{Project: dir, Since: c.Now, Why: unsure, mark: err != nil}
	if err == nil {
		m.Since = mark.ModTime()
	}
	switch {
	case unsure != "":
		m.mark = false // that it is missing says nothing
	case used.below(place.Dir):
		m.Why = "a running shell uses its environment"
	case c.Now.Sub(m.Since) < c.GoneFor:
		m.Why = "it may come back"
	default:
		return []Garbage{{Kind: GoneProject, Path: place.Dir, Project: dir, Why: "its directory is gone"}}, nil
	}
	return nil, &m
}

// generations returns those that are there.
func (p Place) generations() []string {
	names, err := os.ReadDir(p.Dir)
	if err != nil {
		return nil
	}
	var ids []string
	for _, n := range names {
		if id, ok := strings.CutPrefix(n.Name(), generationPrefix); ok {
			ids = append(ids, id)
		}
	}
	return ids
}
