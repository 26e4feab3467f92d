package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/trust"
	"github.com/hbohlen/devsh/toolchains/catalogue"
	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// toolLayers say what tools add to environments: an [activation.Tools].
type toolLayers struct{ w *world }

// Own is the user's own set, whose directory stays the same when the set
// changes, and before that what global installs bring.
func (l toolLayers) Own() (activation.ToolLayer, error) {
	set := l.w.toolStore().UserSet()
	out := activation.ToolLayer{Outer: activation.ToolPart{Source: set.Link()}}
	link, err := inputs.Stat(set.Link())
	if err != nil {
		return out, fmt.Errorf("look for your tools: %w", err)
	}
	out.Inputs = []inputs.File{link}
	if link.Exists {
		out.Outer.Delta = onPath(set.Bin())
	}
	if !l.w.settings.Prefixes {
		return out, nil
	}
	prefixes, files, err := l.w.prefixLayer()
	if err != nil {
		return out, err
	}
	out.Inputs = append(out.Inputs, files...)
	out.Outer.Delta, err = env.Compose(prefixes, out.Outer.Delta)
	return out, err
}

func onPath(dirs ...string) env.Delta {
	return env.Delta{Lists: map[string]env.List{env.Path: {Prepend: dirs}}}
}

// Of is what an allowed place brings: the tools of its lock, those of its
// node_modules that are known, and its Python environment.
func (l toolLayers) Of(dir string, files []trust.File) (activation.ToolLayer, error) {
	out := activation.ToolLayer{
		Outer: activation.ToolPart{Source: filepath.Join(dir, lockfile.Name)},
		Inner: activation.ToolPart{Delta: env.Delta{Set: map[string]env.Value{}, Unset: map[string]bool{}, Lists: map[string]env.List{}}},
	}
	if strings.Contains(dir, ":") {
		out.Notes = []string{"the project's directory has a colon in its name, and nothing in it can be put on PATH"}
		return out, nil
	}
	if err := l.locked(dir, files, &out); err != nil {
		return out, err
	}
	if err := l.modules(dir, files, &out); err != nil {
		return out, err
	}
	return out, l.venv(dir, &out)
}

// locked adds what is installed of the place's devsh.lock, if that is all of it.
func (l toolLayers) locked(dir string, files []trust.File, out *activation.ToolLayer) error {
	lock, there, err := projectLock(dir, files)
	if err != nil {
		out.Problem = err
	}
	if err != nil || !there {
		return nil
	}
	set := l.w.toolStore().ProjectSet(dir)
	link, err := inputs.Stat(set.Link())
	if err != nil {
		return fmt.Errorf("look for the tools of %s: %w", dir, err)
	}
	out.Inputs = append(out.Inputs, link)
	p, there, err := l.w.installed(dir, lock)
	if err != nil {
		return err
	}
	if there {
		out.Outer.Delta = onPath(filepath.Join(p.Dir, "bin"))
	}
	return nil
}

// modules adds the known tools that npm installed in the place, and puts the
// rest of what it installed behind all else: any of the project's many
// dependencies could bring a program named like one of the system's.
func (l toolLayers) modules(dir string, files []trust.File, out *activation.ToolLayer) error {
	bin := filepath.Join(dir, "node_modules/.bin")
	ok, err := out.Has(dir, bin)
	if err != nil || !ok {
		return err
	}
	c, _, err := readCatalogues(l.w, dir, files)
	if err != nil {
		out.Problem = err
		return nil
	}
	out.Inner.Source, out.Bins = bin, map[string]string{}
	for _, tool := range c.Tools {
		if _, npm := tool.From[catalogue.NPM]; !npm || !assists(tool) {
			continue
		}
		for _, name := range tool.Bins {
			path := filepath.Join(bin, name)
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
				out.Bins[name] = path
			}
		}
	}
	out.Inner.Delta.Lists[env.Path] = env.List{Append: []string{bin}}
	return nil
}

// assists reports whether a tool is one of those that shell, editor and agent
// are to have in common; which node or npm is used is not left to dependencies.
func assists(t *catalogue.Tool) bool {
	for _, role := range t.Roles() {
		if role == catalogue.Runtime || role == catalogue.Manager {
			return false
		}
	}
	return true
}

// venv adds what its activate script would.
func (l toolLayers) venv(dir string, out *activation.ToolLayer) error {
	venv := filepath.Join(dir, ".venv")
	ok, err := out.Has(dir, filepath.Join(venv, "pyvenv.cfg"))
	if err != nil || !ok {
		return err
	}
	if out.Inner.Source != "" {
		out.Inner.Source += ", "
	}
	out.Inner.Source += venv
	out.Inner.Delta.Set["VIRTUAL_ENV"] = env.Lit(venv)
	out.Inner.Delta.Unset["PYTHONHOME"] = true
	path := out.Inner.Delta.Lists[env.Path]
	path.Prepend = append(path.Prepend, filepath.Join(venv, "bin"))
	out.Inner.Delta.Lists[env.Path] = path
	return nil
}
