package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

// chunk is how many names one `set -q` is given: fish counts the missing ones
// in its exit status, which ends at 255.
const chunk = 200

// FishGeneration renders a delta as the functions that the hook calls to enter
// and to leave it. The names end in id, which must be unique for the delta and
// fit a function name.
//
//	__devsh_enter_ID   makes it active, remembering what was there before
//	__devsh_unpath_ID  takes our entries out of PATH; fails where PATH was changed
//	__devsh_leave_ID   erases our variables; fails where one was changed
//	__devsh_undo_ID    takes back the rest: lists, unset names, aliases, functions, completions
//	__devsh_data_ID    tells names, values and entries, for the slow ways
//	__devsh_adopt_ID   knows it as entered, from a nested shell's environment
//	__devsh_hook_{enter,leave}_ID  the project's own code, where it has some, and its shellHook
//
// __devsh_enter_ID comes last: a file that was cut short does not define it.
func FishGeneration(id string, d env.Delta) []byte {
	g := split(id, d)
	g.unpath()
	g.leave()
	g.undo()
	g.data()
	g.adopt()
	g.hook("enter", d.Enter, len(d.ShellHooks) > 0)
	g.hook("leave", d.Leave, false)
	g.enter()
	return []byte(g.b.String())
}

type generation struct {
	id string
	d  env.Delta
	b  strings.Builder

	set     []string // names of d.Set, sorted
	dynamic []string // those of them whose value refers to the surroundings
	lists   []string // names of d.Lists without PATH, sorted
	unset   []string
	aliases []string
	funcs   []string
	hooked  []string // variables that shell hooks give values
}

