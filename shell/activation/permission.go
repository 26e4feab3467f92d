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
	"syscall"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/manifest"
	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/shell/trust"
)

// Request is what a place asks the user to allow.
type Request struct {
	Dir     string
	Digest  string
	Verdict trust.Verdict
	// Files are the deciding inputs that exist.
	Files []trust.File
	// Writable names the directories that it puts on PATH and that programs in
	// the project can write: what they put there is run by name.
	Writable []string
	// Delta is what its devsh.toml changes. What a Nix shell changes is known
	// only when it has been evaluated, and that runs what it says.
	Delta env.Delta
	// Problem is what is wrong with the files; it can be allowed all the same.
	Problem error

	inputs trust.Inputs
}

// ErrNothing says that a directory has no deciding file: nothing to allow.
var ErrNothing = errors.New("no devsh.toml, flake.nix or shell.nix here or above")

// ErrRoot says that root will not allow what belongs to another user.
var ErrRoot = errors.New("it belongs to another user, and root does not allow for others")

// Ask reads what the place that governs dir asks for. The error wraps
// [ErrNothing] where no place does.
func (r *Resolver) Ask(dir string) (*Request, error) {
	p, err := project.Find(dir, r.Settings.Roots)
	if err != nil {
		return nil, err
	}
	if p.Kind != project.Declared {
		return nil, fmt.Errorf("%s: %w", dir, ErrNothing)
	}
	pl, err := r.examine(p.Dir)
	if damaged, ok := errors.AsType[*trust.RecordError](err); ok {
		pl.fail(damaged) // allowing anew is what mends it
	} else if err != nil {
		return nil, err
	}
	req := &Request{Dir: p.Dir, Digest: pl.deciding.Digest(manifest.TouchesCode), Verdict: pl.verdict, Problem: pl.err, inputs: pl.deciding}
	for _, f := range pl.deciding.Files {
		if f.Exists {
			req.Files = append(req.Files, f)
		}
	}
	if d, err := pl.delta(r.Home); err == nil {
		req.Delta, req.Writable = d, writable(p.Dir, d)
	} else if req.Problem == nil {
		req.Problem = err
	}
	if r.Tools != nil && !r.Settings.off(LayerTools) {
		if l, err := r.Tools.Of(p.Dir, pl.deciding.Files); err == nil { // else resolving says it
			req.Writable = append(req.Writable, writable(p.Dir, l.Inner.Delta)...)
		}
	}
	return req, nil
}

// writable lists the entries of PATH that lie in the project.
func writable(dir string, d env.Delta) []string {
	l := d.Lists[env.Path]
	var out []string
	for _, e := range slices.Concat(l.Prepend, l.Append) {
		if project.Within(e, dir) {
			out = append(out, e)
		}
	}
	return out
}

// Allow records that the request, as it was read, may decide what runs.
func (r *Resolver) Allow(req *Request) error {
	if err := r.Store.Open(); err != nil {
		return err
	}
	if err := checkOwner(req.Dir); err != nil {
		return err
	}
	return r.trust().Allow(req.inputs, r.Now())
}

// checkOwner refuses root the projects of others: what root allows runs as root.
func checkOwner(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	for _, path := range []string{dir, filepath.Join(dir, manifest.Name)} {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 {
			return fmt.Errorf("%s: %w", path, ErrRoot)
		}
	}
	return nil
}

// Deny records that the place that governs dir may decide nothing, and takes
// away what is known of it and of all below, so that running shells leave. What
// is being built there is ended: no more of it may run.
func (r *Resolver) Deny(ctx context.Context, dir string) (string, error) {
	if err := r.Store.Open(); err != nil {
		return "", err
	}
	p, err := project.Find(dir, r.Settings.Roots)
	if err != nil {
		return "", err
	}
	if p.Kind != project.Declared {
		return "", fmt.Errorf("%s: %w", dir, ErrNothing)
	}
	if err := r.trust().Deny(p.Dir, r.Now()); err != nil {
		return "", err
	}
	r.endWorkers(p.Dir)
	if err := errors.Join(r.forgetBelow(p.Dir), r.forgetFollowers(p.Dir)); err != nil {
		return "", err
	}
	_, err = r.Resolve(ctx, p.Dir, Options{Judge: true})
	return p.Dir, err
}

// endWorkers ends what builds in a place, in all below, and by its permission
// elsewhere. What it cannot end finds out itself, before it publishes anything.
func (r *Resolver) endWorkers(dir string) {
	known, _ := r.Store.Known() // those that can be read
	record := r.trust().File(dir)
	for _, e := range known {
		if project.Within(e.Project.Dir, dir) || dependsOn(e, record) {
			e.endWorker()
		}
	}
}

// dependsOn reports whether a file is an input of the entry.
func dependsOn(e *Entry, path string) bool {
	return slices.ContainsFunc(e.Inputs, func(f inputs.File) bool { return f.Path == path })
}

func (r *Resolver) forgetBelow(dir string) error {
	top := filepath.Dir(r.Store.Place(dir).Dir)
	return filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if d.Name() == project.Reserved {
			if err := (Place{Dir: path}).forget(); err != nil {
				return err
			}
			return fs.SkipDir
		}
		return nil
	})
}

// forgetFollowers takes away what is known elsewhere by the permission of a
// place: its other worktrees, which would else notice in a few prompts' time.
func (r *Resolver) forgetFollowers(dir string) error {
	known, err := r.Store.Known()
	record := r.trust().File(dir)
	for _, e := range known {
		if dependsOn(e, record) {
			err = errors.Join(err, r.Store.Place(e.Project.Dir).forget())
		}
	}
	return err
}

// Known returns the entries of all known projects, sorted by directory.
// Entries that cannot be read are left out.
func (s Store) Known() ([]*Entry, error) {
	var all []*Entry
	err := filepath.WalkDir(s.tree(), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if d.Name() == project.Reserved {
			if e, err := (Place{Dir: path}).Entry(); err == nil {
				all = append(all, e)
			}
			return fs.SkipDir
		}
		return nil
	})
	slices.SortFunc(all, func(a, b *Entry) int { return strings.Compare(a.Project.Dir, b.Project.Dir) })
	return all, err
}
