package settings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hbohlen/devsh/shell/manifest"
)

// maxElements bounds the roots and layers in one setting.
const maxElements = 256

const defaultShell = "default_shell"

// checkKeys refuses unknown keys and values in place of tables. Below
// [default_shell] that is left to [readDefault].
func checkKeys(doc *manifest.Document) error {
	known := map[string][]string{"": {defaultShell}}
	for _, s := range all {
		table, name, nested := strings.Cut(s.key, ".")
		if !nested {
			known[""] = append(known[""], s.key)
			continue
		}
		known[""] = append(known[""], table)
		known[table] = append(known[table], name)
	}
	for _, key := range doc.Keys() {
		if !slices.Contains(known[""], key[0]) {
			return manifest.UnknownKey(doc, key[:1], known[""])
		}
		names, isTable := known[key[0]]
		if !isTable && key[0] != defaultShell {
			continue
		}
		if v, _ := doc.Value(key[0]); !is[map[string]any](v) {
			return &manifest.Error{Pos: doc.Pos(key[0]), Hint: "write [" + key[0] + "] on a line of its own, its keys below",
				Msg: fmt.Sprintf("%s must be a table, not %s", key[0], manifest.TypeName(v))}
		}
		if isTable && len(key) > 1 && !slices.Contains(names, key[1]) {
			return manifest.UnknownKey(doc, key[:2], names)
		}
	}
	return nil
}

// fromFile checks what the file says.
func (s setting) fromFile(doc *manifest.Document, home string, into map[string]any) error {
	key := strings.Split(s.key, ".")
	v, ok := doc.Value(key...)
	if !ok {
		return nil
	}
	if s.yesNo {
		if !is[bool](v) {
			return &manifest.Error{Pos: doc.Pos(key...), Msg: fmt.Sprintf("%s must be true or false, not %s", s.key, manifest.TypeName(v))}
		}
		put(into, s.key, v)
		return nil
	}
	list, want := []any{v}, "a string"
	if s.many {
		if list, ok = v.([]any); !ok {
			return &manifest.Error{Pos: doc.Pos(key...), Msg: fmt.Sprintf("%s must be an array of strings, not %s", s.key, manifest.TypeName(v))}
		}
		want = "an array of strings"
	}
	if len(list) > maxElements {
		return &manifest.Error{Pos: doc.Pos(key...), Msg: fmt.Sprintf("%s has more than %d elements", s.key, maxElements)}
	}
	checked := make([]string, 0, len(list))
	for i, e := range list {
		at := doc.Pos(key...)
		if s.many {
			at = doc.Pos(append(key[:len(key):len(key)], strconv.Itoa(i))...)
		}
		text, ok := e.(string)
		if !ok {
			return &manifest.Error{Pos: at, Msg: fmt.Sprintf("%s must be %s, not %s", s.key, want, manifest.TypeName(e))}
		}
		c, p := s.check(text, home)
		if p != nil {
			return &manifest.Error{Pos: at, Msg: s.key + ": " + p.msg, Hint: p.hint}
		}
		checked = append(checked, c)
	}
	put(into, s.key, s.value(checked))
	return nil
}

// readDefault reads the default shell: a flake reference, and what is written
// as in a devsh.toml.
func readDefault(doc *manifest.Document, home string) (Default, error) {
	v, ok := doc.Value(defaultShell)
	if !ok {
		return Default{}, nil
	}
	m, err := manifest.ParseTable(doc, []string{defaultShell}, "flake")
	if err != nil {
		return Default{}, err
	}
	var d Default
	table := v.(map[string]any)
	flake, given := table["flake"]
	if !given || len(table) > 1 {
		d.Manifest = m
	}
	if !given {
		return d, nil
	}
	at := doc.Pos(defaultShell, "flake")
	text, ok := flake.(string)
	if !ok {
		return Default{}, &manifest.Error{Pos: at, Msg: "default_shell.flake must be a string, not " + manifest.TypeName(flake)}
	}
	checked, p := checkFlake(text, home)
	if p != nil {
		return Default{}, &manifest.Error{Pos: at, Msg: "default_shell.flake: " + p.msg, Hint: p.hint}
	}
	d.Flake = checked
	return d, nil
}

func is[T any](v any) bool { _, ok := v.(T); return ok }
