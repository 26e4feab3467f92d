package draft

import (
	"maps"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/render"
)

// Draft is a devsh.toml to be. The zero value is one in which all is comment.
// Texts are as the file means them, and quoted here; see [Quote] and [Template]
// for what cannot be written.
type Draft struct {
	// Title is put on top, a line of comment each.
	Title []string
	// Inherit writes out that the layers of the projects around count.
	Inherit bool
	// EnvFiles are dotenv files, relative to the project, in order.
	EnvFiles []string
	// Env holds variables in order.
	Env []Variable
	// Unset names variables to take away.
	Unset []string
	// Lists holds additions to list variables, PATH among them. Entries are templates.
	Lists map[string]env.List
	// Nix is the value of [shell] nix, "false" for none; empty says nothing.
	Nix string
	// Watch holds patterns.
	Watch []string
	// Suggest holds variables, as lines of TOML, to put there as comments.
	Suggest []string
	// SuggestPath holds entries to suggest for the beginning of PATH.
	SuggestPath []string
	// Remarks holds comments on tables, by name, a line each.
	Remarks map[string][]string
	// Notes are put at the end, a line of comment each.
	Notes []string
}

// Variable is one with its value.
type Variable struct {
	Name  string
	Value env.Value
}

// String returns the file. Comments that can be made active by taking their #
// away have no space behind it.
func (d *Draft) String() string {
	var b strings.Builder
	w := &writer{Builder: &b}
	w.comment(d.Title...)
	w.comment(howTo...)
	d.top(w)
	d.env(w)
	d.path(w)
	d.lists(w)
	d.rest(w)
	if len(d.Notes) > 0 {
		w.WriteByte('\n')
		w.comment(d.Notes...)
	}
	return b.String()
}

var howTo = []string{
	"Lines that begin with # and no space are ready for use: take the # away.",
	"After a change: devsh allow.",
}

func (d *Draft) top(w *writer) {
	w.table("", "Layers of the projects around this one, outer first, count too, unless this is false.")
	if d.Inherit {
		w.active("inherit = true")
	}
	w.samples("inherit = false")
}

func (d *Draft) env(w *writer) {
	w.table("env",
		"Variables. ${NAME} is the value of another variable, ${DEVSH_PROJECT} this directory,",
		"$${ a plain ${.")
	for _, v := range d.Env {
		text, _ := Template(v.Value)
		w.assign(v.Name, text)
	}
	w.comment(d.Remarks["env"]...)
	w.samples(d.Suggest...)
	w.samples(`LOG_LEVEL = "debug"`)
	w.comment("Dotenv files, passed over where they are missing. What is set above wins over them.")
	w.array("file", d.EnvFiles)
	w.samples(`file = [".env"]`)
	w.comment("Variables to take away.")
	w.array("unset", d.Unset)
	w.samples(`unset = ["AWS_PROFILE"]`)
}

func (d *Draft) path(w *writer) {
	w.table("path",
		"Directories for PATH, relative to this one: before the ones that are there, or behind them.")
	w.comment(d.Remarks["path"]...)
	d.list(w, env.Path)
	if len(d.SuggestPath) > 0 {
		w.samples(array("prepend", d.SuggestPath))
	}
	w.samples(`prepend = ["bin"]`, `append = ["node_modules/.bin"]`)
}

func (d *Draft) list(w *writer, name string) {
	w.array("prepend", d.Lists[name].Prepend)
	w.array("append", d.Lists[name].Append)
}

func (d *Draft) lists(w *writer) {
	about := "Entries of other list variables, a table for each."
	for _, name := range slices.Sorted(maps.Keys(d.Lists)) {
		if name == env.Path {
			continue
		}
		w.table("lists."+name, about)
		d.list(w, name)
		about = ""
	}
	const sample = "PYTHONPATH"
	if _, taken := d.Lists[sample]; taken {
		return
	}
	w.table("", about)
	w.samples("[lists."+sample+"]", `prepend = ["src"]`)
}

func (d *Draft) rest(w *writer) {
	w.table("aliases", "Commands of this project: name and fish code.")
	w.samples(`serve = "python3 -m http.server"`)

	w.table("shell",
		`The Nix shell, a layer below this file: "auto" (flake.nix, else shell.nix), false,`,
		`".#attribute" or "./file.nix". Its shellHook is run once, or on "every-entry".`)
	w.comment(d.Remarks["shell"]...)
	switch d.Nix {
	case "":
	case "false":
		w.active("nix = false")
	default:
		w.assign("nix", d.Nix)
	}
	w.samples(`nix = "auto"`, `hook = "every-entry"`)

	w.table("watch", "Further files whose change makes the environment anew.")
	w.array("files", d.Watch)
	w.samples(`files = ["config/*.yaml"]`)

	w.table("hooks", "fish code: on entering, and when the environment is made anew; and on leaving.")
	w.samples(`enter = "echo hello"`, `leave = "echo bye"`)
}

// writer writes tables. A sample is left out where its key is taken.
type writer struct {
	*strings.Builder
	taken map[string]bool // keys of the table
}

// table begins a table: a blank line, what it is about, and its header.
func (w *writer) table(name string, about ...string) {
	w.WriteByte('\n')
	w.taken = map[string]bool{}
	w.comment(about...)
	if name != "" {
		w.WriteString("[" + name + "]\n")
	}
}

func (w *writer) comment(lines ...string) {
	for _, l := range lines {
		if l == "" {
			continue
		}
		w.WriteString("# " + strings.TrimRight(render.Visible(l), " ") + "\n")
	}
}

func (w *writer) active(line string) {
	w.taken[key(line)] = true
	w.WriteString(line + "\n")
}

func (w *writer) assign(name, text string) {
	quoted, _ := Quote(text)
	w.active(name + " = " + quoted)
}

// array writes key = [...], or nothing where there is nothing in it.
func (w *writer) array(name string, items []string) {
	if len(items) > 0 {
		w.active(array(name, items))
	}
}

// array returns key = [...], an entry on each line if there are many.
func array(name string, items []string) string {
	quoted := make([]string, len(items))
	for i, s := range items {
		quoted[i], _ = Quote(s)
	}
	one := name + " = [" + strings.Join(quoted, ", ") + "]"
	if len(one) > 100 {
		one = name + " = [\n  " + strings.Join(quoted, ",\n  ") + ",\n]"
	}
	return one
}

func (w *writer) samples(lines ...string) {
	for _, l := range lines {
		if k := key(l); !w.taken[k] {
			w.taken[k] = true
			w.WriteString("#" + l + "\n")
		}
	}
}

// key returns what a line gives a value to.
func key(line string) string {
	k, _, _ := strings.Cut(line, " = ")
	return k
}
