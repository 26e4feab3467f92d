package envrc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/envrc/draft"
)

// globbed is why a pattern is left.
const globbed = "it is a pattern, which the shell expands"

// argument resolves a word that is an argument: one argument, that is.
func (t *translator) argument(w *word) (env.Value, string) {
	if w.guard != "" {
		return nil, "of ${…}, only ${NAME} is understood"
	}
	if w.name != "" {
		parts := append(env.Value{{Text: w.name + "="}}, w.parts...)
		if w.add {
			parts[0].Text = w.name + "+="
		}
		w = &word{parts: parts, bare: w.bare, why: w.why}
	}
	v, why := t.resolve(w, "")
	if why != "" {
		return nil, why
	}
	for _, name := range w.bare {
		r := t.vars[name]
		if r == nil || r.state == around {
			continue
		}
		text := ""
		for _, p := range r.flat {
			text += p.Text
		}
		if r.state == gone || len(r.flat) == 0 || strings.ContainsAny(text, " \t\n*?[\\") {
			return nil, fmt.Sprintf("$%s without quotes is not one argument", name)
		}
	}
	return v, ""
}

// entries makes the arguments of PATH_add and its like entries of a list.
func (t *translator) entries(args []*word) ([]env.Value, string) {
	if len(args) == 0 {
		return nil, "it names no directory"
	}
	var out []env.Value
	for _, w := range args {
		if w.glob || w.brace {
			return nil, globbed
		}
		v, why := t.argument(w)
		if why != "" {
			return nil, why
		}
		out = append(out, v)
	}
	return out, ""
}

// addTo adds entries to a list variable, before what it has and behind.
func (t *translator) addTo(name string, before, after []env.Value) string {
	v := t.vars[name]
	if v != nil && v.lost > 0 {
		return t.known(name)
	}
	if v != nil && v.state == set || v != nil && v.state == gone {
		return t.addToValue(name, *v, before, after)
	}
	l := env.List{}
	if v != nil {
		l = v.list
	}
	prepend, why := t.templates(before)
	if why != "" {
		return why
	}
	appended, why := t.templates(after)
	if why != "" {
		return why
	}
	check := "[lists." + name + "]"
	if name == env.Path {
		check = "[path]"
	}
	for _, e := range slices.Concat(prepend, appended) {
		if why := t.accept(check + "\nprepend = [" + quote(e) + "]"); why != "" {
			return why
		}
	}
	l.Prepend = firsts(slices.Concat(prepend, l.Prepend))
	l.Append = slices.Concat(l.Append, appended)
	t.vars[name] = &variable{state: added, list: l, exported: true}
	return ""
}

// addToValue adds entries to a value that this file gave the variable.
func (t *translator) addToValue(name string, v variable, before, after []env.Value) string {
	if why := notEntries(name, v.flat); why != "" {
		return why
	}
	var entries []env.Value
	for _, e := range before {
		entries = append(entries, t.absolute(e))
	}
	if size(v.flat) > 0 { // no colon for nothing
		entries = append(entries, v.flat)
	}
	for _, e := range after {
		entries = append(entries, t.absolute(e))
	}
	var value env.Value
	for i, e := range entries {
		if e == nil {
			return "where an entry is depends on the environment"
		}
		if i > 0 {
			value = append(value, env.Piece{Text: ":"})
		}
		value = append(value, e...)
	}
	value = join(value)
	if bad := t.hidden(value, t.seq+1, name); bad != "" {
		return needs(bad)
	}
	return t.assign(name, value, true)
}

// notEntries says why a value cannot be told to be entries with colons between.
func notEntries(name string, v env.Value) string {
	text, certain := "", false
	for _, p := range v {
		text += p.Text + p.Ref
		certain = certain || p.Ref == "" || p.Ref == pwd || p.Ref == "HOME"
	}
	switch {
	case len(v) > 0 && !certain:
		return "whether " + name + " is empty, and gets no colon, only running tells"
	case strings.HasPrefix(text, ":"), strings.HasSuffix(text, ":"), strings.Contains(text, "::"), strings.Contains(text, "\n"):
		return name + " has empty entries or several lines, of which direnv makes something else"
	}
	return ""
}

// absolute makes an entry a path that does not depend on the working
// directory; nil if it cannot be known to be one.
func (t *translator) absolute(e env.Value) env.Value {
	e, why := t.flat(e, t.seq+1)
	switch {
	case why != "", t.unknown(pwd):
		return nil
	case len(e) == 0:
		return env.Value{{Ref: pwd}}
	case e[0].Ref == pwd, e[0].Ref == "HOME", strings.HasPrefix(e[0].Text, "/"):
		return e
	case e[0].Ref != "":
		return nil
	}
	e = slices.Clone(e)
	for strings.HasPrefix(e[0].Text, "./") {
		e[0].Text = strings.TrimLeft(e[0].Text[2:], "/")
	}
	if len(e) == 1 && (e[0].Text == "." || e[0].Text == "") {
		return env.Value{{Ref: pwd}}
	}
	return append(env.Value{{Ref: pwd}, {Text: "/"}}, e...)
}

// firsts drops entries that are there before.
func firsts(entries []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(entries, func(e string) bool {
		was := seen[e]
		seen[e] = true
		return was
	})
}

func (t *translator) templates(entries []env.Value) ([]string, string) {
	var out []string
	for _, e := range entries {
		text, why := t.template(e)
		if why != "" {
			return nil, why
		}
		out = append(out, text)
	}
	return out, ""
}

// template makes an entry of a value: relative to the project where it can be.
// It may refer to the home directory, and to nothing else in the environment.
func (t *translator) template(v env.Value) (string, string) {
	flat, why := t.flat(v, t.seq+1)
	if why != "" {
		return "", why
	}
	for _, name := range flat.Refs() {
		if name != pwd && name != "HOME" {
			return "", "an entry of a list must not depend on the environment, here on $" + name
		}
		if r := t.vars[name]; r != nil && r.state == set && r.exported {
			return "", needs(name)
		}
	}
	flat = fromHere(flat)
	home := ""
	switch {
	case len(flat) > 1 && flat[0].Ref == "HOME" && strings.HasPrefix(flat[1].Text, "/"):
		home, flat = "~", flat[1:]
	case len(flat) > 0 && strings.HasPrefix(flat[0].Text, "~"):
		home = "./"
	}
	text, ok := draft.Template(here(flat))
	if !ok {
		return "", dollar
	}
	if text = home + text; len(text) > 4000 {
		return "", tooLong
	}
	if relative := len(flat) == 0 || flat[0].Ref == "" && home != "~" && !strings.HasPrefix(text, "/"); relative && t.unknown(pwd) {
		return "", t.known(pwd)
	}
	return text, ""
}
