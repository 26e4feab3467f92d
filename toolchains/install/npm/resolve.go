package npm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// maxTried is how many versions' dependencies are looked at.
const maxTried = 10

// packument is what the registry knows of a package.
type packument struct {
	Versions list              `json:"versions"`
	Time     map[string]string `json:"time"`
	Tags     map[string]string `json:"dist-tags"`
}

// list is what npm shows as a string where it is one.
type list []string

// UnmarshalJSON reads either.
func (l *list) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*l = list{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(l))
}

// detail is what a version says of itself.
type detail struct {
	Name       string                     `json:"name"`
	Version    string                     `json:"version"`
	Engines    map[string]json.RawMessage `json:"engines"`
	Deprecated any                        `json:"deprecated"`
}

// Resolve chooses a version and locks all that it depends on. What it depends
// on has to be as old as the tool itself.
func (b *Backend) Resolve(ctx context.Context, w install.Wanted, p install.Progress) (lockfile.Tool, error) {
	p.Tell(install.Resolving)
	if err := lockfile.CheckPackage(lockfile.NPM, w.Package); err != nil {
		return lockfile.Tool{}, err
	}
	n, err := b.about(ctx)
	if err != nil {
		return lockfile.Tool{}, err
	}
	dir, remove, err := b.scratch()
	if err != nil {
		return lockfile.Tool{}, err
	}
	defer remove()
	if err := b.ownAge(ctx, dir, &w); err != nil {
		return lockfile.Tool{}, err
	}
	var known packument
	if err := b.view(ctx, dir, &known, w.Package, "versions", "time", "dist-tags"); err != nil {
		return lockfile.Tool{}, err
	}
	details, reasons := map[string]detail{}, []string{}
	tried := 0
	for _, c := range known.candidates(w) {
		if w.Young(c.Published) {
			reasons = append(reasons, w.TooYoung(c.Version, c.Published))
			continue
		}
		d, err := b.detail(ctx, dir, w.Package, c.Version, details)
		if err != nil {
			return lockfile.Tool{}, err
		}
		if why := against(w, n, d); why != "" {
			reasons = append(reasons, why)
			continue
		}
		tool, why, err := b.lock(ctx, dir, w, c, d, p)
		if err != nil || why == "" {
			return tool, err
		}
		reasons = append(reasons, why)
		if tried++; tried == maxTried {
			break
		}
	}
	return lockfile.Tool{}, w.None("npm", reasons)
}

// scratch is a directory that is a project: without that, npm would look for one
// above, whose npmrc may be anybody's.
func (b *Backend) scratch() (dir string, remove func(), err error) {
	return b.Scratch(map[string]string{projectName: `{"private": true}`})
}

// ownAge takes the user's own minimum age, in days, if it is longer.
func (b *Backend) ownAge(ctx context.Context, dir string, w *install.Wanted) error {
	if w.MinAge <= 0 {
		return nil // asked for: --min-age 0
	}
	out, err := b.run(ctx, "read npm's settings", dir, "config", "get", "min-release-age")
	if err != nil {
		return err
	}
	if days, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64); err == nil && days > 0 && days < 10000 {
		w.MinAge = max(w.MinAge, time.Duration(days*24*float64(time.Hour)))
	}
	return nil
}

