package golang

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// Install builds the program, and looks what it was built from.
func (b *Backend) Install(ctx context.Context, tool lockfile.Tool, dir, _ string, p install.Progress) (map[string]string, error) {
	doing := fmt.Sprintf("install %s %s with go", tool.Package, tool.Version)
	work, remove, err := b.scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	p.Tell(install.Building)
	if err := b.build(ctx, doing, work, filepath.Join(dir, "bin"), tool); err != nil {
		return nil, err
	}
	p.Tell(install.Checking)
	name := binary(tool.Package)
	info, err := buildinfo.ReadFile(filepath.Join(dir, "bin", name))
	if err != nil {
		return nil, &install.Error{Doing: doing, Err: err}
	}
	if info.Path != tool.Package || info.Main.Path != tool.Module || info.Main.Version != tool.Version || info.Main.Sum != tool.Hash {
		return nil, &install.Error{
			Doing:  doing,
			Reason: fmt.Sprintf("what was built is %s %s with sum %s, and the lock says %s", info.Main.Path, info.Main.Version, info.Main.Sum, tool.Hash),
			Hint:   install.Beware,
		}
	}
	return map[string]string{name: "bin/" + name}, nil
}

// build has go install it: from the module cache alone, if all is there. Asked
// for a package, go looks for modules in all paths above it, and those that are
// none are in no cache: offline it would fail.
func (b *Backend) build(ctx context.Context, doing, work, bin string, tool lockfile.Tool) error {
	g, err := b.about(ctx)
	if err != nil {
		return err
	}
	for _, cached := range []bool{true, false} {
		c := b.command(doing, work, "install", "--", tool.Package+"@"+tool.Version)
		c.Env["GOBIN"] = bin
		if cached {
			cache := url.URL{Scheme: "file", Path: filepath.Join(g.Cache, "cache/download")}
			c.Env["GOPROXY"], c.Env["GONOPROXY"] = cache.String(), "none"
		}
		if _, err = b.run(ctx, c); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// binary is how go install calls a program.
func binary(pkg string) string {
	name := path.Base(pkg)
	if rest, ok := strings.CutPrefix(name, "v"); ok && rest != "" && strings.Trim(rest, "0123456789") == "" && path.Dir(pkg) != "." {
		return path.Base(path.Dir(pkg))
	}
	return name
}
