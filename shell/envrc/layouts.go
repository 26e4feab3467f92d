package envrc

import (
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

// step is one thing that a layout of direnv's does. Its text is relative to
// the project; {} in a value stands for the project's directory.
type step struct {
	name  string
	entry string // put before the list
	value string // else given to the variable
}

// layouts are those that only set variables. They are what direnv 2.32 to 2.37
// does, in its order; .direnv is where it keeps things.
var layouts = map[string][]step{
	"node":  {{name: env.Path, entry: "node_modules/.bin"}},
	"php":   {{name: env.Path, entry: "vendor/bin"}},
	"go":    {{name: "GOPATH", entry: ".direnv/go"}, {name: env.Path, entry: ".direnv/go/bin"}},
	"julia": {{name: "JULIA_PROJECT", value: "{}"}},
	"ruby": {
		{name: "BUNDLE_BIN", value: "{}/.direnv/bin"}, {name: "GEM_HOME", value: "{}/.direnv/ruby"},
		{name: env.Path, entry: ".direnv/ruby/bin"}, {name: env.Path, entry: ".direnv/bin"},
	},
	"perl": {
		{name: "LOCAL_LIB_DIR", value: "{}/.direnv/perl5"},
		{name: "PERL_MB_OPT", value: "--install_base '{}/.direnv/perl5'"},
		{name: "PERL_MM_OPT", value: "INSTALL_BASE={}/.direnv/perl5"},
		{name: "PERL5LIB", entry: ".direnv/perl5/lib/perl5"}, {name: "PERL_LOCAL_LIB_ROOT", entry: ".direnv/perl5"},
		{name: env.Path, entry: ".direnv/perl5/bin"},
	},
}

const pythonLayout = `devsh makes no virtual environments; python3 -m venv .venv does, and then ` +
	`VIRTUAL_ENV = "${DEVSH_PROJECT}/.venv" in [env] and prepend = [".venv/bin"] in [path]`

// layoutsLeft are those that run something, and what to do instead.
var layoutsLeft = map[string]string{
	"python": pythonLayout, "python2": pythonLayout, "python3": pythonLayout, "pyenv": pythonLayout,
	"pipenv": pythonLayout, "poetry": pythonLayout, "uv": pythonLayout, "anaconda": pythonLayout,
}

func (t *translator) layout(args []*word) string {
	if len(args) == 0 {
		return "it names no layout"
	}
	name, ok := args[0].literal()
	if !ok {
		return "which layout it is, only running tells"
	}
	if t.parser.functions["layout_"+name] {
		return "layout_" + name + " is a function of this file"
	}
	if why := layoutsLeft[name]; why != "" {
		return why
	}
	steps, ok := layouts[name]
	switch {
	case !ok:
		return "the layout is not one of direnv's own"
	case t.parser.functions["direnv_layout_dir"] || t.vars["direnv_layout_dir"] != nil:
		return "the file says where direnv keeps things, and devsh does not keep them"
	case t.unknown(pwd):
		return t.known(pwd)
	}
	return t.steps(steps)
}

// steps does all steps or, where one cannot be done, those before it.
func (t *translator) steps(steps []step) string {
	for _, s := range steps {
		why := ""
		if s.entry != "" {
			why = t.addTo(s.name, []env.Value{env.Lit(s.entry)}, nil)
		} else {
			why = t.assign(s.name, inProject(s.value), true)
		}
		if why != "" {
			return s.name + ": " + why
		}
	}
	return ""
}

// inProject makes a value of a step's text.
func inProject(text string) env.Value {
	var v env.Value
	for i, part := range strings.Split(text, "{}") {
		if i > 0 {
			v = append(v, env.Piece{Ref: pwd})
		}
		v = append(v, env.Piece{Text: part})
	}
	return join(v)
}

// prefixLists are what load_prefix adds to, in direnv's order.
var prefixLists = []step{
	{name: "MANPATH", entry: "man"}, {name: "MANPATH", entry: "share/man"}, {name: "CPATH", entry: "include"},
	{name: "LD_LIBRARY_PATH", entry: "lib"}, {name: "LIBRARY_PATH", entry: "lib"}, {name: env.Path, entry: "bin"},
	{name: "PKG_CONFIG_PATH", entry: "lib/pkgconfig"},
}

func (t *translator) loadPrefix(args []*word) string {
	if len(args) != 1 {
		return "it names no directory, or several"
	}
	dirs, why := t.entries(args)
	switch {
	case why != "":
		return why
	case size(dirs[0]) == 0:
		return "it names no directory"
	}
	for _, s := range prefixLists {
		dir := join(append(dirs[0][:len(dirs[0]):len(dirs[0])], env.Piece{Text: "/" + s.entry}))
		if why := t.addTo(s.name, []env.Value{dir}, nil); why != "" {
			return s.name + ": " + why
		}
	}
	return ""
}
