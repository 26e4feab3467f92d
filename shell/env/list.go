package env

import (
	"slices"
	"strings"
)

// Path is the one list variable that every shell edits all the time. Its
// entries are taken out one by one; of other lists the old value is kept.
const Path = "PATH"

// List is what a delta adds to a list variable, whose entries are joined by
// colons. Entries are plain text: what surrounds them must not change them
// between entering and leaving.
type List struct {
	Prepend []string
	Append  []string
}

// Join returns the value of the list variable name with l added to old.
func (l List) Join(name, old string) string {
	var parts []string
	parts = append(parts, l.Prepend...)
	if old != "" {
		parts = append(parts, old)
	} else if def, ok := defaultOf(name); ok {
		parts = append(parts, def)
	}
	parts = append(parts, l.Append...)
	return strings.Join(parts, ":")
}

// Strip takes the entries of l out of value and leaves all others in their
// order: of prepended entries the first occurrence, of appended ones the last.
func (l List) Strip(value string) string {
	if value == "" {
		return ""
	}
	entries := strings.Split(value, ":")
	for _, p := range l.Prepend {
		if i := slices.Index(entries, p); i >= 0 {
			entries = slices.Delete(entries, i, i+1)
		}
	}
	for _, a := range slices.Backward(l.Append) {
		for i := len(entries) - 1; i >= 0; i-- {
			if entries[i] == a {
				entries = slices.Delete(entries, i, i+1)
				break
			}
		}
	}
	return strings.Join(entries, ":")
}

// merge puts inner around l: what inner prepends comes first, what it appends
// last; an entry named twice keeps its outermost place.
func (l List) merge(inner List) List {
	return List{
		Prepend: unique(append(slices.Clone(inner.Prepend), l.Prepend...), false),
		Append:  unique(append(slices.Clone(l.Append), inner.Append...), true),
	}
}

// unique drops repeated entries, keeping the first of each, or the last.
func unique(entries []string, keepLast bool) []string {
	if keepLast {
		entries = slices.Clone(entries)
		slices.Reverse(entries)
	}
	seen := make(map[string]bool, len(entries))
	out := entries[:0]
	for _, e := range entries {
		if !seen[e] {
			seen[e] = true
			out = append(out, e)
		}
	}
	if keepLast {
		slices.Reverse(out)
	}
	return out
}
