package prefix

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/program"
	"github.com/hbohlen/devsh/toolchains/prefix/plan"
)

// Prefixes are those of one user.
type Prefixes struct {
	// Environ is the user's environment, without any project's and without what
	// devsh made active in it.
	Environ map[string]string
	// Path is where node and the managers are looked for, "" for Environ's PATH.
	// What is found there is run: with a project's PATH, only if it is allowed.
	Path string
	// Project is the directory whose .npmrc is explained, "" for none.
	Project string
	// Memory is a directory in which is kept what node and npm said, "" for none.
	Memory string
	// Fresh has a node asked again that is behind a version manager's shim:
	// what that leads to can change unseen.
	Fresh bool
	// Read reads a file of the user's own, and Write replaces one.
	Read  func(path string) ([]byte, error)
	Write func(path string, data []byte, mode os.FileMode) error
}

// Root is where the prefixes lie.
func (p *Prefixes) Root() string {
	data := p.Environ["XDG_DATA_HOME"]
	if !filepath.IsAbs(data) {
		data = filepath.Join(p.Environ["HOME"], ".local/share")
	}
	return filepath.Join(data, "devsh", "prefix")
}

func (p *Prefixes) path() string {
	if p.Path != "" {
		return p.Path
	}
	return p.Environ["PATH"]
}

// Layer is what the prefixes put into an environment.
type Layer struct {
	Delta env.Delta
	// Inputs are the paths whose change can make it stale, whether they exist or
	// not, sorted: settings, node and npm, and the directories into which the
	// managers install (they change with each program; the layer must then be made
	// again so that the program is bound to its node).
	Inputs []string
	// Variables are those of Environ that decided.
	Variables []string
	Places    []plan.Place
}

// Layer makes the prefixes and what they put into an environment. It belongs
// below everything that a project or a set of tools brings, and above the
// system: as the outermost of the deltas that are composed. Nothing in it is
// taken from Environ, but the layer holds only for shells in which the
// [Layer.Variables] are the same.
//
// It starts node and npm the first time it meets them, and no process from then
// on. Any number may be made at once. Settings that cannot be read are problems
// of a place; the error is about directories that cannot be made ([*Unsafe], or
// the system's), about HOME, or the context's: an environment can do without the
// layer then. Without node, the managers that need it have no place.
func (p *Prefixes) Layer(ctx context.Context) (*Layer, error) {
	managers, f, err := p.facts(ctx)
	if err != nil {
		return nil, err
	}
	places := plan.Choose(managers, f)
	if strings.ContainsRune(p.Root(), ':') {
		return nil, fmt.Errorf("make a place for global installs: no PATH can hold %s, which has a colon", p.Root())
	}
	for i := range places {
		if err := p.make(&places[i], f); err != nil {
			return nil, err
		}
	}
	if err := p.bindAll(places, f); err != nil {
		return nil, err
	}
	l := &Layer{Delta: plan.Layer(places, f), Variables: plan.Variables(managers), Places: places, Inputs: plan.Files(managers, f)}
	for _, name := range []string{"node", "npm"} {
		if found := program.Find(p.path(), name); found != "" {
			l.Inputs = append(l.Inputs, found)
		}
	}
	for _, m := range managers {
		for _, abi := range f.Kept[m.Name] {
			if m.Node {
				l.Inputs = append(l.Inputs, within(m.Dir(f.Root, abi), m.Bins)...)
			}
		}
	}
	slices.Sort(l.Inputs)
	l.Inputs = slices.Compact(l.Inputs)
	return l, nil
}

// facts gathers what decides.
func (p *Prefixes) facts(ctx context.Context) ([]plan.Manager, *plan.Facts, error) {
	if !filepath.IsAbs(p.Environ["HOME"]) {
		return nil, nil, fmt.Errorf("HOME is %q, not an absolute directory", p.Environ["HOME"])
	}
	managers, err := plan.Builtin()
	if err != nil {
		return nil, nil, err
	}
	f := &plan.Facts{
		Env: p.Environ, Root: p.Root(), Project: p.Project, Files: map[string][]byte{}, Unreadable: map[string]string{},
		Programs: map[string]string{}, Kept: p.kept(managers), Real: resolved,
	}
	for _, m := range managers {
		if found := program.Find(p.path(), m.Name); found != "" {
			f.Programs[m.Name] = found
		}
	}
	if f.Node, err = p.node(ctx, f.Programs["npm"]); err != nil {
		return nil, nil, err
	}
	// The user's npmrc may say where the global one is: what was read may name more.
	for range 2 {
		for _, file := range plan.Files(managers, f) {
			p.read(f, file)
		}
	}
	return managers, f, nil
}

func (p *Prefixes) read(f *plan.Facts, file string) {
	if _, ok := f.Files[file]; ok || f.Unreadable[file] != "" {
		return
	}
	data, err := p.Read(file)
	switch {
	case err == nil:
		f.Files[file] = data
	case errors.Is(err, fs.ErrNotExist):
	default:
		reason := err.Error()
		if inner := errors.Unwrap(err); inner != nil {
			reason = inner.Error()
		}
		f.Unreadable[file] = reason
	}
}

// kept finds the prefixes that there are, newest ABI first.
func (p *Prefixes) kept(managers []plan.Manager) map[string][]string {
	out := map[string][]string{}
	entries, err := os.ReadDir(p.Root())
	if err != nil {
		return out
	}
	for _, m := range managers {
		pattern := regexp.MustCompile(`^` + regexp.QuoteMeta(m.Name) + `$`)
		if m.Node {
			pattern = regexp.MustCompile(`^` + regexp.QuoteMeta(m.Name) + `-abi([0-9]{1,6})$`)
		}
		for _, e := range entries {
			if match := pattern.FindStringSubmatch(e.Name()); match != nil && e.IsDir() {
				out[m.Name] = append(out[m.Name], strings.Join(match[1:], ""))
			}
		}
		slices.SortFunc(out[m.Name], func(a, b string) int {
			return len(b)*1e6 - len(a)*1e6 + strings.Compare(b, a)
		})
	}
	return out
}

func within(dir string, names []string) []string {
	var out []string
	for _, n := range names {
		out = append(out, filepath.Join(dir, n))
	}
	return out
}
