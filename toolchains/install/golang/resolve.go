package golang

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// maxTried is how many versions are looked at.
const maxTried = 50

// module is what go list -m says of one.
type module struct {
	Path, Version string
	// GoVersion is missing where it is newer than this Go: then it is in GoMod,
	// the file.
	GoVersion, GoMod string
	Versions         []string
	Time             time.Time
}

// goLine is what a go.mod says of the Go it needs.
var goLine = regexp.MustCompile(`(?m)^go[ \t]+([0-9][0-9a-z.]*)`)

// Resolve chooses the newest version that is old enough and that this Go builds.
func (b *Backend) Resolve(ctx context.Context, w install.Wanted, p install.Progress) (lockfile.Tool, error) {
	p.Tell(install.Resolving)
	if err := lockfile.CheckPackage(lockfile.Go, w.Package); err != nil {
		return lockfile.Tool{}, err
	}
	g, err := b.about(ctx)
	if err != nil {
		return lockfile.Tool{}, err
	}
	dir, remove, err := b.scratch()
	if err != nil {
		return lockfile.Tool{}, err
	}
	defer remove()
	m, err := b.find(ctx, dir, w.Package)
	if err != nil {
		return lockfile.Tool{}, err
	}
	var reasons []string
	for i, v := range m.candidates(w) {
		if i >= maxTried {
			break
		}
		c, err := b.list(ctx, dir, m.Path+"@"+v)
		if err != nil {
			return lockfile.Tool{}, err
		}
		switch {
		case w.Young(c.Time):
			reasons = append(reasons, w.TooYoung(v, c.Time))
		case c.GoVersion != "" && version.Compare("go"+c.GoVersion, languageOf(g.Version)) > 0:
			reasons = append(reasons, fmt.Sprintf("%s needs Go %s, and this is %s", v, c.GoVersion, strings.TrimPrefix(g.Version, "go")))
		default:
			return b.lock(ctx, dir, w, c, p)
		}
	}
	return lockfile.Tool{}, w.None("Go's proxy", reasons)
}

// languageOf is the version of a Go, without what its builders added.
func languageOf(goversion string) string {
	v, _, _ := strings.Cut(goversion, " ")
	v, _, _ = strings.Cut(v, "-")
	return v
}

// find returns the module that a program's package is in: the longest path that
// is one.
func (b *Backend) find(ctx context.Context, dir, pkg string) (module, error) {
	var first error
	for path := pkg; path != "."; path = parent(path) {
		m, err := b.list(ctx, dir, path+"@latest", "-versions")
		if err == nil {
			return m, nil
		}
		if _, failed := errors.AsType[*install.Error](err); !failed {
			return module{}, err // interrupted
		}
		if first == nil {
			first = err
		}
	}
	return module{}, first
}

// parent is the path above, "." where none can be a module.
func parent(path string) string {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "."
	}
	return path[:i]
}

func (b *Backend) list(ctx context.Context, dir, query string, flags ...string) (module, error) {
	doing := fmt.Sprintf("look up %s in Go's proxy", query)
	args := slices.Concat([]string{"list", "-m", "-json", "-mod=mod"}, flags, []string{"--", query})
	out, err := b.run(ctx, b.command(doing, dir, args...))
	if err != nil {
		return module{}, err
	}
	var m module
	if err := json.Unmarshal(out, &m); err != nil {
		return m, &install.Error{Doing: doing, Reason: "go's answer is no JSON that is known", Err: err}
	}
	if m.GoVersion == "" && m.GoMod != "" {
		text, err := os.ReadFile(m.GoMod)
		if err != nil {
			return m, &install.Error{Doing: doing, Err: err}
		}
		if found := goLine.FindSubmatch(text); found != nil {
			m.GoVersion = string(found[1])
		}
	}
	return m, nil
}

// candidates are the versions that may be taken, newest first; releases, unless
// there is none, or one was asked for by itself.
func (m module) candidates(w install.Wanted) []string {
	all := m.Versions
	if !slices.Contains(all, m.Version) {
		all = append(slices.Clone(all), m.Version) // it has no tags, but a latest commit
	}
	var releases, others []string
	for _, v := range all {
		switch {
		case w.Allows != nil && !w.Allows(v):
		case install.Prerelease(v) && !w.Names(v):
			others = append(others, v)
		default:
			releases = append(releases, v)
		}
	}
	if len(releases) == 0 && w.Want == "" {
		releases = others
	}
	slices.SortFunc(releases, func(a, b string) int { return install.Compare(b, a) })
	return releases
}

// lock asks for the module's sum, which Go's checksum database confirms.
func (b *Backend) lock(ctx context.Context, dir string, w install.Wanted, m module, p install.Progress) (lockfile.Tool, error) {
	p.Tell(install.Locking)
	doing := fmt.Sprintf("lock %s %s from Go's proxy", m.Path, m.Version)
	out, err := b.run(ctx, b.command(doing, dir, "mod", "download", "-json", "--", m.Path+"@"+m.Version))
	var d struct{ Sum, Error string }
	if jsonErr := json.Unmarshal(out, &d); err != nil || jsonErr != nil || d.Sum == "" {
		if d.Error != "" {
			why, how := reason("", d.Error)
			return lockfile.Tool{}, &install.Error{Doing: doing, Reason: why, Hint: how, Err: err}
		}
		return lockfile.Tool{}, errors.Join(err, jsonErr)
	}
	return lockfile.Tool{
		Name: w.Name, From: lockfile.Go, Package: w.Package, Want: w.Want, Module: m.Path,
		Version: m.Version, Hash: d.Sum, Published: m.Time.UTC().Truncate(time.Second),
	}, nil
}