func split(id string, d env.Delta) *generation {
	g := &generation{id: id, d: d}
	g.set = slices.Sorted(maps.Keys(g.d.Set))
	for _, name := range g.set {
		if _, literal := g.d.Set[name].Literal(); !literal {
			g.dynamic = append(g.dynamic, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(g.d.Lists)) {
		if name != env.Path {
			g.lists = append(g.lists, name)
		}
	}
	g.unset = slices.Sorted(maps.Keys(g.d.Unset))
	g.aliases = slices.Sorted(maps.Keys(g.d.Aliases))
	g.funcs = slices.Sorted(maps.Keys(g.d.Functions))
	g.hooked = g.d.HookVars()
	return g
}

func (g *generation) function(name string, body func()) {
	fmt.Fprintf(&g.b, "function __devsh_%s_%s\n", name, g.id)
	body()
	g.b.WriteString("end\n")
}

func (g *generation) line(format string, args ...any) {
	fmt.Fprintf(&g.b, "    "+format+"\n", args...)
}

func (g *generation) enter() {
	g.function("enter", func() {
		for names := range slices.Chunk(g.set, chunk) {
			g.line("set -qg %s", strings.Join(names, " "))
			g.line("set -l __devsh_l_missing $status")
			g.line("test $__devsh_l_missing = %d; or __devsh_save %s", len(names), strings.Join(names, " "))
		}
		// A reference means the value before entering, whatever else is set
		// here: values with references are computed before any is set.
		for _, name := range g.dynamic {
			g.line("set -gx %s%s %s", env.WasPrefix, name, fishValue(g.d.Set[name]))
		}
		for _, name := range g.set {
			if v, ok := g.d.Set[name].Literal(); ok {
				g.line("set -gx %s %s", name, QuoteFish(v))
			}
		}
		for _, name := range g.dynamic {
			g.line("set -gx %s \"$%s%s\"", name, env.WasPrefix, name)
		}
		for _, name := range g.unset {
			g.line("__devsh_unset_on %s", name)
		}
		for _, name := range g.lists {
			g.line("__devsh_list_on %s %s", name, g.listArgs(name))
		}
		if l, ok := g.d.Lists[env.Path]; ok {
			g.line("set -gx PATH %s", strings.Join(slices.Concat(quoteAll(l.Prepend), []string{"$PATH"}, quoteAll(l.Append)), " "))
		}
		for _, name := range g.aliases {
			g.alias(name, g.d.Aliases[name])
		}
		for _, name := range g.funcs {
			g.bashFunction(name, g.d.Functions[name])
		}
		if len(g.d.CompletionDirs) > 0 {
			g.line("__devsh_complete_on %s", strings.Join(quoteAll(g.d.CompletionDirs), " "))
		}
	})
}

func (g *generation) unpath() {
	l := g.d.Lists[env.Path]
	before, after := strings.Join(l.Prepend, ":"), strings.Join(l.Append, ":")
	n, m := len(l.Prepend), len(l.Append)
	g.function("unpath", func() {
		switch {
		case n > 0 && m > 0:
			g.line(`contains -- "$PATH[1..%d]" %s; and contains -- "$PATH[-%d..-1]" %s; and test (count $PATH) -ge %d`, n, QuoteFish(before), m, QuoteFish(after), n+m)
			g.line(`and set -e PATH[-%d..-1]; and set -e PATH[1..%d]`, m, n)
		case m > 0:
			g.line(`contains -- "$PATH[-%d..-1]" %s; and set -e PATH[-%d..-1]`, m, QuoteFish(after), m)
		case n > 0:
			g.line(`contains -- "$PATH[1..%d]" %s; and set -e PATH[1..%d]; and return`, n, QuoteFish(before), n)
			g.line(`set -l --path p "$(string replace -- %s : ":$PATH:")"; and set -g PATH $p[2..-2]`, QuoteFish(":"+before+":"))
		default:
			g.line("true")
		}
	})
}

func (g *generation) leave() {
	g.function("leave", func() {
		for names := range slices.Chunk(g.set, chunk) {
			g.line("set -qg %s; or return 1", strings.Join(names, " "))
			g.line("%s", strings.Join(g.unchanged(names), " -a ")+"; or return 1")
		}
		for names := range slices.Chunk(g.set, chunk) {
			g.line("set -eg %s", strings.Join(names, " "))
		}
		g.line("true")
	})
}

// group is how many values are compared at once: fewer, longer words are slow
// to build, and more, shorter ones to test.
const group = 10

// unchanged is one test that the variables have the values which entering gave
// them, as clauses to be joined by -a. A mark before keeps a value from being
// read as an operator, and the separator keeps "a b" "c" apart from "a" "b c".
func (g *generation) unchanged(names []string) []string {
	var clauses []string
	for some := range slices.Chunk(names, group) {
		now, was := make([]string, len(some)), make([]string, len(some))
		for i, name := range some {
			now[i] = `"$` + name + `"`
			was[i] = g.was(name)
		}
		clauses = append(clauses, "x"+strings.Join(now, `\x1f`)+" = x"+strings.Join(was, `\x1f`))
	}
	clauses[0] = "test " + clauses[0]
	return clauses
}

// was is the fish word for the value that entering gave the variable.
func (g *generation) was(name string) string {
	if v, ok := g.d.Set[name].Literal(); ok {
		return QuoteFish(v)
	}
	return `"$` + env.WasPrefix + name + `"`
}

func (g *generation) undo() {
	g.function("undo", func() {
		for _, name := range g.dynamic {
			g.line("set -eg %s%s", env.WasPrefix, name)
		}
		for _, name := range g.unset {
			g.line("__devsh_unset_off %s", name)
		}
		for _, name := range g.lists {
			words := slices.Concat([]string{"__devsh_list_off", name}, quoteAll(marked(g.d.Lists[name])))
			g.line("%s", strings.Join(words, " "))
		}
		for _, name := range g.hooked {
			g.line("__devsh_value_off %s", name)
		}
		for _, name := range slices.Concat(g.aliases, g.funcs) {
			g.line("__devsh_alias_off %s", name)
		}
		if len(g.d.CompletionDirs) > 0 {
			g.line("__devsh_complete_off %s", strings.Join(quoteAll(g.d.CompletionDirs), " "))
		}
		g.line("true")
	})
}

func (g *generation) data() {
	g.function("data", func() {
		g.line("set -g __devsh_names %s", strings.Join(g.set, " "))
		was := make([]string, len(g.set))
		for i, name := range g.set {
			was[i] = g.was(name)
		}
		g.line("set -g __devsh_was %s", strings.Join(was, " "))
		l := g.d.Lists[env.Path]
		g.line("set -g __devsh_before %s", strings.Join(quoteAll(l.Prepend), " "))
		g.line("set -g __devsh_after %s", strings.Join(quoteAll(l.Append), " "))
	})
}

func (g *generation) adopt() {
	g.function("adopt", func() {
		for names := range slices.Chunk(slices.Concat(g.set, g.unset, g.lists, g.hooked), chunk) {
			g.line("__devsh_inherit %s", strings.Join(names, " "))
		}
		for _, name := range g.lists {
			g.line("__devsh_list_adopt %s %s", name, g.listArgs(name))
		}
		g.line("true")
	})
}

// listArgs are the words before, after and alone of a list variable; see
// [env.List.Join].
func (g *generation) listArgs(name string) string {
	return strings.Join(quoteAll(around(name, g.d.Lists[name])), " ")
}

// around is what comes before and after the value of a list variable, and what
// that is where it was unset or empty.
func around(name string, l env.List) []string {
	before, after := strings.Join(l.Prepend, ":"), strings.Join(l.Append, ":")
	if before != "" {
		before += ":"
	}
	if after != "" {
		after = ":" + after
	}
	return []string{before, after, l.Join(name, "")}
}

// marked are the entries of a list in the order in which they are taken out: <
// marks those from before the value, > those from after it.
func marked(l env.List) (entries []string) {
	for _, e := range l.Prepend {
		entries = append(entries, "<"+e)
	}
	for _, e := range slices.Backward(l.Append) {
		entries = append(entries, ">"+e)
	}
	return entries
}

func quoteAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = QuoteFish(s)
	}
	return out
}
