package lockfile

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// header begins every lock.
const header = "# Written by «devsh tools»: keep it under version control, and do not edit it.\nversion = 1\n"

// Write returns the file's text. What [Parse] has read it writes as it was.
func Write(l Lock) []byte {
	var b bytes.Buffer
	b.WriteString(header)
	for _, t := range l.With().Tools { // sorted
		b.WriteString("\n[[tool]]\n")
		published := ""
		if !t.Published.IsZero() {
			published = t.Published.UTC().Format(time.RFC3339)
		}
		for _, field := range []struct{ key, value string }{
			{"name", t.Name}, {"from", t.From}, {"package", t.Package}, {"want", t.Want}, {"module", t.Module}, {"flake", t.Flake},
			{"version", t.Version}, {"hash", t.Hash}, {"published", published}, {"node", t.Node},
		} {
			if field.value != "" {
				fmt.Fprintf(&b, "%s = %s\n", field.key, quote(field.value))
			}
		}
		if len(t.Scripts) > 0 {
			fmt.Fprintf(&b, "scripts = %s\n", array(t.Scripts))
		}
		if len(t.With) > 0 {
			fmt.Fprintf(&b, "with = %s\n", table(t.With))
		}
		if len(t.Static) > 0 {
			fmt.Fprintf(&b, "static = %s\n", table(t.Static))
		}
		if len(t.Packages) > 0 {
			b.WriteString("[tool.packages]\n")
		}
		for _, p := range t.Packages {
			fmt.Fprintf(&b, "%s = %s\n", quote(p.Path), p.inline())
		}
	}
	return b.Bytes()
}

// inline is a package as a table in one line.
func (p Package) inline() string {
	var fields []string
	add := func(key, value string) { fields = append(fields, key+" = "+value) }
	add("version", quote(p.Version))
	for key, value := range each("name", p.Name, "integrity", p.Integrity, "marker", p.Marker) {
		if value != "" {
			add(key, quote(value))
		}
	}
	for key, value := range each("optional", p.Optional, "bundled", p.Bundled, "scripts", p.Scripts) {
		if value {
			add(key, "true")
		}
	}
	for key, value := range each("hashes", p.Hashes, "os", p.OS, "cpu", p.CPU, "libc", p.Libc, "optional_peers", p.OptionalPeers) {
		if len(value) > 0 {
			add(key, array(value))
		}
	}
	for key, value := range each("bin", p.Bin, "needs", p.Needs, "optional_needs", p.OptionalNeeds, "peers", p.Peers) {
		if len(value) > 0 {
			add(key, table(value))
		}
	}
	return "{ " + strings.Join(fields, ", ") + " }"
}

// each goes over pairs of a name and a value of one type.
func each[T any](first string, value T, rest ...any) func(func(string, T) bool) {
	return func(yield func(string, T) bool) {
		if !yield(first, value) {
			return
		}
		for i := 0; i+1 < len(rest); i += 2 {
			if !yield(rest[i].(string), rest[i+1].(T)) {
				return
			}
		}
	}
}

func array(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = quote(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func table(m map[string]string) string {
	var pairs []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		pairs = append(pairs, quote(k)+" = "+quote(m[k]))
	}
	return "{ " + strings.Join(pairs, ", ") + " }"
}

// quote is a basic string of TOML.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case !strconv.IsPrint(r):
			fmt.Fprintf(&b, `\U%08X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
