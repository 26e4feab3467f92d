package envrc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/envrc/draft"
)

// variable is what is known of one at some point of the .envrc.
type variable struct {
	state    state
	exported bool
	// value, if set, refers to other variables: to one of this file that was
	// assigned before, by its value then and there, else to the surrounding
	// environment. A devsh.toml means the same by it.
	value env.Value
	seq   int // when it was assigned
	// flat is value without references to other variables of this file.
	flat env.Value
	// list is what is added to the surrounding value: entries as templates.
	list env.List
	// lost is the line since which the value is not known, 0 if it is.
	lost int
}

type state int

const (
	around state = iota // as in the surrounding environment
	set
	gone
	added
)

// shellOwn are variables that bash itself sets, and that are not exported as
// such, or are others in every process.
var shellOwn = map[string]bool{
	"_": true, "BASH": true, "BASHPID": true, "BASH_ENV": true, "BASH_SOURCE": true, "BASH_VERSION": true, "BASHOPTS": true,
	"COLUMNS": true, "DIRSTACK": true, "EPOCHREALTIME": true, "EPOCHSECONDS": true, "EUID": true, "FUNCNAME": true,
	"GROUPS": true, "HOSTNAME": true, "HOSTTYPE": true, "IFS": true, "LINENO": true, "LINES": true, "MACHTYPE": true,
	"OLDPWD": true, "OPTARG": true, "OPTIND": true, "OSTYPE": true, "PIPESTATUS": true, "PPID": true, "RANDOM": true,
	"REPLY": true, "SECONDS": true, "SHELLOPTS": true, "SHLVL": true, "SRANDOM": true, "UID": true,
}

func (t *translator) unknown(name string) bool {
	v := t.vars[name]
	return v != nil && v.lost > 0
}

// known says why the value of a variable is not known, or "".
func (t *translator) known(name string) string {
	v := t.vars[name]
	switch {
	case v != nil && v.lost > 0 && name == pwd:
		return fmt.Sprintf("line %d changed the directory", v.lost)
	case v != nil && v.lost > 0:
		return fmt.Sprintf("the value of %s is not known since line %d", name, v.lost)
	case v != nil && v.state == set:
		return ""
	case shellOwn[name]:
		return "$" + name + " is bash's own"
	case strings.HasPrefix(name, "DEVSH_"), strings.HasPrefix(name, "DIRENV_"), name == "direnv_layout_dir", name == "direnv":
		return "$" + name + " is direnv's or devsh's own"
	case name == env.Path, v != nil && v.state == added:
		return "the value of the list " + name + " comes together only in the shell"
	}
	return ""
}

// resolve returns the value of a word: variables that are not exported, and
// ones that were taken away, are replaced. Of the variable that is about to
// get the value, a reference is to what it was in the surrounding environment.
func (t *translator) resolve(w *word, target string) (v env.Value, why string) {
	if w.why != "" {
		return nil, w.why
	}
	size := 0
	for _, p := range w.parts {
		piece := env.Value{p}
		switch {
		case p.Ref == "":
		case p.Ref == target:
			piece, why = t.before(target)
		default:
			piece, why = t.reference(p.Ref)
		}
		if why != "" {
			return nil, why
		}
		for _, q := range piece {
			size += len(q.Text) + len(q.Ref)
		}
		if size > maxValue {
			return nil, tooLong
		}
		v = append(v, piece...)
	}
	return join(v), ""
}

// join makes one of adjacent texts.
func join(v env.Value) env.Value {
	var out env.Value
	for i := 0; i < len(v); {
		if v[i].Ref != "" {
			out = append(out, v[i])
			i++
			continue
		}
		var text strings.Builder
		for ; i < len(v) && v[i].Ref == ""; i++ {
			text.WriteString(v[i].Text)
		}
		if text.Len() > 0 {
			out = append(out, env.Piece{Text: text.String()})
		}
	}
	return out
}

const (
	tooLong = "the value becomes too long"
	notUTF8 = "it is not UTF-8, and TOML holds nothing else"
	dollar  = "a $ directly before a reference cannot be written in a devsh.toml"
	tooMuch = "there is too much for one devsh.toml"
)

func size(v env.Value) int {
	n := 0
	for _, p := range v {
		n += len(p.Text) + len(p.Ref)
	}
	return n
}

// assign gives a variable a value.
func (t *translator) assign(name string, value env.Value, export bool) string {
	if export {
		if why := t.checkValue(name, value); why != "" {
			return why
		}
	}
	if why := t.release(name); why != "" {
		return why
	}
	old := t.vars[name]
	delete(t.vars, name) // references to it are to the surrounding environment's
	flat, why := t.flat(value, t.seq+1)
	if t.flatBytes += size(flat); t.flatBytes > maxFlat {
		why = tooMuch
	}
	if why != "" {
		if old != nil {
			t.vars[name] = old
		}
		return why
	}
	t.seq++
	t.vars[name] = &variable{state: set, exported: export, value: value, flat: flat, seq: t.seq}
	return ""
}

// checkValue says why a variable cannot have a value in a devsh.toml.
func (t *translator) checkValue(name string, value env.Value) string {
	if name == "file" || name == "unset" {
		return name + " is a word of devsh.toml's own in [env]"
	}
	text, ok := draft.Template(here(value))
	if !ok {
		return dollar
	}
	return t.accept("[env]\n" + name + " = " + quote(text))
}

// here writes out the reference to the project's directory.
func here(v env.Value) env.Value {
	out := slices.Clone(v)
	for i := range out {
		if out[i].Ref == pwd {
			out[i].Ref = env.ProjectVar
		}
	}
	return out
}

// lose notes that the value of a variable is not known from a line on. What
// was certainly replaced is not written out either.
func (t *translator) lose(name string, line int, certain bool) {
	if name == env.Path {
		return // entries are added to whatever it is
	}
	v := t.vars[name]
	if v == nil {
		v = &variable{}
		t.vars[name] = v
	}
	v.lost = line
	if certain && t.release(name) == "" {
		v.state = around
	}
}
