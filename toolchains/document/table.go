package document

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Table is a table of a document. What is asked of it is checked; what is wrong
// is noted in the document, and reads as nothing.
type Table struct {
	doc    *Document
	path   []string
	values map[string]any
	asked  []string
}

// Pos is the line of the table, or of a key in it.
func (t *Table) Pos(key ...string) Pos { return t.doc.pos(slices.Concat(t.path, key)) }

// Fail notes that something is wrong with a key.
func (t *Table) Fail(key, format string, args ...any) {
	t.doc.errs = append(t.doc.errs, Errorf(t.Pos(key), format, args...))
}

// Has reports whether the table has a key.
func (t *Table) Has(key string) bool {
	_, ok := t.values[key]
	return ok
}

// Keys returns the table's keys in order of appearance.
func (t *Table) Keys() []string {
	keys := slices.Sorted(maps.Keys(t.values))
	slices.SortStableFunc(keys, func(a, b string) int { return t.Pos(a).Line - t.Pos(b).Line })
	return keys
}

// value is what stands under a key, if anything; kind is for the error.
func value[T any](t *Table, key, kind string) (T, bool) {
	t.asked = append(t.asked, key)
	v, there := t.values[key]
	typed, ok := v.(T)
	if there && !ok {
		t.Fail(key, "%s must be %s", show(t.path, key), kind)
	}
	return typed, ok
}

// Str reads a string.
func (t *Table) Str(key string) string {
	s, _ := value[string](t, key, "a string")
	if strings.Contains(s, "\x00") {
		t.Fail(key, "%s contains a NUL character", show(t.path, key))
		return ""
	}
	return s
}

// Bool reads a boolean.
func (t *Table) Bool(key string) bool {
	b, _ := value[bool](t, key, "true or false")
	return b
}

// Strs reads an array of strings.
func (t *Table) Strs(key string) []string {
	list, _ := value[[]any](t, key, "an array of strings")
	var out []string
	for _, v := range list {
		s, ok := v.(string)
		if !ok || strings.Contains(s, "\x00") {
			t.Fail(key, "%s must hold strings", show(t.path, key))
			return nil
		}
		out = append(out, s)
	}
	return out
}

// Sub reads a table; it is empty where there is none.
func (t *Table) Sub(key string) *Table {
	values, _ := value[map[string]any](t, key, "a table")
	return &Table{doc: t.doc, path: append(slices.Clip(t.path), key), values: values}
}

// Map reads a table of strings.
func (t *Table) Map(key string) map[string]string {
	sub := t.Sub(key)
	out := map[string]string{}
	for _, k := range sub.Keys() {
		out[k] = sub.Str(k)
	}
	return out
}

// Subs reads an array of tables.
func (t *Table) Subs(key string) []*Table {
	t.asked = append(t.asked, key)
	var out []*Table
	add := func(n int, v any) {
		values, ok := v.(map[string]any)
		if !ok {
			t.Fail(key, "%s must be an array of tables: [[%s]]", show(t.path, key), show(t.path, key))
			return
		}
		out = append(out, &Table{doc: t.doc, path: append(slices.Clip(t.path), key, strconv.Itoa(n)), values: values})
	}
	switch list := t.values[key].(type) {
	case nil:
	case []map[string]any:
		for n, v := range list {
			add(n, v)
		}
	case []any:
		for n, v := range list {
			add(n, v)
		}
	default:
		add(0, nil)
	}
	return out
}

// End notes the keys that nobody asked for.
func (t *Table) End() {
	for _, key := range t.Keys() {
		if !slices.Contains(t.asked, key) {
			known := slices.Compact(slices.Sorted(slices.Values(t.asked)))
			e := Errorf(t.Pos(key), "unknown key %q%s; known here: %s", key, in(t.path), strings.Join(known, ", "))
			t.doc.unknown = append(t.doc.unknown, e)
		}
	}
}

func in(path []string) string {
	if len(path) == 0 {
		return ""
	}
	return " in [" + strings.Join(path, ".") + "]"
}

func show(path []string, key string) string { return strings.Join(append(slices.Clip(path), key), ".") }
