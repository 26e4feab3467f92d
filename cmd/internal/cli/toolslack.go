package cli

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/shell/trust"
	"github.com/hbohlen/devsh/toolchains/catalogue"
	"github.com/hbohlen/devsh/toolchains/lockfile"
	"github.com/hbohlen/devsh/toolchains/store"
)

// projectLock reads the devsh.lock of a place; false where it has none.
func projectLock(dir string, files []trust.File) (lockfile.Lock, bool, error) {
	f := deciding(files, lockfile.Name)
	if f == nil {
		return lockfile.Lock{}, false, nil
	}
	lock, err := lockfile.Parse(filepath.Join(dir, f.Path), f.Content)
	return lock, true, err
}

// installed is the profile of exactly what a project's lock says; false where
// that is not installed, or not any more.
func (w *world) installed(dir string, lock lockfile.Lock) (store.Profile, bool, error) {
	p, _, there, err := w.toolStore().ProjectSet(dir).Current()
	if err != nil || !there {
		return p, false, err
	}
	text, err := p.Lock()
	if err != nil {
		return p, false, nil // it was removed by hand: installing mends it
	}
	made, err := lockfile.Parse(lockfile.Name, text)
	if err != nil || len(lockfile.Compare(made, lock)) > 0 {
		return p, false, nil
	}
	entries, err := w.toolStore().Entries(p)
	whole := err == nil && len(entries) == len(lock.Tools)
	for _, e := range entries {
		whole = whole && e.Whole() == nil
	}
	return p, whole, nil
}

// Languages says which tools were chosen for the place and are nowhere, as far as
// devsh can install them, and gives its languages their variables.
func (l toolLayers) Languages(p project.Project, files []trust.File, d env.Delta) activation.ToolWants {
	backends, _ := l.w.backends()
	t := &toolbox{backends: backends, project: &p, at: p.Dir, top: p.Dir, open: true, trust: trust.Allowed}
	if top := project.WorkTree(p.Dir); top != "" && project.Within(top, p.Root) {
		t.top = top
	}
	var out activation.ToolWants
	if err := t.choose(l.w, files); err != nil {
		return out // «devsh tools ls» says it
	}
	for _, found := range t.facts.Languages {
		if f, err := inputs.Stat(filepath.Join(t.top, found.File)); err == nil {
			out.Inputs = append(out.Inputs, f)
		}
	}
	t.finder = t.finderWith(l.w, d)
	out.Delta.Set = t.variables(store.StartsPrograms())
	out.Lack.Tools = t.lacking()
	if lock, there, err := projectLock(p.Dir, files); err == nil && there {
		if _, whole, err := l.w.installed(p.Dir, lock); err == nil && !whole {
			out.Lack = activation.Lack{Locked: true}
			for _, tool := range lock.Tools {
				out.Lack.Tools = append(out.Lack.Tools, tool.Name)
			}
		}
	}
	return out
}

// variables are those that tools of the place's languages need to find what is
// there. Starts says that this system starts programs that were not built for it.
func (t *toolbox) variables(starts bool) map[string]env.Value {
	out := map[string]env.Value{}
	for _, l := range t.facts.Languages {
		switch l.Name {
		case "python":
			if !starts { // uv would download a Python that cannot run, and prefer it
				out["UV_PYTHON_DOWNLOADS"] = env.Lit("never")
			}
		case "rust":
			// A rustc of nixpkgs has no sources beside it, and says so by a variable
			// of its shell's, which wins; one of rustup's finds its own.
			rustc, err := filepath.EvalSymlinks(t.finder.Find(&catalogue.Tool{}, "rustc").Path)
			source := filepath.Join(filepath.Dir(filepath.Dir(rustc)), "lib/rustlib/src/rust/library")
			if _, no := os.Stat(source); err == nil && no == nil {
				out["RUST_SRC_PATH"] = env.Lit(source)
			}
		}
	}
	return out
}

// lacking are the chosen tools that are nowhere and could be installed. Flakes
// and their like describe what a project needs, and do not make it one of Nix.
func (t *toolbox) lacking() []string {
	var names []string
	for i, l := range t.chosen {
		if slices.Contains(project.Deciding(), filepath.Base(t.facts.Languages[i].File)) {
			continue
		}
		for _, c := range l.Tools {
			tool := t.catalogue.Tools[c.Name]
			if t.declares(tool) || !t.installable(tool) || t.finder.Find(tool, tool.Uses[c.Role].Command[0]).OK() {
				continue
			}
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// declares reports whether the project itself depends on a tool: then its own
// package manager brings it.
func (t *toolbox) declares(tool *catalogue.Tool) bool {
	_, ok := t.facts.Packages["npm:"+tool.From[catalogue.NPM].Package]
	return ok
}

// installable reports whether devsh can install a tool, as far as can be seen
// without running anything.
func (t *toolbox) installable(tool *catalogue.Tool) bool {
	return slices.ContainsFunc(toolOrder().Of(tool), func(backend string) bool {
		b := t.backends[backend]
		return b != nil && b.Available(context.Background()) == nil // it looks for programs
	})
}
