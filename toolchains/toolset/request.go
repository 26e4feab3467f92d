package toolset

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/toolchains/catalogue"
	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// Request is a tool that somebody asked for.
type Request struct {
	Name, From, Package string
	// Want is the constraint on its version, "" for any; Asked says that it was
	// named, so that it replaces what the lock says.
	Want    string
	Asked   bool
	Scripts []string
	With    map[string]string
	Static  map[string]string
}

// Where tools are named.
const (
	Catalogue = "the catalogue"
	InSet     = "your set"
)

// Unknown says that there is no such tool: In the catalogue, or the set.
type Unknown struct {
	Name, In string
	// Known are the names that there are.
	Known []string
}

func (u *Unknown) Error() string { return fmt.Sprintf("there is no tool %q in %s", u.Name, u.In) }

// Parse reads what a person writes: a tool of the catalogue, or «npm:PACKAGE» (or
// another backend's) for any other, and behind it perhaps «@VERSION».
func (s *Set) Parse(ctx context.Context, c *catalogue.Catalogue, text string) (Request, error) {
	name, version := cut(text)
	r := Request{Name: name}
	var err error
	if r.Want, err = ParseWant(version); err != nil {
		return r, fmt.Errorf("%s: %w", text, err)
	}
	r.Asked = version != ""
	from, pkg, named := strings.Cut(name, ":")
	if named {
		if err := lockfile.CheckPackage(from, pkg); err != nil {
			return r, err
		}
		r.From, r.Package = from, pkg
		for _, tool := range slices.Sorted(maps.Keys(c.Tools)) {
			if c.Tools[tool].From[from].Package == pkg {
				return r.of(c.Tools[tool], from), nil
			}
		}
		return r, nil
	}
	tool := c.Tools[name]
	if tool == nil {
		return r, &Unknown{name, Catalogue, slices.Sorted(maps.Keys(c.Tools))}
	}
	return s.source(ctx, r, tool)
}

// cut takes the version off a name: what is behind the last @ that does not
// begin a scope.
func cut(text string) (name, version string) {
	at := strings.LastIndexByte(text, '@')
	if at <= 0 || text[at-1] == ':' || strings.Contains(text[at:], "/") {
		return text, ""
	}
	return text[:at], text[at+1:]
}

// source chooses the backend: the first in the set's order that is there.
func (s *Set) source(ctx context.Context, r Request, tool *catalogue.Tool) (Request, error) {
	var missing error
	for _, from := range s.Order.Backends {
		b, ok := s.Backends[from]
		if _, has := tool.From[from]; !has || !ok {
			continue
		}
		if err := b.Available(ctx); err != nil {
			if missing == nil {
				missing = fmt.Errorf("install %s from %s: %w", tool.Name, from, err)
			}
			continue
		}
		return r.of(tool, from), nil
	}
	if missing != nil {
		return r, missing
	}
	e := &install.Error{Doing: "install " + tool.Name}
	if e.Reason = tool.Unavailable; e.Reason == "" {
		e.Reason = "nothing is known that it comes from"
	}
	return r, e
}

// of fills in what the catalogue says of the tool.
func (r Request) of(tool *catalogue.Tool, from string) Request {
	source := tool.From[from]
	r.Name, r.From, r.Package = tool.Name, from, source.Package
	if !r.Asked && !source.Constraint.Any() {
		r.Want = source.Constraint.String()
	}
	switch from {
	case lockfile.Cargo:
		if slices.Contains(tool.Scripts, source.Package) {
			r.Scripts = []string{source.Package}
		}
	case lockfile.NPM:
		r.Scripts = tool.Scripts
		if len(tool.Static) > 0 {
			r.Static = tool.Static
		}
		for _, with := range tool.With {
			if r.With == nil {
				r.With = map[string]string{}
			}
			r.With[with.Package] = strings.ReplaceAll(with.Constraint.String(), ", ", " ")
		}
	}
	return r
}

// ParseWant makes a constraint of a version as people write it: "7" is any 7,
// "7.1" any 7.1, "7.1.2" that one; a constraint of the catalogue's stays.
func ParseWant(text string) (string, error) {
	if text == "" || text == "latest" || text == "*" {
		return "", nil
	}
	if strings.ContainsAny(text[:1], "<>=") {
		c, err := catalogue.ParseConstraint(text)
		return c.String(), err
	}
	plain := strings.TrimPrefix(text, "v")
	if catalogue.Canonical(plain) == "" {
		return "", fmt.Errorf("%q is no version: write 7, 7.1.2 or '>=5, <7'", text)
	}
	parts := strings.Split(plain, ".")
	if len(parts) >= 3 {
		return "=" + plain, nil
	}
	var n int
	if _, err := fmt.Sscanf(parts[len(parts)-1], "%d", &n); err != nil {
		return "", fmt.Errorf("%q is no version", text)
	}
	next := append(slices.Clone(parts[:len(parts)-1]), fmt.Sprint(n+1))
	// By ParseConstraint, so that it is written as it would be read again.
	c, err := catalogue.ParseConstraint(">=" + plain + ", <" + strings.Join(next, "."))
	return c.String(), err
}

// wanted is what a backend is asked for.
func (s *Set) wanted(r Request, o Options) (install.Wanted, error) {
	c, err := catalogue.ParseConstraint(r.Want)
	if err != nil {
		return install.Wanted{}, fmt.Errorf("%s: %w", r.Name, err)
	}
	w := install.Wanted{Name: r.Name, Package: r.Package, Want: r.Want, Scripts: r.Scripts, With: r.With, Static: r.Static, MinAge: o.MinAge, Now: s.Now()}
	if !c.Any() {
		w.Allows = c.Holds
	}
	return w, nil
}

// again is the request that a tool of the lock was made by.
func again(t lockfile.Tool) Request {
	return Request{Name: t.Name, From: t.From, Package: t.Package, Want: t.Want, Scripts: t.Scripts, With: t.With, Static: t.Static}
}
