package uv

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// Resolve has uv choose the newest version that is old enough and runs by this
// Python, and lock it with all that it needs, which has to be as old.
func (b *Backend) Resolve(ctx context.Context, w install.Wanted, p install.Progress) (lockfile.Tool, error) {
	p.Tell(install.Resolving)
	if err := lockfile.CheckPackage(lockfile.UV, w.Package); err != nil {
		return lockfile.Tool{}, err
	}
	tool := lockfile.Tool{Name: w.Name, From: lockfile.UV, Package: w.Package, Want: w.Want}
	locked, err := b.compile(ctx, w, w.MinAge)
	if err != nil {
		return tool, b.explain(ctx, w, err)
	}
	tool.Packages = locked
	i := slices.IndexFunc(locked, func(p lockfile.Package) bool { return p.Path == lockfile.Normal(w.Package) })
	if i < 0 {
		return tool, &install.Error{Doing: fmt.Sprintf("lock %s from PyPI", w.Package), Reason: "uv did not lock the package itself"}
	}
	tool.Version = locked[i].Version
	return tool, nil
}

// explain says of a tool that cannot be had whether it is too young.
func (b *Backend) explain(ctx context.Context, w install.Wanted, err error) error {
	e, ok := errors.AsType[*install.Error](err)
	if !ok || w.MinAge <= 0 || ctx.Err() != nil || !strings.Contains(e.Reason, "No solution") {
		return err
	}
	locked, other := b.compile(ctx, w, 0)
	if other != nil {
		return err
	}
	for _, p := range locked {
		if p.Path == lockfile.Normal(w.Package) {
			return w.None("PyPI", []string{fmt.Sprintf("%s, or something that it needs, appeared less than %s ago", p.Version, install.Age(w.MinAge))})
		}
	}
	return err
}

// compile has uv choose versions of a tool and all that it needs, for this
// Python and later ones, on any system.
func (b *Backend) compile(ctx context.Context, w install.Wanted, minAge time.Duration) ([]lockfile.Package, error) {
	py, err := b.about(ctx)
	if err != nil {
		return nil, err
	}
	dir, remove, err := b.scratch(wish(w.Package, w.Want))
	if err != nil {
		return nil, err
	}
	defer remove()
	doing := fmt.Sprintf("lock %s from PyPI", w.Package)
	args := []string{"pip", "compile", "--quiet", "--generate-hashes", "--universal", "--no-build", "--no-header", "--no-annotate", "--python", py.Path}
	if minAge > 0 {
		args = append(args, "--exclude-newer", w.Now.Add(-minAge).UTC().Format(time.RFC3339))
	}
	out, err := b.command(doing, dir, append(args, requirementsName)...).Run(ctx)
	if err != nil {
		return nil, err
	}
	packages, err := read(string(out))
	if err != nil {
		return nil, &install.Error{Doing: doing, Err: err}
	}
	return packages, nil
}
