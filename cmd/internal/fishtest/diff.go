package fishtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ignored names the variables that change from one command to the next
// whatever a hook does.
var ignored = map[string]string{
	"status":              "the last command's",
	"pipestatus":          "the last command's",
	"status_generation":   "counts commands",
	"CMD_DURATION":        "the last command's",
	"history":             "grows with each command",
	"_":                   "the current command",
	"last_pid":            "of the last background job",
	"dirprev":             "where cd has been",
	"dirnext":             "where cd has been",
	"dirstack":            "where pushd has been",
	"__fish_cd_direction": "where cd has been",
	"PWD":                 "compared as the directory",
	"OLDPWD":              "where cd has been",
	"DEVSH_STATE":         "tells of the place where the shell is, whatever is active",
}

// Ours reports whether a name belongs to the hook's or the harness's inside.
// They are functions and unexported variables.
func Ours(name string) bool {
	return strings.HasPrefix(name, "__devsh_") || strings.HasPrefix(name, "__fishtest_")
}

// Diff says in what b differs from a, one line per difference, sorted. It
// leaves out what changes between any two commands, the directory, and what is
// internal to the hook.
func Diff(a, b State) []string {
	var lines []string
	skip := func(name string) bool { _, ok := ignored[name]; return ok || Ours(name) }
	exported := func(name string) bool { _, ok := ignored[name]; return ok } // the inside must not leak to programs
	lines = append(lines, diffMaps("global ", a.Globals, b.Globals, skip)...)
	lines = append(lines, diffMaps("universal ", a.Universals, b.Universals, skip)...)
	lines = append(lines, diffMaps("hidden universal ", a.Hidden, b.Hidden, skip)...)
	lines = append(lines, diffMaps("function ", a.Functions, b.Functions, skip)...)
	lines = append(lines, diffMaps("", a.Texts, b.Texts, func(name string) bool { return name == "directory" })...)
	lines = append(lines, diffMaps("environment ", a.Env, b.Env, exported)...)
	return lines
}

func diffMaps[V any](what string, a, b map[string]V, skip func(string) bool) []string {
	names := maps.Clone(a)
	if names == nil {
		names = map[string]V{}
	}
	maps.Copy(names, b)
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if skip(name) {
			continue
		}
		was, is := show(a, name), show(b, name)
		if was != is {
			lines = append(lines, fmt.Sprintf("%s%s: was %s, is %s", what, name, was, is))
		}
	}
	return lines
}

// show renders a value so that different values look different.
func show[V any](m map[string]V, name string) string {
	v, ok := m[name]
	if !ok {
		return "absent"
	}
	switch v := any(v).(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case Variable:
		if len(v.Elements) > 40 { // its String is shortened
			return fmt.Sprintf("%v %q", v, v.Elements)
		}
	}
	return fmt.Sprint(v)
}
