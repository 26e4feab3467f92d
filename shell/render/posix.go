package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

// PosixLeave renders, for bash and zsh alike, the function __devsh_leave, which
// takes a delta back. The functions that it calls are the hook's.
func PosixLeave(d env.Delta) string {
	g := split("", d)
	p := &posix{}
	p.line("__devsh_leave() {")
	for _, name := range g.set {
		p.call("__devsh_unset "+name, posixWas(name, d.Set[name]))
	}
	for _, name := range g.hooked {
		was := env.WasPrefix + name
		p.line("! [[ -v %s ]] || __devsh_unset %s \"$%s\"", was, name, was)
	}
	for _, name := range g.unset {
		p.line("__devsh_show %s", name)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Lists)) {
		p.call("__devsh_list_off "+name, bashAll(append(around(name, d.Lists[name]), marked(d.Lists[name])...))...)
	}
	for _, name := range slices.Concat(g.aliases, g.funcs) {
		p.line("__devsh_alias_off %s", name)
	}
	p.line("__devsh_left %s", strings.Join(d.Variables(), " "))
	p.line("}")
	return p.b.String()
}

// PosixEnter renders, for bash and zsh alike, what makes the delta of a
// generation active where none is. dir is the generation's directory.
// Completions, and what is in fish's language or is run on each entry, is not
// for them.
func PosixEnter(dir, project string, d env.Delta) string {
	g := split("", d)
	p := &posix{}
	if saved := slices.Concat(g.set, g.unset, g.lists); len(saved) > 0 {
		p.line("__devsh_save %s", strings.Join(saved, " "))
	}
	// A reference means the value before entering, whatever else is set here.
	for _, name := range g.dynamic {
		p.line("__devsh_set %s%s %s", env.WasPrefix, name, posixValue(d.Set[name]))
	}
	for _, name := range g.set {
		p.call("__devsh_set "+name, posixWas(name, d.Set[name]))
	}
	for _, name := range g.unset {
		p.line("__devsh_hide %s", name)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Lists)) {
		p.call("__devsh_list_on "+name, bashAll(around(name, d.Lists[name]))...)
	}
	for _, name := range g.aliases {
		a := d.Aliases[name]
		p.call("__devsh_alias_on "+name, QuoteBash(a.Dir), QuoteBash(ownCommand(name, a.Text)))
	}
	for _, name := range g.funcs {
		f := d.Functions[name]
		run := fmt.Sprintf("%s --noprofile --norc -c %s %s \"$%s\"/%s", QuoteBash(f.Bash), QuoteBash(callBash), name, env.GenerationVar, ScriptFile(f.Script))
		p.call("__devsh_alias_on "+name, QuoteBash(f.Dir), QuoteBash(run))
	}
	p.line("__devsh_set %s %s", env.GenerationVar, QuoteBash(dir))
	p.line("__devsh_set %s %s", env.ProjectVar, QuoteBash(project))
	return p.b.String()
}

// PosixChecks renders, for bash and zsh alike, what their prompts look at: the
// functions __devsh_turn_N, which succeed while nothing has changed and name the
// next. signs are files whose appearance in the working directory is a change.
func PosixChecks(w Watch, signs []string) string {
	p := &posix{}
	p.line("__devsh_current=%s\n__devsh_entry=%s", QuoteBash(w.Current), QuoteBash(w.Dir))
	turns := turns(w.Checks)
	for i, some := range turns {
		clauses := []string{`${PWD-}${DIRENV_DIR-} == "$__devsh_at"`, "$__devsh_current -ef $__devsh_entry"}
		for _, sign := range signs {
			clauses = append(clauses, "! -e ./"+sign)
		}
		for _, c := range some {
			clauses = append(clauses, c.same(QuoteBash)...)
			if c.Stamp != "" { // what is missing is neither newer nor older to zsh
				clauses = append(clauses, "-e "+QuoteBash(c.Path))
			}
		}
		p.line("__devsh_turn_%d() {\n    __devsh_turn=%d\n    [[ %s ]]\n}", i, (i+1)%len(turns), strings.Join(clauses, " && "))
	}
	p.line("__devsh_turn=0")
	return p.b.String()
}

type posix struct{ b strings.Builder }

func (p *posix) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

func (p *posix) call(command string, words ...string) {
	p.b.WriteString(command + " " + strings.Join(words, " ") + "\n")
}

// posixWas is the word for the value that entering gives the variable.
func posixWas(name string, v env.Value) string {
	if text, ok := v.Literal(); ok {
		return QuoteBash(text)
	}
	return `"${` + env.WasPrefix + name + `-}"`
}

// posixValue is the word for a value with references.
func posixValue(v env.Value) string {
	var b strings.Builder
	for _, p := range v {
		switch {
		case p.Ref == "":
			b.WriteString(QuoteBash(p.Text))
		case env.InEnvironment(p.Ref):
			b.WriteString(`"${` + p.Ref + `-}"`)
		}
	}
	return b.String()
}

// bashAll quotes all words.
func bashAll(words []string) []string {
	out := make([]string, len(words))
	for i, s := range words {
		out[i] = QuoteBash(s)
	}
	return out
}
