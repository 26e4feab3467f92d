package env

import (
	"maps"
	"slices"
	"strings"
)

// Env holds exported variables by name. A present name with an empty value is
// set and empty, which is not the same as unset.
type Env map[string]string

// FromList reads entries of the form NAME=value, as [os.Environ] gives them.
// Of duplicates the last wins; entries without a name are dropped.
func FromList(list []string) Env {
	e := make(Env, len(list))
	for _, kv := range list {
		if name, value, ok := strings.Cut(kv, "="); ok && name != "" {
			e[name] = value
		}
	}
	return e
}

// List returns the entries as NAME=value, sorted by name.
func (e Env) List() []string {
	list := make([]string, 0, len(e))
	for _, name := range sortedNames(e) {
		list = append(list, name+"="+e[name])
	}
	return list
}

// Clone returns a copy that shares nothing with e.
func (e Env) Clone() Env {
	c := make(Env, len(e)+8)
	maps.Copy(c, e)
	return c
}

func sortedNames(e Env) []string { return slices.Sorted(maps.Keys(e)) }
