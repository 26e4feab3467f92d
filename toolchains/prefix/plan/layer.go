package plan

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

// BoundDir is the directory in a prefix whose programs name their node.
const BoundDir = "bound"

// Layer is what the places put into an environment. Variables that the user has
// set stay as they are. On PATH are, of each prefix in use: the programs that name
// their node, then those that were installed since these were made; last the
// programs that belong to other nodes.
func Layer(places []Place, f *Facts) env.Delta {
	d := env.Delta{Set: map[string]env.Value{}, Unset: map[string]bool{}, Lists: map[string]env.List{}}
	var dirs, others, man []string
	add := func(m *Manager, dir string) {
		if m.Man {
			man = append(man, path.Join(dir, "share/man"))
		}
		d.CompletionDirs = append(d.CompletionDirs, path.Join(dir, CompletionDir))
	}
	words := f.words()
	for _, p := range places {
		m := p.Manager
		if p.State == Devsh && m.Shares == "" {
			p.set(&d, f, words)
			if p.Bound != nil {
				dirs = append(dirs, path.Join(p.Dir, BoundDir))
			}
			dirs = append(dirs, p.Bins...)
			add(m, p.Dir)
		}
		for _, abi := range f.Kept[m.Name] {
			dir := m.Dir(f.Root, abi)
			if !m.Node || p.State == Devsh && dir == p.Dir {
				continue
			}
			others = append(others, path.Join(dir, BoundDir))
			add(m, dir)
		}
	}
	if dirs = append(dirs, others...); len(dirs) > 0 {
		d.Lists[env.Path] = env.List{Prepend: dirs}
	}
	if len(man) > 0 {
		d.Lists["MANPATH"] = env.List{Prepend: man}
	}
	return d
}

// CompletionDir is where fish's completions are, below a prefix.
const CompletionDir = "share/fish/vendor_completions.d"

// set sets the manager's variables.
func (p *Place) set(d *env.Delta, f *Facts, words map[string]string) {
	if p.Program == "" {
		return
	}
	words["dir"] = p.Dir
	for name, template := range p.Manager.Set {
		names := []string{name}
		if p.Manager.AnyCase {
			names = f.spellings(name)
		}
		if slices.ContainsFunc(names, func(s string) bool { return f.Env[s] != "" && !below(f.Env[s], f.Root) && !f.byScript(p.Manager, s) }) {
			continue // the user's
		}
		if p.Manager.AnyCase {
			d.Unset[strings.ToLower(name)] = true // a shell that npm started has it, and it would win
		}
		if value := fill(template, words); path.IsAbs(value) {
			d.Set[name] = env.Lit(value)
		}
	}
}

// Link is one that is made in a prefix beforehand.
type Link struct{ Name, Target string }

// Links are those of a manager, sorted.
func Links(m *Manager, f *Facts) []Link {
	var out []Link
	words := f.words()
	for _, name := range slices.Sorted(maps.Keys(m.Links)) {
		if target := fill(m.Links[name], words); path.IsAbs(target) {
			out = append(out, Link{name, target})
		}
	}
	return out
}
