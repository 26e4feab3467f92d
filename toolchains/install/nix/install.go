package nix

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// built is what nix says that it built: paths by output.
type built []struct{ Outputs map[string]string }

// Install has nix build the package, or fetch it, and links to it.
func (b *Backend) Install(ctx context.Context, tool lockfile.Tool, dir, _ string, p install.Progress) (map[string]string, error) {
	if err := b.Available(ctx); err != nil {
		return nil, err
	}
	doing := fmt.Sprintf("install %s %s from nixpkgs", tool.Package, tool.Version)
	p.Tell(install.Building)
	var out built
	// The link keeps it from being collected until [Backend.Hold] does.
	err := b.json(ctx, doing, &out, "build", "--json", "--no-write-lock-file", "--out-link", filepath.Join(dir, "result"), "--", named(tool.Flake, tool.Hash, tool.Package))
	if err != nil {
		return nil, err
	}
	p.Tell(install.Checking)
	bins := map[string]string{}
	for _, one := range out {
		for _, output := range slices.Sorted(maps.Keys(one.Outputs)) {
			path := one.Outputs[output]
			if b.in(path) == "" {
				return nil, &install.Error{Doing: doing, Reason: fmt.Sprintf("nix built %q, which is not in its store", path)}
			}
			if err := link(path, dir, bins); err != nil {
				return nil, &install.Error{Doing: doing, Err: err}
			}
		}
	}
	return bins, nil
}

// link links to the programs of an output, and to what shells and people read.
func link(output, dir string, bins map[string]string) error {
	for _, sub := range slices.Concat([]string{"bin"}, install.Shared()) {
		files, err := os.ReadDir(filepath.Join(output, sub))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		for _, f := range files {
			if strings.HasPrefix(f.Name(), ".") {
				continue // what a wrapper starts
			}
			if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
				return err
			}
			err := os.Symlink(filepath.Join(output, sub, f.Name()), filepath.Join(dir, sub, f.Name()))
			if err != nil && !errors.Is(err, os.ErrExist) {
				return err
			}
			if sub == "bin" {
				bins[f.Name()] = "bin/" + f.Name()
			}
		}
	}
	return nil
}

// in is the path in nix's store that a file is in, "" if it is in none.
func (b *Backend) in(path string) string {
	rest, ok := strings.CutPrefix(filepath.Clean(path), b.store()+"/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return filepath.Join(b.store(), name)
}

// Held returns which of the paths that something refers to nix would collect:
// those in its store, each once, without what is within.
func (b *Backend) Held(paths []string) []string {
	var out []string
	for _, path := range paths {
		if in := b.in(path); in != "" {
			out = append(out, in)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Hold keeps paths of nix's store from being collected, as long as the links
// are there that it makes: at link, link-1, and so on.
func (b *Backend) Hold(ctx context.Context, paths []string, link string) error {
	if len(paths) == 0 {
		return nil
	}
	doing := "keep nix from collecting " + strings.Join(paths, " ")
	if err := b.Available(ctx); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return b.json(ctx, doing, nil, slices.Concat([]string{"build", "--out-link", link, "--"}, paths)...)
}
