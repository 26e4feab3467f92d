package catalogue

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/toolchains/document"
)

// into reads a language over what is known of it: what the file names replaces,
// and a role that it names replaces all choices of that role.
func (r *reader) into(l *Language, t *document.Table) {
	defer t.End()
	if !names.MatchString(l.Name) {
		t.Fail("", "%q is no name for a language", l.Name)
	}
	l.At = t.Pos()
	replace(t, "title", &l.Title, t.Str)
	replace(t, "like", &l.Like, t.Str)
	replace(t, "files", &l.Files, func(key string) []Condition { return r.conditions(t, key) })
	replace(t, "packages", &l.Packages, func(key string) []string { return r.ecosystems(t, key, t.Strs(key)) })
	replace(t, "extensions", &l.Extensions, t.Strs)
	replace(t, "pins", &l.Pins, func(key string) []Pin { return r.pins(t.Sub(key)) })
	for _, role := range Roles() {
		subs := t.Subs(string(role))
		if !t.Has(string(role)) {
			continue
		}
		l.Choices = slices.DeleteFunc(slices.Clone(l.Choices), func(c Choice) bool { return c.Role == role })
		for _, sub := range subs {
			l.Choices = append(l.Choices, r.choice(role, sub))
		}
	}
	for _, ext := range l.Extensions {
		if ext != AnyExtension && !strings.HasPrefix(ext, ".") || strings.Contains(ext, "/") {
			t.Fail("extensions", "%q is no extension: it begins with a dot", ext)
		}
	}
}

// replace reads a value where there is one.
func replace[T any](t *document.Table, key string, to *T, read func(string) T) {
	if v := read(key); t.Has(key) {
		*to = v
	}
}

func (r *reader) choice(role Role, t *document.Table) Choice {
	defer t.End()
	c := Choice{Role: role, Tool: t.Str("tool"), Files: r.conditions(t, "files"), Beside: t.Bool("beside"), Default: t.Bool("default"), At: t.Pos()}
	for name, text := range t.Map("packages") {
		constraint, err := ParseConstraint(text)
		if err != nil {
			t.Fail("packages", "%v", err)
		}
		if c.Packages == nil {
			c.Packages = map[string]Constraint{}
		}
		c.Packages[name] = constraint
		r.ecosystems(t, "packages", []string{name})
	}
	return c
}

// ecosystems checks names of packages as "npm:react".
func (r *reader) ecosystems(t *document.Table, key string, list []string) []string {
	for _, full := range list {
		ecosystem, name, _ := strings.Cut(full, ":")
		if !slices.Contains(Ecosystems(), ecosystem) || !packages.MatchString(name) {
			t.Fail(key, "%q is no package: write one of %s: before its name", full, strings.Join(Ecosystems(), ":, "))
		}
	}
	return list
}

// Ecosystems returns what names of packages that projects depend on begin with.
func Ecosystems() []string { return []string{"npm", "pypi", "go"} }

func (r *reader) conditions(t *document.Table, key string) []Condition {
	var out []Condition
	for _, text := range t.Strs(key) {
		c, err := parseCondition(text)
		if err != nil {
			t.Fail(key, "%v", err)
		}
		if special := slices.Contains([]string{".tool-versions", "go.mod", "go.work"}, path.Base(c.File)); c.Key != "" && !special && !strings.HasSuffix(c.File, ".json") && !strings.HasSuffix(c.File, ".toml") {
			t.Fail(key, "%q: keys are looked for in JSON and TOML only", c)
		}
		out = append(out, c)
	}
	return out
}

// pins reads a table of pinned tools; "*" is for places that name the tool.
func (r *reader) pins(t *document.Table) []Pin {
	var out []Pin
	for _, tool := range t.Keys() {
		for _, c := range r.conditions(t, tool) {
			if c.Text != "" || strings.ContainsAny(c.File, "*?[") {
				t.Fail(tool, "%q is no place of a pin: it is FILE or FILE#key", c)
			}
			out = append(out, Pin{Tool: strings.TrimPrefix(tool, "*"), At: c})
		}
	}
	return out
}

func parseCondition(text string) (Condition, error) {
	c := Condition{File: text}
	if file, key, ok := strings.Cut(text, "#"); ok {
		c = Condition{File: file, Key: key}
	} else if file, word, ok := strings.Cut(text, "~"); ok {
		c = Condition{File: file, Text: word}
	}
	_, err := path.Match(c.File, "")
	if err != nil || !fs.ValidPath(c.File) || c.File == "." || c.String() != text {
		return c, fmt.Errorf("%q is no condition: it is FILE, a glob, FILE#key or FILE~text, FILE being relative", text)
	}
	return c, nil
}
