package cargo

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// Install builds the archive that the lock names, with what its own Cargo.lock
// names, once it is known that nothing runs that was not allowed.
func (b *Backend) Install(ctx context.Context, tool lockfile.Tool, dir, _ string, p install.Progress) (map[string]string, error) {
	doing := fmt.Sprintf("install %s %s with cargo", tool.Package, tool.Version)
	p.Tell(install.Installing)
	a, err := b.fetch(ctx, tool.Package, tool.Version, tool.Hash)
	if err != nil {
		return nil, err
	}
	work, remove, err := b.source(a)
	if err != nil {
		return nil, err
	}
	defer remove()
	if err := b.allowed(ctx, doing, work, tool); err != nil {
		return nil, err
	}
	p.Tell(install.Compiling)
	// All has been downloaded.
	c := b.command(doing, work, "install", "--path=.", "--locked", "--offline", "--no-track", "--root="+dir, "--target-dir="+filepath.Join(work, "target"))
	if _, err := c.Run(ctx); err != nil {
		return nil, err
	}
	p.Tell(install.Checking)
	files, err := os.ReadDir(filepath.Join(dir, "bin"))
	if err != nil {
		return nil, fmt.Errorf("look at what was installed: %w", err)
	}
	bins := map[string]string{}
	for _, f := range files {
		bins[f.Name()] = "bin/" + f.Name()
	}
	return bins, nil
}

// source makes a directory of a crate's archive. It is a workspace of its own,
// whatever lies above it.
func (b *Backend) source(a archive) (dir string, remove func(), err error) {
	if text := a["Cargo.toml"]; !strings.Contains(text, "[workspace") {
		a["Cargo.toml"] = text + "\n[workspace]\n"
	}
	return b.Scratch(a)
}

// metadata is what cargo metadata says of all that a crate is built of.
type metadata struct {
	Packages []struct {
		Name, Version, Source string
		Targets               []struct{ Kind []string }
	}
}

// allowed refuses what would run code that was not allowed by name: build
// scripts run before, and macros while a crate is compiled.
func (b *Backend) allowed(ctx context.Context, doing, work string, tool lockfile.Tool) error {
	r, err := b.about(ctx)
	if err != nil {
		return err
	}
	out, err := b.command(doing, work, "metadata", "--locked", "--format-version=1", "--filter-platform="+r.Host).Run(ctx)
	if err != nil {
		return err
	}
	var m metadata
	if err := json.Unmarshal(out, &m); err != nil {
		return &install.Error{Doing: doing, Reason: "cargo's answer is no JSON that is known", Err: err}
	}
	var running []string
	for _, p := range m.Packages {
		for _, t := range p.Targets {
			if slices.Contains(t.Kind, "custom-build") || slices.Contains(t.Kind, "proc-macro") {
				running = append(running, p.Name)
			}
		}
		// A Cargo.lock has no checksum for what does not come from a registry.
		if p.Source != "" && !strings.HasPrefix(p.Source, "registry+") && !strings.HasPrefix(p.Source, "sparse+") {
			return &install.Error{Doing: doing, Reason: fmt.Sprintf("%s does not come from a registry, so nothing proves what it is: %s", p.Name, p.Source)}
		}
	}
	if len(running) == 0 || slices.Contains(tool.Scripts, tool.Package) {
		return nil
	}
	slices.Sort(running)
	running = slices.Compact(running)
	names := strings.Join(running[:min(3, len(running))], ", ")
	if more := len(running) - 3; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return &install.Error{
		Doing: doing, Reason: fmt.Sprintf("to build it runs code of %s, and that is not allowed", names),
		Hint: fmt.Sprintf("to allow it: «devsh tools install cargo:%s --allow-scripts %s»", tool.Package, tool.Package),
	}
}
