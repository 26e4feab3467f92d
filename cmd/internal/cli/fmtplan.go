package cli

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/toolchains/catalogue"
	"github.com/hbohlen/devsh/toolchains/choose"
	"github.com/hbohlen/devsh/toolchains/detect"
	"github.com/hbohlen/devsh/toolchains/find"
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
	made   map[string]*format.Formatter // by how they are run
	onPath map[string]string            // programsOn, by PATH
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
		chosen: map[[2]string]*choice{}, made: map[string]*format.Formatter{}, without: map[string]*without{}, onPath: map[string]string{},
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

// choose chooses for an extension in a place that decides. What formats all
// files comes before what formats some.
func (f *formatters) choose(dir, ext string) *choice {
	t, e := f.at(dir)
	if f.err != nil {
		return &choice{}
	}
	for _, extension := range []string{catalogue.AnyExtension, ext} {
		for _, l := range t.catalogue.Languages {
			if !slices.Contains(l.Extensions, extension) {
				continue
			}
			if chosen := formatterOf(choose.For(t.catalogue, t.facts, l.Name)); chosen.Name != "" {
				if c := f.make(t, e, chosen, l); c != nil {
					return c
				}
				break
			}
		}
	}
	return &choice{}
}

// formatterOf is the formatter among the tools of a language, the zero one if
// it has none.
func formatterOf(tools []choose.Tool) choose.Tool {
	for _, c := range tools {
		if c.Role == catalogue.Formatter && !c.Beside {
			return c
		}
	}
	return choose.Tool{}
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

// make is a tool as a formatter of a language. Where the project asks for it, or
// the place is of that language, it is missed if it is not there; for a stray
// file it is not, and that has none: nil.
func (f *formatters) make(t *toolbox, e env.Env, chosen choose.Tool, l *catalogue.Language) *choice {
	tool := t.catalogue.Tools[chosen.Name]
	use := tool.Uses[catalogue.Formatter]
	found := t.finder.Find(tool, use.Command[0])
	err := f.app.mayRun(t, tool)
	// A file in TypeScript belongs to a project in JavaScript, too.
	detected := chosen.Asked || slices.ContainsFunc(t.chosen, func(d choose.Language) bool { return formatterOf(d.Tools).Name == tool.Name })
	if l.Has(catalogue.AnyExtension) && !detected && found.Origin != find.Project {
		return nil // for all files, but not asked for, nor brought
	}
	if err == nil && !found.OK() {
		err = missingTool(tool, found)
	}
	if err != nil {
		if !detected {
			return nil
		}
		w := f.without[err.Error()]
		if w == nil {
			w = &without{tool: tool.Name, err: err}
			f.without[err.Error()] = w
		}
		return &choice{without: w}
	}
	out := &format.Formatter{Name: tool.Name, Stdin: use.Alone, Configs: use.Configs}
	argv := use.Command
	if use.Alone {
		argv = use.Stdin
	}
	out.Argv = slices.Concat([]string{found.Path}, t.facts.Fill(argv[1:]))
	if toolchain := t.finder.Rustup.Installed(); !t.open && !t.outside && toolchain != "" {
		// Else rustup would run, or download, what the project's file names.
		e = maps.Clone(e)
		e["RUSTUP_TOOLCHAIN"], out.Extra = toolchain, toolchain
	}
	out.Env = e.List()
	if use.Others {
		f.others(t, e, l, out)
	}
	key := fmt.Sprintf("%q %q %q %q", out.Argv, out.Dir, out.Extra, t.project.Dir)
	if f.made[key] == nil {
		f.made[key] = out
	}
	return &choice{formatter: f.made[key]}
}

// others makes a formatter one that runs others, in the directory of what shows
// its language, or of the project that brings it.
func (f *formatters) others(t *toolbox, e env.Env, l *catalogue.Language, out *format.Formatter) {
	out.Others = true
	for _, name := range slices.Sorted(maps.Keys(t.catalogue.Tools)) {
		out.Configs = append(out.Configs, t.catalogue.Tools[name].Uses[catalogue.Formatter].Configs...)
	}
	slices.Sort(out.Configs)
	out.Configs = slices.Compact(out.Configs)
	if f.onPath[e["PATH"]] == "" {
		f.onPath[e["PATH"]] = programsOn(e["PATH"])
	}
	out.Extra += f.onPath[e["PATH"]]
	if dir, err := filepath.Rel(t.top, t.project.Dir); err == nil && filepath.IsLocal(dir) {
		out.Dir = dir
	}
	for _, found := range t.facts.Languages {
		if found.Name == l.Name {
			out.Dir = filepath.Dir(found.File)
		}
	}
}

// programsOn tells whether there may be other programs on a PATH than before.
func programsOn(path string) string {
	var out []string
	for _, dir := range filepath.SplitList(path) {
		if info, err := os.Stat(dir); err == nil {
			out = append(out, fmt.Sprint(dir, " ", info.ModTime().UnixNano()))
		}
	}
	return strings.Join(out, "\n")
}
