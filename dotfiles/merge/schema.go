package merge

import (
	"slices"
	"strings"

	"github.com/hbohlen/devsh/dotfiles/tree"
)

// Kind is what a value is to the program that reads it, which decides how two
// changes of it come together. Objects need no kind: they merge key by key.
type Kind string

// The kinds. What no rule names is a Scalar.
const (
	Scalar     Kind = "scalar"     // one value, whatever is in it: a list too, whose order is data
	Set        Kind = "set"        // a list whose order does not count
	Keyed      Kind = "keyed"      // a list of objects that Fields tell apart
	Permission Kind = "permission" // "allow", "ask" or "deny": a conflict takes the narrower
)

// Policy is who wins where both sides changed a value.
type Policy string

// The policies. Generated is what holds where nothing is said; where it has
// dropped the key, what changed live stays.
const (
	Generated Policy = "generated"
	Live      Policy = "live"
	Newer     Policy = "newer" // Options.Newer decides
	Ask       Policy = "ask"   // live stays, and the conflict is undecided
)

// Rule says what the values at a path are. Schemas are data: no program is known here.
type Rule struct {
	Path    []string // keys; "*" is any key, "[]" the elements of a list
	Kind    Kind
	Fields  []string // of Keyed
	Policy  Policy
	Default string // JSON: a program drops a key with this value on writing, and means nothing by it
}

// Schema is the rules of one file. The first that fits a path holds.
type Schema []Rule

func (s Schema) at(path []string) Rule {
	for _, r := range s {
		if len(r.Path) == len(path) && !slices.ContainsFunc(indices(path), func(i int) bool {
			return r.Path[i] != path[i] && (r.Path[i] != "*" || path[i] == "[]")
		}) {
			return r
		}
	}
	return Rule{Kind: Scalar}
}

func indices(path []string) []int {
	all := make([]int, len(path))
	for i := range all {
		all[i] = i
	}
	return all
}

// Meaning is a text that two values at a path share exactly if they mean the
// same to the program: besides tree.Equal, the order of sets and of keyed
// lists does not count.
func (s Schema) Meaning(path []string, n tree.Node) string {
	var parts []string
	switch rule := s.at(path); {
	case n.Kind() == '{':
		keys, values := n.Members()
		for _, key := range keys {
			parts = append(parts, quote(key)+":"+s.Meaning(below(path, key), values[key]))
		}
	case n.Kind() == '[':
		for _, e := range n.Elements() {
			parts = append(parts, s.Meaning(below(path, "[]"), e))
		}
		if rule.Kind != Set && rule.Kind != Keyed {
			return "[" + strings.Join(parts, ",") + "]"
		}
		slices.Sort(parts)
		if rule.Kind == Set {
			parts = slices.Compact(parts)
		}
		return "[" + strings.Join(parts, ",") + "]"
	default:
		return n.Meaning()
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, ",") + "}"
}

func below(path []string, key string) []string {
	return append(path[:len(path):len(path)], key)
}
