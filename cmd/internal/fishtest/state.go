package fishtest

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

// State is all that can be seen of a shell at its prompt.
type State struct {
	Globals    map[string]Variable
	Universals map[string]Variable
	Hidden     map[string]string // universal ones behind a global one, as set --show tells
	Functions  map[string]string // definitions
	Texts      map[string]string // abbreviations, bindings, jobs, directory
	Env        env.Env           // as a program started there gets it
}

// Variable is a global or universal variable of fish.
type Variable struct {
	Exported, Path bool
	Elements       []string
}

func (v Variable) String() string {
	var b strings.Builder
	if !v.Exported {
		b.WriteString("un")
	}
	b.WriteString("exported")
	if v.Path {
		b.WriteString(" path")
	}
	if len(v.Elements) > 40 {
		return fmt.Sprintf("%s %d elements %q…", b.String(), len(v.Elements), v.Elements[:10])
	}
	fmt.Fprintf(&b, " %q", v.Elements)
	return b.String()
}

// parseState reads what the function __fishtest_dump of the harness writes.
func parseState(b []byte) (State, error) {
	s := State{
		Globals: map[string]Variable{}, Universals: map[string]Variable{}, Hidden: map[string]string{},
		Functions: map[string]string{}, Texts: map[string]string{},
	}
	p := &parser{rest: b}
	for len(p.rest) > 0 && p.err == nil {
		switch kind := p.field(); kind {
		case "global":
			name := p.field()
			s.Globals[name] = p.variable()
		case "universal":
			name := p.field()
			s.Universals[name] = p.variable()
		case "hidden":
			name := p.field()
			s.Hidden[name] = p.field()
		case "function":
			name := p.field()
			s.Functions[name] = definition(p.field())
		case "text":
			name := p.field()
			s.Texts[name] = p.field()
		default:
			return s, fmt.Errorf("the dump has a record of kind %q", kind)
		}
	}
	return s, p.err
}

type parser struct {
	rest []byte
	err  error
}

func (p *parser) until(end byte) string {
	field, rest, ok := bytes.Cut(p.rest, []byte{end})
	if !ok {
		p.err = fmt.Errorf("the dump is cut short at %.200q", p.rest)
	}
	p.rest = rest
	return string(field)
}

func (p *parser) field() string { return p.until(0) }

func (p *parser) variable() Variable {
	flags := p.field()
	return Variable{
		Exported: strings.Contains(flags, "x"), Path: strings.Contains(flags, "p"),
		Elements: p.elements(),
	}
}

func (p *parser) elements() []string {
	n, err := strconv.Atoi(p.until('\n'))
	if err != nil || n > 1<<20 {
		p.err = fmt.Errorf("the dump has a wrong number of elements: %w", err)
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = p.field()
	}
	if end := p.field(); end != "." && p.err == nil {
		p.err = fmt.Errorf("the dump has %q after %d elements", end, n)
	}
	return list
}

// definition drops the comment about where a function was defined: one that
// is put back is defined elsewhere.
func definition(text string) string {
	for strings.HasPrefix(text, "# Defined ") {
		_, text, _ = strings.Cut(text, "\n")
	}
	return text
}
