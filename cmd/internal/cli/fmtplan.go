package cli

import (
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/toolchains/catalogue"
	"github.com/hbohlen/devsh/toolchains/choose"
	"github.com/hbohlen/devsh/toolchains/detect"
	"github.com/hbohlen/devsh/toolchains/find"
	"github.com/hbohlen/devsh/toolchains/format"
)

// formatters says which formatter each file of a repository has. A directory
// without a sign of its own is as the one above it, so that looking at ten
// thousand files is looking at a few directories.
type formatters struct {
	app     *app
	tools   *toolbox
	env     env.Env
	tree    *find.Tree
	signs   *detect.Signs
	places  map[string]string // directory → the one that decides for it
	facts   map[string]*detect.Facts
	chosen  map[[2]string]*format.Formatter // by deciding directory and extension
	made    map[string]*format.Formatter    // by tool
	without map[string]*without             // by tool
}

// without are files that are left alone, since their formatter cannot be used.
type without struct {
	err   error
	files []string
}

func (a *app) newFormatters(t *toolbox, e env.Env) (*formatters, error) {
	tree, err := find.OpenTree(t.top)
	if err != nil {
		return nil, err
	}
	return &formatters{
		app: a, tools: t, env: e, tree: tree, signs: detect.SignsOf(t.catalogue),
		places: map[string]string{}, facts: map[string]*detect.Facts{}, chosen: map[[2]string]*format.Formatter{},
		made: map[string]*format.Formatter{}, without: map[string]*without{},
	}, nil
}

// of is the formatter of a file, nil if it has none that can be used.
func (f *formatters) of(rel string) *format.Formatter {
	ext := filepath.Ext(rel)
	key := [2]string{f.place(filepath.Dir(rel)), ext}
	known, ok := f.chosen[key]
	if !ok {
		known = f.choose(key[0], ext)
		f.chosen[key] = known
	}
	if known == nil || len(known.Argv) > 0 {
		return known
	}
	w := f.without[known.Name]
	w.files = append(w.files, rel)
	return nil
}

// place is the directory that decides for another: the nearest with a sign.
func (f *formatters) place(dir string) string {
	if known, ok := f.places[dir]; ok {
		return known
	}
	decides := dir
	entries, err := os.ReadDir(filepath.Join(f.tools.top, dir))
	if dir != "." && (err != nil || !slices.ContainsFunc(entries, func(e os.DirEntry) bool { return f.signs.Has(e.Name()) })) {
		decides = f.place(filepath.Dir(dir))
	}
	f.places[dir] = decides
	return decides
}

// choose chooses for an extension. A formatter that was chosen and cannot be
// used has no command.
func (f *formatters) choose(dir, ext string) *format.Formatter {
	facts := f.facts[dir]
	if facts == nil {
		facts = detect.Detect(f.tools.catalogue, f.tree, filepath.ToSlash(dir))
		f.facts[dir] = facts
	}
	for _, l := range f.tools.catalogue.Languages {
		if !slices.Contains(l.Extensions, ext) {
			continue
		}
		for _, c := range choose.For(f.tools.catalogue, facts, l.Name) {
			if c.Role == catalogue.Formatter && !c.Beside {
				return f.make(f.tools.catalogue.Tools[c.Name], slices.ContainsFunc(facts.Languages, func(d detect.Language) bool { return d.Name == l.Name }))
			}
		}
	}
	return nil
}

// make is a tool as a formatter. detected says that the place is of its
// language: then it is missed if it is not there, and a stray script is not.
func (f *formatters) make(tool *catalogue.Tool, detected bool) *format.Formatter {
	if known, ok := f.made[tool.Name]; ok && (len(known.Argv) > 0 || f.without[tool.Name] != nil) {
		return known
	}
	use := tool.Uses[catalogue.Formatter]
	out := &format.Formatter{Name: tool.Name, Configs: use.Configs, Env: f.env.List()}
	f.made[tool.Name] = out
	err := f.app.mayRun(f.tools, tool)
	found := f.tools.finder.Find(tool, use.Command[0])
	if err == nil && !found.OK() {
		err = missingTool(tool, found)
	}
	switch {
	case err != nil && !detected:
		return nil
	case err != nil:
		f.without[tool.Name] = &without{err: err}
	case use.Alone:
		out.Stdin = true
		out.Argv = slices.Concat([]string{found.Path}, use.Stdin[1:])
	default:
		out.Argv = slices.Concat([]string{found.Path}, use.Command[1:])
	}
	return out
}

// knows reports whether devsh knows a language of such files.
func (f *formatters) knows(rel string) bool {
	return slices.ContainsFunc(f.tools.catalogue.Languages, func(l *catalogue.Language) bool {
		return slices.Contains(l.Extensions, path.Ext(rel))
	})
}
