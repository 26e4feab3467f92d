package env

import (
	"fmt"
	"strings"
)

// Value is the value of a variable before it is entered: text and references
// to variables of the surrounding environment. References stay references in
// everything devsh stores, so that no value of the user's session is recorded.
type Value []Piece

// Piece is a part of a [Value]: a reference when Ref is not empty, else text.
type Piece struct {
	Text string
	Ref  string
}

// Lit returns the value that is exactly s.
func Lit(s string) Value { return Value{{Text: s}} }

// Literal returns the text of a value without references.
func (v Value) Literal() (string, bool) {
	var b strings.Builder
	for _, p := range v {
		if p.Ref != "" {
			return "", false
		}
		b.WriteString(p.Text)
	}
	return b.String(), true
}

// Refs returns the names that v refers to, in order of appearance.
func (v Value) Refs() []string {
	var refs []string
	for _, p := range v {
		if p.Ref != "" {
			refs = append(refs, p.Ref)
		}
	}
	return refs
}

// Expand replaces each reference by what lookup gives for it; an unset
// variable expands to nothing, as in every shell.
func (v Value) Expand(lookup func(name string) (string, bool)) string {
	var b strings.Builder
	for _, p := range v {
		if p.Ref == "" {
			b.WriteString(p.Text)
			continue
		}
		s, _ := lookup(p.Ref)
		b.WriteString(s)
	}
	return b.String()
}

// Resolve replaces the references that lookup knows by their values and
// leaves the others as references. Adjacent text is joined.
func (v Value) Resolve(lookup func(name string) (Value, bool)) Value {
	var out Value
	add := func(p Piece) {
		if n := len(out); n > 0 && p.Ref == "" && out[n-1].Ref == "" {
			out[n-1].Text += p.Text
			return
		}
		out = append(out, p)
	}
	for _, p := range v {
		known, ok := Value(nil), false
		if p.Ref != "" {
			known, ok = lookup(p.Ref)
		}
		if !ok {
			add(p)
			continue
		}
		for _, k := range known {
			add(k)
		}
	}
	return out
}

// ParseValue reads the template syntax of devsh.toml: ${NAME} refers to a
// variable, $${ stands for a literal ${, and every other $ for itself.
// The error is a [*TemplateError].
func ParseValue(s string) (Value, error) {
	var v Value
	text := func(t string) {
		if n := len(v); n > 0 && v[n-1].Ref == "" {
			v[n-1].Text += t
		} else if t != "" {
			v = append(v, Piece{Text: t})
		}
	}
	for i := 0; i < len(s); {
		j := strings.Index(s[i:], "${")
		if j < 0 {
			text(s[i:])
			break
		}
		j += i
		if j > i && s[j-1] == '$' {
			text(s[i:j-1] + "${")
			i = j + 2
			continue
		}
		text(s[i:j])
		end := strings.IndexByte(s[j:], '}')
		if end < 0 {
			return nil, &TemplateError{Offset: j, Reason: "${ without a closing }; write $${ for a literal ${"}
		}
		name := s[j+2 : j+end]
		if !IsIdentifier(name) {
			return nil, &TemplateError{Offset: j, Reason: fmt.Sprintf("%q is not a variable name; only ${NAME} is understood, and $${ stands for a literal ${", name)}
		}
		v = append(v, Piece{Ref: name})
		i = j + end + 1
	}
	if v == nil {
		v = Value{{}}
	}
	return v, nil
}

// TemplateError says where in a template, in bytes from its start, what is wrong.
type TemplateError struct {
	Offset int
	Reason string
}

func (e *TemplateError) Error() string { return e.Reason }