func (b *Backend) view(ctx context.Context, dir string, into any, spec string, fields ...string) error {
	doing := fmt.Sprintf("look up %s in npm's registry", spec)
	out, err := b.run(ctx, doing, dir, slices.Concat([]string{"view", "--json", spec}, fields)...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(out, into); err != nil {
		return &install.Error{Doing: doing, Reason: "npm's answer is no JSON that is known", Err: err}
	}
	return nil
}

// candidates are the versions that may be taken, the best first: as npm does,
// none that is newer than «latest» if there is another.
func (p packument) candidates(w install.Wanted) []install.Candidate {
	var out, previews []install.Candidate
	for _, v := range p.Versions {
		at, _ := time.Parse(time.RFC3339, p.Time[v]) // zero: not known
		switch c := (install.Candidate{Version: v, Published: at}); {
		case w.Allows != nil && !w.Allows(v):
		case install.Prerelease(v) && !w.Names(v):
			previews = append(previews, c)
		default:
			out = append(out, c)
		}
	}
	if len(out) == 0 && w.Want == "" {
		out = previews // it has nothing else
	}
	latest := p.Tags["latest"]
	later := func(v string) int {
		if latest != "" && install.Compare(v, latest) > 0 {
			return 1
		}
		return 0
	}
	slices.SortFunc(out, func(a, b install.Candidate) int {
		if d := later(a.Version) - later(b.Version); d != 0 {
			return d
		}
		return install.Compare(b.Version, a.Version)
	})
	return out
}

// detail asks for one version first, which mostly is taken, and then for all
// others at once.
func (b *Backend) detail(ctx context.Context, dir, pkg, version string, known map[string]detail) (detail, error) {
	if d, ok := known[version]; ok {
		return d, nil
	}
	fields := []string{"name", "version", "engines", "deprecated"}
	if len(known) == 1 {
		var all []detail
		if err := b.view(ctx, dir, &all, pkg+"@*", fields...); err == nil { // one alone is no array
			for _, d := range all {
				known[d.Version] = d
			}
		}
	}
	if _, ok := known[version]; !ok {
		var d detail
		if err := b.view(ctx, dir, &d, pkg+"@"+version, fields...); err != nil {
			return d, err
		}
		known[version] = d
	}
	return known[version], nil
}

// needsNode is the range of node's versions that it asks for.
func (d detail) needsNode() string {
	var engines string
	_ = json.Unmarshal(d.Engines["node"], &engines) // what is no string says nothing
	return engines
}

// against is what is against a version, "" if nothing is.
func against(w install.Wanted, n *node, d detail) string {
	switch {
	case d.Deprecated != nil && d.Deprecated != false && !w.Names(d.Version):
		return d.Version + " is deprecated"
	case !n.fits(d.needsNode()):
		return fmt.Sprintf("%s needs node %s, and this is %s", d.Version, d.needsNode(), n.Version)
	}
	return ""
}

// lock locks all that a version depends on; why says what is against it.
func (b *Backend) lock(ctx context.Context, dir string, w install.Wanted, c install.Candidate, d detail, p install.Progress) (tool lockfile.Tool, why string, err error) {
	p.Tell(install.Locking)
	tool = lockfile.Tool{
		Name: w.Name, From: lockfile.NPM, Package: w.Package, Want: w.Want, Version: c.Version, Published: c.Published.UTC().Truncate(time.Second),
		Node: d.needsNode(), Scripts: w.Scripts, With: w.With, Static: w.Static,
	}
	args := []string{"install", "--package-lock-only", "--ignore-scripts"}
	if w.MinAge > 0 {
		args = append(args, "--before="+w.Now.Add(-w.MinAge).UTC().Format(time.RFC3339))
	}
	if err := writeProject(dir, tool); err != nil {
		return tool, "", err
	}
	if _, err := b.run(ctx, fmt.Sprintf("lock %s %s from npm", w.Package, c.Version), dir, args...); err != nil {
		if e, ok := errors.AsType[*install.Error](err); ok && strings.HasPrefix(e.Reason, "EBADENGINE") {
			return tool, fmt.Sprintf("%s: %s", c.Version, e.Reason), nil
		}
		return tool, "", err
	}
	data, err := os.ReadFile(filepath.Join(dir, lockName))
	if err != nil {
		return tool, "", fmt.Errorf("lock %s: %w", w.Package, err)
	}
	err = readGraph(&tool, data)
	return tool, "", errors.Join(err, os.Remove(filepath.Join(dir, lockName)))
}
