package merge

import (
	"strconv"
	"strings"

	"github.com/hbohlen/devsh/dotfiles/tree"
)

// entries are what is in an object or a list, by what tells them apart.
type entries struct {
	ids   []string
	nodes map[string]tree.Node
}

func (e entries) get(id string) tree.Node { return e.nodes[id] }

// open takes three values apart, if all that there are can be and the two
// sides are there: as objects, or as lists whose elements have a name each.
func (m *merger) open(path []string, b, g, l tree.Node) (opened [3]entries, ok bool) {
	if !g.Exists() || g.Kind() != l.Kind() {
		return opened, false
	}
	if b.Kind() != g.Kind() {
		b = tree.Node{} // nothing in it was there before
	}
	for i, n := range []tree.Node{b, g, l} {
		e := entries{nodes: map[string]tree.Node{}}
		switch rule := m.schema.at(path); {
		case !n.Exists():
		case n.Kind() == '{':
			e.ids, e.nodes = n.Members()
		case n.Kind() == '[' && (rule.Kind == Set || rule.Kind == Keyed):
			for _, element := range n.Elements() {
				id, named := m.id(rule, path, element)
				if _, twice := e.nodes[id]; twice || !named {
					return opened, false
				}
				e.ids = append(e.ids, id)
				e.nodes[id] = element
			}
		default:
			return opened, false
		}
		opened[i] = e
	}
	return opened, true
}

// id tells a list's element apart from others.
func (m *merger) id(rule Rule, path []string, n tree.Node) (string, bool) {
	if rule.Kind == Set {
		return m.schema.Meaning(below(path, "[]"), n), true
	}
	if n.Kind() != '{' {
		return "", false
	}
	parts := make([]string, len(rule.Fields))
	for i, field := range rule.Fields {
		parts[i] = n.Get(field).Meaning()
	}
	return strings.Join(parts, " "), true
}

// gone is how many entries of the base a side has no more: as a mass, if they
// are many and most.
func gone(base, side entries) bool {
	n := 0
	for _, id := range base.ids {
		if !side.get(id).Exists() {
			n++
		}
	}
	return n >= 5 && 2*n > len(base.ids)
}

func quote(s string) string { return strconv.Quote(s) }
