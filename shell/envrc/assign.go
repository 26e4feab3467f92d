package envrc

import (
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

// plainAssignments translates NAME=value without export: what is exported
// already changes, all else is a variable of the script.
func (t *translator) plainAssignments(words []*word) string {
	for _, w := range words {
		if w.name == "" {
			return "it sets a variable for one command only, and nothing is run"
		}
	}
	return each(words, func(w *word) string {
		v := t.vars[w.name]
		return t.setWord(w, t.export || w.name == env.Path || v != nil && v.exported && v.state != gone)
	})
}

// exportCommand translates export NAME=value and export NAME.
func (t *translator) exportCommand(args []*word) string {
	if len(args) > 0 {
		if text, ok := args[0].literal(); ok && strings.HasPrefix(text, "-") {
			if text != "--" {
				return "of the options of export, none is understood"
			}
			args = args[1:]
		}
	}
	given := map[string]bool{} // by this very command, whose words the shell expands before
	return each(args, func(w *word) string {
		switch {
		case w.brace:
			return "the shell makes several words of { }"
		case w.name == "":
			w = assignmentIn(w)
		}
		if w.name != "" {
			for _, ref := range w.parts.Refs() {
				if given[ref] {
					t.lose(w.name, t.line, true)
					return "$" + ref + " is here what it was before this command"
				}
			}
			given[w.name] = true
			return t.setWord(w, true)
		}
		text, ok := w.literal()
		switch {
		case !ok || !env.IsIdentifier(text):
			return "it does not say NAME=value"
		case text == env.Path:
			return ""
		}
		return t.exportName(text)
	})
}

// each applies do to all words; why, if any, names those that it failed for.
func each(words []*word, do func(*word) string) string {
	var whys []string
	for _, w := range words {
		why := do(w)
		if why == "" {
			continue
		}
		if len(words) > 1 && w.name != "" {
			why = w.name + ": " + why
		}
		if !slices.Contains(whys, why) {
			whys = append(whys, why)
		}
	}
	return strings.Join(whys, "; ")
}

// assignmentIn finds the assignment in a word whose name is quoted, as in
// export "A=$B".
func assignmentIn(w *word) *word {
	parts := join(w.parts)
	if len(parts) == 0 || parts[0].Ref != "" || len(w.bare) > 0 || w.glob {
		return w
	}
	name, value, ok := strings.Cut(parts[0].Text, "=")
	if !ok || !env.IsIdentifier(name) {
		return w
	}
	return &word{name: name, parts: append(env.Value{{Text: value}}, parts[1:]...), guard: w.guard, why: w.why}
}

// exportName exports a variable of the script.
func (t *translator) exportName(name string) string {
	v := t.vars[name]
	switch why := t.known(name); {
	case v != nil && (v.state == set && v.exported || v.state == added):
		return ""
	case why != "":
		return why
	case v == nil || v.state != set:
		return name + " has no value in this file"
	}
	// Its value may refer to what was set since.
	if bad := t.hidden(v.flat, t.seq+1, ""); bad != "" {
		return needs(bad)
	}
	return t.assign(name, v.flat, true)
}

// setWord translates NAME=value.
func (t *translator) setWord(w *word, export bool) string {
	why := t.setValue(w, export)
	if why != "" {
		t.lose(w.name, t.line, true)
	}
	return why
}

func (t *translator) setValue(w *word, export bool) string {
	name := w.name
	if name == pwd || name == "OLDPWD" {
		return "it belongs to the shell"
	}
	w = appended(w)
	old := t.vars[name]
	v, why := t.resolve(w, name)
	switch {
	case why != "":
		return why
	case export && (old == nil || old.state == added) && slices.Contains(v.Refs(), name):
		return t.extend(name, v, w.guard)
	case w.guard != "":
		return "of ${…}, only ${NAME} is understood"
	case name == env.Path:
		return "PATH cannot be set as a whole; what is added to it belongs into [path]"
	}
	return t.assign(name, v, export)
}

// appended makes NAME=${NAME}value of NAME+=value.
func appended(w *word) *word {
	if !w.add {
		return w
	}
	return &word{name: w.name, parts: append(env.Value{{Ref: w.name}}, w.parts...), guard: w.guard, why: w.why}
}

// extend translates a value that contains the one the variable had outside:
// as additions to a list if it looks like one, else as a value.
func (t *translator) extend(name string, v env.Value, guard string) string {
	if len(v) == 1 { // NAME=$NAME: set it is then, if only to nothing
		if name == env.Path || t.vars[name] != nil {
			return ""
		}
		return t.assign(name, v, true)
	}
	before, after, ok := splitList(name, v)
	if ok && (name == env.Path || guard == name || looksLikeList(name, slices.Concat(before, after))) {
		return t.addTo(name, before, after)
	}
	switch {
	case name == env.Path:
		return "PATH is understood with one $PATH in it, and a colon between that and each directory"
	case guard != "":
		return "of ${…}, only ${NAME} is understood"
	case t.vars[name] != nil && t.vars[name].state == added:
		return "it is a list, and entries were added to it before"
	}
	return t.assign(name, v, true)
}

// splitList splits a value at its colons: the entries before and those after
// the one that is ${name}. ok is false where there is no such, or another one,
// or an empty entry.
func splitList(name string, v env.Value) (before, after []env.Value, ok bool) {
	entries := []env.Value{nil}
	for _, p := range v {
		if p.Ref != "" {
			entries[len(entries)-1] = append(entries[len(entries)-1], p)
			continue
		}
		for i, text := range strings.Split(p.Text, ":") {
			if i > 0 {
				entries = append(entries, nil)
			}
			if text != "" {
				entries[len(entries)-1] = append(entries[len(entries)-1], env.Piece{Text: text})
			}
		}
	}
	at := -1
	for i, e := range entries {
		switch {
		case len(e) == 1 && e[0].Ref == name && at < 0:
			at = i
		case len(e) == 0 || slices.Contains(e.Refs(), name):
			return nil, nil, false
		}
	}
	if at < 0 {
		return nil, nil, false
	}
	return entries[:at], entries[at+1:], true
}

// looksLikeList reports whether what is added to a variable are directories:
// its name says so, or they do.
func looksLikeList(name string, entries []env.Value) bool {
	if strings.HasSuffix(name, "PATH") || strings.HasSuffix(name, "_DIRS") {
		return true
	}
	for _, e := range entries {
		path := e[0].Ref == pwd || e[0].Ref == "HOME" || strings.HasPrefix(e[0].Text, "/") || strings.HasPrefix(e[0].Text, ".")
		if !path {
			return false
		}
	}
	return true
}

// forget notes for all variables that a text could have set that they are not
// known any more, and whether it could have gone to another directory.
func (t *translator) forget(text string, line int) {
	l := &lexer{src: text}
	command := ""
	for {
		tok := l.next()
		switch {
		case tok.kind == endOfText || tok.kind == broken:
			return
		case tok.kind != wordToken:
			command = ""
			continue
		}
		name := tok.word.name
		if name == "" {
			name, _ = tok.word.literal()
		}
		switch {
		case command == "" && tok.word.name == "" && !goesOn[tok.text]:
			command = tok.text
			if command == "cd" || command == "pushd" || command == "popd" {
				t.lose(pwd, line, false)
			}
		case tok.word.name != "" || takesNames[command] && env.IsIdentifier(name):
			if v := t.vars[name]; v == nil || v.lost == 0 {
				t.lose(name, line, false)
			}
		}
	}
}

// takesNames are the commands whose arguments are names of variables.
var takesNames = map[string]bool{
	"export": true, "declare": true, "typeset": true, "local": true, "readonly": true, "read": true, "unset": true,
	"for": true, "path_add": true, "path_rm": true, "mapfile": true, "readarray": true, "getopts": true, "printf": true,
}
