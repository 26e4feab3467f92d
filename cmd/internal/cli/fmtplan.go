package cli

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/toolchains/catalogue"
	"github.com/hbohlen/devsh/toolchains/choose"
	"github.com/hbohlen/devsh/toolchains/detect"
	"github.com/hbohlen/devsh/toolchains/format"
)

// formatters says which formatter each file below a directory has. A directory
// without a sign of its own is as the one above it, so that looking at ten
// thousand files is looking at a few directories.
type formatters struct {
	app    *app
	cmd    *cobra.Command
	world  *world
	top    string
	signs  *detect.Signs
	places map[string]string // directory → the one that decides for it
	tools  map[string]*toolbox
	envs   map[string]env.Env // by project
	chosen map[[2]string]*choice
	made   map[[3]string]*format.Formatter // by tool, its path, and the project
	// without are the files that are left alone, by reason.
	without map[string]*without
	err     error // what hinders all of it
}

// choice is what is chosen for an extension in a place: a formatter, or why it
// cannot be used.
type choice struct {
	formatter *format.Formatter
	without   *without
}

// without are files that are left alone, since their formatter cannot be used.
type without struct {
	tool  string
	err   error
	files []string
}

func (a *app) newFormatters(cmd *cobra.Command, w *world, top *toolbox) *formatters {
	return &formatters{
		app: a, cmd: cmd, world: w, top: top.top, signs: detect.SignsOf(top.catalogue),
		places: map[string]string{}, tools: map[string]*toolbox{}, envs: map[string]env.Env{},
		chosen: map[[2]string]*choice{}, made: map[[3]string]*format.Formatter{}, without: map[string]*without{},
	}
}

// of is the formatter of a file, nil if it has none that can be used.
func (f *formatters) of(rel string) *format.Formatter {
	key := [2]string{f.place(filepath.Dir(rel)), filepath.Ext(rel)}
	known := f.chosen[key]
	if known == nil {
		known = f.choose(key[0], key[1])
		f.chosen[key] = known
	}
	if known.without != nil {
		known.without.files = append(known.without.files, rel)
	}
	return known.formatter
}

// place is the directory that decides for another: the nearest with a sign.
func (f *formatters) place(dir string) string {
	if known, ok := f.places[dir]; ok {
		return known
	}
	decides := dir
	entries, err := os.ReadDir(filepath.Join(f.top, dir))
	if dir != "." && (err != nil || !slices.ContainsFunc(entries, func(e os.DirEntry) bool { return f.signs.Has(e.Name()) })) {
		decides = f.place(filepath.Dir(dir))
	}
	f.places[dir] = decides
	return decides
}

// choose chooses for an extension in a place that decides.
func (f *formatters) choose(dir, ext string) *choice {
	t, e := f.at(dir)
	if f.err != nil {
		return &choice{}
	}
	for _, l := range t.catalogue.Languages {
		if !slices.Contains(l.Extensions, ext) {
			continue
		}
		if name := formatterOf(choose.For(t.catalogue, t.facts, l.Name)); name != "" {
			// A file in TypeScript belongs to a project in JavaScript, too.
			detected := slices.ContainsFunc(t.chosen, func(d choose.Language) bool { return formatterOf(d.Tools) == name })
			return f.make(t, e, t.catalogue.Tools[name], detected)
		}
	}
	return &choice{}
}

// formatterOf is the name of the formatter among the tools of a language.
func formatterOf(tools []choose.Tool) string {
	for _, c := range tools {
		if c.Role == catalogue.Formatter && !c.Beside {
			return c.Name
		}
	}
	return ""
}

// at is what is known of a place, and the environment of its project: each has
// its own permission.
func (f *formatters) at(dir string) (*toolbox, env.Env) {
	t := f.tools[dir]
	if t == nil {
		if t, f.err = f.app.toolsAt(f.world, filepath.Join(f.top, dir)); f.err != nil {
			return nil, nil
		}
		f.tools[dir] = t
	}
	e, ok := f.envs[t.project.Dir]
	if !ok {
		if e, f.err = f.app.toolsEnv(f.cmd, f.world, t); f.err != nil {
			return nil, nil
		}
		f.envs[t.project.Dir] = e
	}
	return t, e
}

// make is a tool as a formatter. detected says that the place is of its
// language: then it is missed if it is not there, and for a stray file it is not.
func (f *formatters) make(t *toolbox, e env.Env, tool *catalogue.Tool, detected bool) *choice {
	use := tool.Uses[catalogue.Formatter]
	found := t.finder.Find(tool, use.Command[0])
	err := f.app.mayRun(t, tool)
	if err == nil && !found.OK() {
		err = missingTool(tool, found)
	}
	if err != nil {
		if !detected {
			return &choice{}
		}
		w := f.without[err.Error()]
		if w == nil {
			w = &without{tool: tool.Name, err: err}
			f.without[err.Error()] = w
		}
		return &choice{without: w}
	}
	key := [3]string{tool.Name, found.Path, t.project.Dir}
	out := f.made[key]
	if out == nil {
		argv := use.Command
		if use.Alone {
			argv = use.Stdin
		}
		out = &format.Formatter{
			Name: tool.Name, Argv: slices.Concat([]string{found.Path}, argv[1:]), Stdin: use.Alone, Configs: use.Configs, Env: e.List(),
		}
		f.made[key] = out
	}
	return &choice{formatter: out}
}
