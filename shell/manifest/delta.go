package manifest

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/hbohlen/devsh/shell/env"
)

// Base is what a manifest needs of its surroundings to become a delta.
type Base struct {
	// Dir is the project's directory: absolute, with all links resolved.
	Dir string
	// Home is the user's home directory; entries that begin with ~/ are in it.
	Home string
	// EvalSymlinks is [filepath.EvalSymlinks], or like it.
	EvalSymlinks func(string) (string, error)
}

// Delta says what the manifest changes. Dotenv holds what the files in EnvFiles
// came out as, in their order. What [env] says wins over dotenv files, and a
// reference to a variable that was assigned earlier becomes its value. Errors
// about the manifest and the dotenv files are [*Error].
func (m *Manifest) Delta(b Base, dotenv [][]Assignment) (env.Delta, error) {
	if !filepath.IsAbs(b.Dir) {
		return env.Delta{}, fmt.Errorf("the project's directory %q is not absolute", b.Dir)
	}
	b.Dir = filepath.Clean(b.Dir)
	set := &assigner{base: b, values: map[string]env.Value{}}
	for _, a := range slices.Concat(dotenv...) {
		if a.Name == env.Path {
			return env.Delta{}, errorf(a.Pos, "PATH cannot be set in a dotenv file").
				hint(`add to it in %s: [path] prepend = ["bin"]`, Name)
		}
		if _, ok := m.Lists[a.Name]; ok {
			return env.Delta{}, errorf(a.Pos, "%s has entries in [lists.%s] of %s, too", a.Name, a.Name, Name)
		}
		if err := set.assign(a); err != nil {
			return env.Delta{}, err
		}
	}
	for _, a := range m.Env {
		if err := set.assign(a); err != nil {
			return env.Delta{}, err
		}
	}
	d := env.Delta{Set: set.values, Unset: map[string]bool{}, Lists: map[string]env.List{}, Aliases: map[string]env.Alias{}}
	for name, text := range m.Aliases {
		d.Aliases[name] = env.Alias{Dir: b.Dir, Text: text}
	}
	for _, name := range m.Unset {
		delete(d.Set, name)
		d.Unset[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(m.Lists)) {
		l, err := set.list(m.Lists[name])
		if err != nil {
			return env.Delta{}, err
		}
		if len(l.Prepend)+len(l.Append) > 0 {
			d.Lists[name] = l
		}
	}
	if !blank(m.Enter) {
		d.Enter = []env.Hook{{Dir: b.Dir, Code: m.Enter}}
	}
	if !blank(m.Leave) {
		d.Leave = []env.Hook{{Dir: b.Dir, Code: m.Leave}}
	}
	return d, nil
}

// assigner resolves values in order of assignment.
type assigner struct {
	base   Base
	values map[string]env.Value
	size   int
}

func (s *assigner) lookup(name string) (env.Value, bool) {
	if name == env.ProjectVar {
		return env.Lit(s.base.Dir), true
	}
	v, ok := s.values[name]
	return v, ok
}

func (s *assigner) assign(a Assignment) error {
	// The size is known before anything is copied: values that refer to each
	// other double with each line.
	size := len(a.Name) + 1 + a.Value.ResolvedSize(s.lookup)
	if size > env.MaxValue {
		return errorf(a.Pos, "%s is longer than %d bytes; no program could be started with it", a.Name, env.MaxValue)
	}
	if s.size += size; s.size > env.MaxValues {
		return errorf(a.Pos, "the variables together are longer than %d KiB; no program could be started with them", env.MaxValues>>10)
	}
	s.values[a.Name] = a.Value.Resolve(s.lookup)
	return nil
}
