package env

import (
	"fmt"
	"maps"
	"slices"
)

// Delta is a reversible change to an environment. The zero value changes nothing.
type Delta struct {
	// Set gives variables values; they are exported.
	Set map[string]Value
	// Unset takes variables away for the time being. No name is also in Set or Lists.
	Unset map[string]bool
	// Lists adds entries to list variables. No name is also in Set.
	Lists map[string]List
	// Aliases are commands by name.
	Aliases map[string]Alias
	// Functions are commands by name that bash runs. No name is also in Aliases.
	Functions map[string]Function
	// Scripts are the texts in bash that the functions and shell hooks name,
	// by [ScriptID].
	Scripts map[string]string
	// ShellHooks are run in bash on each entry where a person is, outer first.
	ShellHooks []ShellHook
	// CompletionDirs are searched by fish for completions.
	CompletionDirs []string
	// Enter and Leave are the projects' own fish code, outer first.
	Enter, Leave []Hook
}

// Hook is fish code of one project.
type Hook struct {
	Dir  string // the project's directory
	Code string
}

// Empty reports whether d changes nothing.
func (d Delta) Empty() bool {
	return len(d.Set)+len(d.Unset)+len(d.Lists)+len(d.Aliases)+len(d.Functions)+
		len(d.ShellHooks)+len(d.CompletionDirs)+len(d.Enter)+len(d.Leave) == 0
}

// Variables returns the names of all variables that d touches, sorted.
func (d Delta) Variables() []string {
	names := map[string]bool{}
	for n := range d.Set {
		names[n] = true
	}
	for n := range d.Lists {
		names[n] = true
	}
	maps.Copy(names, d.Unset)
	for _, n := range d.HookVars() {
		names[n] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// Compose makes one delta of many, outer ones first: what an inner one sets
// wins, and its references see what outer ones set. The error names a
// reference to a list variable that an outer delta adds to, since its value
// is only known in the shell ([*ListRefError]), or a variable that came out
// longer than any program could be started with ([*SizeError]).
func Compose(deltas ...Delta) (Delta, error) {
	out := Delta{Set: map[string]Value{}, Unset: map[string]bool{}, Lists: map[string]List{}, Aliases: map[string]Alias{},
		Functions: map[string]Function{}, Scripts: map[string]string{}}
	for _, d := range deltas {
		if err := out.add(d); err != nil {
			return Delta{}, err
		}
	}
	out.dropScripts()
	return out, nil
}

func (out *Delta) add(d Delta) error {
	set := make(map[string]Value, len(d.Set))
	lookup := func(ref string) (Value, bool) {
		if out.Unset[ref] {
			return nil, true
		}
		v, ok := out.Set[ref]
		return v, ok
	}
	total := 0
	for _, name := range slices.Sorted(maps.Keys(d.Set)) {
		for _, ref := range d.Set[name].Refs() {
			if _, isList := out.Lists[ref]; isList {
				return &ListRefError{Name: name, Ref: ref}
			}
		}
		// The size is known before anything is copied: layers that repeat a
		// reference multiply what it stands for.
		size := len(name) + 1 + d.Set[name].ResolvedSize(lookup)
		if size > MaxValue {
			return &SizeError{Name: name}
		}
		if total += size; total > MaxValues {
			return &SizeError{}
		}
		set[name] = d.Set[name].Resolve(lookup)
	}
	for name := range d.Unset {
		delete(out.Set, name)
		delete(out.Lists, name)
		out.Unset[name] = true
	}
	for name, v := range set {
		delete(out.Unset, name)
		delete(out.Lists, name)
		out.Set[name] = v
	}
	for name, l := range d.Lists {
		out.addList(name, l)
	}
	out.addCommands(d)
	out.addShellHooks(d)
	out.CompletionDirs = unique(append(slices.Clone(d.CompletionDirs), out.CompletionDirs...), false)
	out.Enter = append(out.Enter, d.Enter...)
	out.Leave = append(out.Leave, d.Leave...)
	return out.checkSize()
}

// addList adds entries to a list variable; where an outer delta set or unset
// the variable as a whole, the entries become part of that value.
func (out *Delta) addList(name string, l List) {
	if out.Unset[name] {
		delete(out.Unset, name)
		out.Set[name] = Lit(l.Join(name, ""))
		return
	}
	v, isSet := out.Set[name]
	if !isSet {
		out.Lists[name] = out.Lists[name].merge(l)
		return
	}
	before := List{Prepend: l.Prepend}.Join("", "")
	after := List{Append: l.Append}.Join("", "")
	if text, ok := v.Literal(); ok {
		out.Set[name] = Lit(l.Join(name, text))
		return
	}
	var joined Value
	if before != "" {
		joined = append(joined, Piece{Text: before + ":"})
	}
	joined = append(joined, v...)
	if after != "" {
		joined = append(joined, Piece{Text: ":" + after})
	}
	out.Set[name] = joined
}

// ListRefError says that Name refers to the list variable Ref.
type ListRefError struct{ Name, Ref string }

func (e *ListRefError) Error() string {
	return fmt.Sprintf("%s refers to ${%s}, to which an outer layer adds entries; add to it with prepend or append instead", e.Name, e.Ref)
}
