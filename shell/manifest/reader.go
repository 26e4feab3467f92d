package manifest

import (
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

var (
	projectKeys = []string{"inherit", "env", "path", "lists", "aliases", "shell", "watch", "hooks"}
	tableKeys   = []string{"env", "path", "lists", "aliases"}
	listKeys    = []string{"prepend", "append"}
	watchKeys   = []string{"files"}
	shellKeys   = []string{"nix", "hook"}
	hookKeys    = []string{"enter", "leave"}
)

// reader makes a manifest of a document, key by key in order of appearance,
// and stops at the first error.
type reader struct {
	doc     *Document
	base    []string // the table that the manifest is in; nil for a devsh.toml
	allowed []string // keys directly in it
	own     []string // keys directly in it that are not ours
	m       *Manifest
	names   map[string]string // variables so far, and the table that has them
}

func newReader(d *Document, base, allowed []string) *reader {
	m := &Manifest{Inherit: true, Lists: map[string]RawList{}, Aliases: map[string]string{}}
	return &reader{doc: d, base: base, allowed: allowed, m: m, names: map[string]string{}}
}

// read takes over one key, named from the manifest's own beginning.
func (r *reader) read(key []string) error {
	if slices.Contains(r.own, key[0]) {
		return nil
	}
	if !slices.Contains(r.allowed, key[0]) {
		return r.unknown(key[:1], slices.Concat(r.allowed, r.own))
	}
	if key[0] == "inherit" {
		v, ok := r.value(key[:1]).(bool)
		if !ok {
			return r.wrongType(key[:1], "true or false")
		}
		r.m.Inherit = v
		return nil
	}
	if len(key) == 1 {
		return r.wantTable(key)
	}
	switch key[0] {
	case "env":
		return r.readEnv(key[:2])
	case "path":
		return r.readList(key[:2], env.Path)
	case "lists":
		if len(key) == 2 {
			return r.wantTable(key)
		}
		return r.readList(key[:3], key[1])
	case "aliases":
		return r.readAlias(key[:2])
	case "shell":
		return r.readShell(key[:2])
	case "watch":
		return r.readWatch(key[:2])
	default:
		return r.readHook(key[:2])
	}
}

// finish checks what only the whole shows.
func (r *reader) finish() (*Manifest, error) {
	if len(r.names) > maxItems {
		return nil, errorf(r.pos(nil), "more than %d variables", maxItems)
	}
	if len(r.m.Aliases) > maxItems {
		return nil, errorf(r.pos([]string{"aliases"}), "more than %d aliases", maxItems)
	}
	return r.m, nil
}

// full returns the name of a key from the beginning of the document.
func (r *reader) full(key []string, more ...string) []string {
	return slices.Concat(r.base, key, more)
}

func (r *reader) pos(key []string, more ...string) Pos { return r.doc.Pos(r.full(key, more...)...) }

func (r *reader) value(key []string) any {
	v, _ := r.doc.Value(r.full(key)...)
	return v
}

// show writes a key as a person would.
func show(key []string) string {
	parts := make([]string, len(key))
	for i, k := range key {
		parts[i] = k
		if k == "" || strings.ContainsFunc(k, func(c rune) bool {
			return c != '_' && c != '-' && !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z')
		}) {
			parts[i] = quote(k)
		}
	}
	return strings.Join(parts, ".")
}

func (r *reader) unknown(key, known []string) error {
	return UnknownKey(r.doc, r.full(key), known)
}

// UnknownKey makes the error about a key that nobody understands, with the
// nearest of the known names of its table.
func UnknownKey(d *Document, key, known []string) *Error {
	last := key[len(key)-1]
	e := errorf(d.Pos(key...), "unknown key %s", quote(last))
	if len(key) > 1 {
		e.Msg += " in [" + show(key[:len(key)-1]) + "]"
	}
	if near := Nearest(last, known); near != "" {
		return e.hint("did you mean %q?", near)
	}
	return e.hint("known here: %s", strings.Join(known, ", "))
}

func (r *reader) wrongType(key []string, want string) *Error {
	full := r.full(key)
	return errorf(r.pos(key), "%s must be %s, not %s", show(full), want, TypeName(r.value(key)))
}

func (r *reader) wantTable(key []string) error {
	if _, ok := r.value(key).(map[string]any); ok {
		return nil
	}
	return r.wrongType(key, "a table").hint("write [%s] on a line of its own, its keys below", show(r.full(key)))
}

// str reads a string without NUL.
func (r *reader) str(key []string) (string, error) {
	s, ok := r.value(key).(string)
	if !ok {
		return "", r.wrongType(key, "a string")
	}
	return s, r.checkNUL(s, key)
}

func (r *reader) checkNUL(s string, key []string, more ...string) error {
	if strings.Contains(s, "\x00") {
		return errorf(r.pos(key, more...), "%s contains a NUL character", show(r.full(key)))
	}
	return nil
}

// strs reads an array of strings.
func (r *reader) strs(key []string) ([]Item, error) {
	list, ok := r.value(key).([]any)
	if !ok {
		return nil, r.wrongType(key, "an array of strings")
	}
	if len(list) > maxItems {
		return nil, errorf(r.pos(key), "%s has more than %d entries", show(r.full(key)), maxItems)
	}
	items := make([]Item, 0, len(list))
	for i, v := range list {
		at := itoa(i)
		s, ok := v.(string)
		if !ok {
			return nil, errorf(r.pos(key, at), "%s must hold strings, not %s", show(r.full(key)), TypeName(v))
		}
		if err := r.checkNUL(s, key, at); err != nil {
			return nil, err
		}
		items = append(items, Item{Text: s, Pos: r.pos(key, at)})
	}
	return items, nil
}
