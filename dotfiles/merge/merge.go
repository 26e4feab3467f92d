// Package merge brings together what home-manager generated and what a program
// changed live, given what both began with: key by key, losing neither. What
// the values mean to the program is data (Schema); docs/merge.md is the table
// of decisions. It works on bytes of JSON and JSONC, and has no effects: it
// must not know where files are, nor any program by name.
package merge

import (
	"fmt"

	"github.com/hbohlen/devsh/dotfiles/tree"
)

// Input is one file's three states. A nil text is a file that is not there.
type Input struct{ Base, Generated, Live []byte }

// Options are what is not in the texts.
type Options struct {
	Schema Schema
	Limits tree.Limits
	// Newer is whose change was seen last, for the policy of that name.
	Newer func(path []string) Policy
	// Mass lets deletions through that would be held back.
	Mass bool
}

// Result is what the live file becomes, nil being none, and what was decided.
type Result struct {
	Text      []byte
	Conflicts []Conflict
	Removed   [][]string // generated no more, and not changed live
	// Held are deletions of many entries at once, by either side, that were
	// not done. As long as there are any, the base has to stay what it is.
	Held       [][]string
	Duplicates [][]string // keys that the live file has twice: the last counts
	BaseLost   error      // the base did not parse, and counted as empty
}

// Conflict is a value that both sides changed, each as it was written, "" being none.
type Conflict struct {
	Path                  []string
	Base, Generated, Live string
	Winner                Policy // Generated or Live; Ask where nobody has decided
}

// UnparsableError says that a side is no JSON: nothing may be written then.
type UnparsableError struct {
	Side Policy
	Err  error
}

func (e *UnparsableError) Error() string { return fmt.Sprintf("%s: %v", e.Side, e.Err) }
func (e *UnparsableError) Unwrap() error { return e.Err }

type merger struct {
	schema Schema
	opts   Options
	result Result
}

// what becomes of a live value
type fate int

const (
	keep fate = iota
	take
	remove
)

// Merge is the three-way merge of one file.
func Merge(in Input, opts Options) (Result, error) {
	if opts.Limits == (tree.Limits{}) {
		opts.Limits = tree.DefaultLimits()
	}
	m := &merger{schema: opts.Schema, opts: opts}
	g, _, err := root(in.Generated, opts.Limits)
	if err != nil {
		return Result{}, &UnparsableError{Generated, err}
	}
	l, live, err := root(in.Live, opts.Limits)
	if err != nil {
		return Result{}, &UnparsableError{Live, err}
	}
	b, _, err := root(in.Base, opts.Limits)
	m.result.BaseLost = err
	m.result.Duplicates = l.Duplicates()
	switch m.value(nil, b, g, l) {
	case remove:
		return m.result, nil
	case take:
		if !l.Exists() {
			m.result.Text = in.Generated
			return m.result, nil
		}
		l.Replace(g)
	}
	if live != nil {
		m.result.Text = live.Bytes()
	}
	return m.result, nil
}

func root(text []byte, limits tree.Limits) (tree.Node, *tree.Doc, error) {
	if text == nil {
		return tree.Node{}, nil, nil
	}
	doc, err := tree.Parse(text, limits)
	if err != nil {
		return tree.Node{}, nil, err
	}
	return doc.Root(), doc, nil
}

// value decides about one value. What is within it is changed in place.
func (m *merger) value(path []string, b, g, l tree.Node) fate {
	if opened, ok := m.open(path, b, g, l); ok {
		m.collection(path, opened, l)
		return keep
	}
	base, generated, live := m.schema.Meaning(path, b), m.schema.Meaning(path, g), m.schema.Meaning(path, l)
	switch {
	case generated == live || generated == base:
		return keep
	case live == base && g.Exists():
		return take
	case live == base:
		m.result.Removed = append(m.result.Removed, path)
		return remove
	}
	rule := m.schema.at(path)
	if !l.Exists() && rule.Default != "" && m.isDefault(rule, b) {
		return take // the program has dropped what goes without saying
	}
	winner := m.winner(rule, path, g, l)
	m.result.Conflicts = append(m.result.Conflicts, Conflict{path, b.Source(), g.Source(), l.Source(), winner})
	switch {
	case winner != Generated:
		return keep
	case g.Exists():
		return take
	}
	return remove
}

func (m *merger) isDefault(rule Rule, b tree.Node) bool {
	d, _, err := root([]byte(rule.Default), m.opts.Limits)
	return err == nil && tree.Equal(d, b)
}

func (m *merger) winner(rule Rule, path []string, g, l tree.Node) Policy {
	if rule.Kind == Permission {
		if width(g) <= width(l) {
			return Generated
		}
		return Live
	}
	policy := rule.Policy
	if policy == Newer && m.opts.Newer != nil {
		return m.opts.Newer(path)
	}
	switch {
	case policy == Live || policy == Ask:
		return policy
	case !g.Exists():
		return Live
	}
	return Generated
}

// width is how much a permission permits. None at all is what the program
// does by itself: more than "ask", less than "allow". What is not known is
// taken for wide.
func width(n tree.Node) int {
	order := map[string]int{"deny": 0, "ask": 1, "allow": 3}
	if w, known := order[n.Text()]; known {
		return w
	}
	if !n.Exists() {
		return 2
	}
	return 4
}

// collection merges what is in an object or a list. Additions come last.
func (m *merger) collection(path []string, opened [3]entries, l tree.Node) {
	b, g, live := opened[0], opened[1], opened[2]
	generatedHeld, liveHeld := !m.opts.Mass && gone(b, g), !m.opts.Mass && gone(b, live)
	gonePlaces := map[string]bool{}
	var added []string
	for _, id := range union(live.ids, g.ids) {
		here := path
		if l.Kind() == '{' {
			here = below(path, id)
		} else {
			here = below(path, "[]")
		}
		bn, gn, ln := b.get(id), g.get(id), live.get(id)
		switch {
		case generatedHeld && bn.Exists() && !gn.Exists():
			m.result.Held = append(m.result.Held, below(path, id))
			continue
		case liveHeld && bn.Exists() && !ln.Exists():
			m.result.Held = append(m.result.Held, below(path, id))
			added = append(added, id)
			continue
		}
		switch m.value(here, bn, gn, ln) {
		case take:
			if ln.Exists() {
				ln.Replace(gn)
			} else {
				added = append(added, id)
			}
		case remove:
			gonePlaces[id] = true
		}
	}
	rearrange(l, live.ids, gonePlaces, added, g)
}

// rearrange removes and adds at last: until then, no place has moved.
func rearrange(l tree.Node, ids []string, gone map[string]bool, added []string, g entries) {
	for i := len(ids) - 1; i >= 0; i-- {
		switch {
		case !gone[ids[i]]:
		case l.Kind() == '{':
			l.Delete(ids[i])
		default:
			l.DeleteAt(i)
		}
	}
	for _, id := range added {
		if l.Kind() == '{' {
			l.Set(id, g.get(id))
		} else {
			l.Append(g.get(id))
		}
	}
}

func union(lists ...[]string) []string {
	seen := map[string]bool{}
	var all []string
	for _, list := range lists {
		for _, id := range list {
			if !seen[id] {
				seen[id] = true
				all = append(all, id)
			}
		}
	}
	return all
}
