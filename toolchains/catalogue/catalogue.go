package catalogue

import (
	"embed"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"sync"

	"github.com/hbohlen/devsh/toolchains/document"
)

//go:embed data/*.toml
var data embed.FS

//go:embed fixtures
var fixtures embed.FS

// File is a catalogue file that was read.
type File struct {
	Path string
	Data []byte
}

// Builtin returns devsh's own catalogue.
func Builtin() (*Catalogue, error) {
	paths, err := fs.Glob(data, "data/*.toml")
	if err != nil {
		return nil, err
	}
	sub, err := fs.Sub(fixtures, "fixtures")
	if err != nil {
		return nil, err
	}
	// Reading them is most of what choosing tools costs, so it is done at once.
	docs, errs := make([]*document.Document, len(paths)), make([]error, len(paths))
	var all sync.WaitGroup
	for i, p := range paths {
		all.Go(func() {
			var text []byte
			if text, errs[i] = data.ReadFile(p); errs[i] == nil {
				docs[i], errs[i] = document.Parse(path.Base(p), text)
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	c := &Catalogue{}
	for _, d := range docs {
		if c, err = c.over(d, sub); err != nil {
			return nil, err
		}
	}
	return c, c.check()
}

// With returns the catalogue with a file over it: a tool that the file names
// replaces one of that name; of a language it replaces what it names. Errors are
// [*document.Error], with file and line.
func (c *Catalogue) With(f File) (*Catalogue, error) {
	d, err := document.Parse(f.Path, f.Data)
	if err != nil {
		return nil, err
	}
	n, err := c.over(d, nil)
	if err != nil {
		return nil, err
	}
	return n, n.check()
}

// over is the catalogue with what a file says over it.
func (c *Catalogue) over(d *document.Document, fixtures fs.FS) (*Catalogue, error) {
	r := &reader{fixtures: fixtures}
	n := &Catalogue{Tools: map[string]*Tool{}, Prefer: map[string]map[Role]Preference{}}
	maps.Copy(n.Tools, c.Tools)
	for name, roles := range c.Prefer {
		n.Prefer[name] = maps.Clone(roles)
	}
	for _, l := range c.Languages {
		n.Languages = append(n.Languages, new(*l))
	}
	root := d.Root()
	tools := root.Sub("tool")
	for _, name := range tools.Keys() {
		n.Tools[name] = r.tool(name, tools.Sub(name))
	}
	languages := root.Sub("language")
	for _, name := range languages.Keys() {
		l := n.Language(name)
		if l == nil {
			l = &Language{Name: name, Title: name}
			n.Languages = append(n.Languages, l)
		}
		r.into(l, languages.Sub(name))
	}
	r.prefer(n, root.Sub("prefer"))
	root.End()
	return n, d.Err()
}

// prefer reads [prefer.LANGUAGE] ROLE = "TOOL".
func (r *reader) prefer(c *Catalogue, t *document.Table) {
	for _, language := range t.Keys() {
		sub := t.Sub(language)
		if c.Prefer[language] == nil {
			c.Prefer[language] = map[Role]Preference{}
		}
		for _, role := range Roles() {
			if tool := sub.Str(string(role)); tool != "" {
				c.Prefer[language][role] = Preference{Tool: tool, At: sub.Pos(string(role))}
			}
		}
		sub.End()
	}
}

// check sees that every name that is used is there.
func (c *Catalogue) check() error {
	for _, l := range c.Languages {
		if l.Like == "" {
			if err := c.checkChoices(l); err != nil {
				return err
			}
			continue
		}
		switch like := c.Language(l.Like); {
		case like == nil:
			return document.Errorf(l.At, "language %s is like %q, and there is none", l.Name, l.Like)
		case like.Like != "":
			return document.Errorf(l.At, "language %s is like %s, which is like another", l.Name, l.Like)
		case len(l.Choices) > 0:
			return document.Errorf(l.Choices[0].At, "language %s is like %s and has that one's tools: name them there", l.Name, l.Like)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Prefer)) {
		for _, role := range Roles() {
			if p, ok := c.Prefer[name][role]; ok {
				if c.Language(name) == nil {
					return document.Errorf(p.At, "there is no language %q", name)
				}
				if err := c.checkUse(p.At, p.Tool, role); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (c *Catalogue) checkChoices(l *Language) error {
	for _, choice := range l.Choices {
		if err := c.checkUse(choice.At, choice.Tool, choice.Role); err != nil {
			return err
		}
	}
	for _, p := range l.Pins {
		if p.Tool != "" && c.Tools[p.Tool] == nil {
			return document.Errorf(l.At, "language %s pins %q, and there is no such tool", l.Name, p.Tool)
		}
	}
	return nil
}

func (c *Catalogue) checkUse(at document.Pos, name string, role Role) error {
	tool := c.Tools[name]
	if tool == nil {
		return document.Errorf(at, "there is no tool %q", name)
	}
	if _, ok := tool.Uses[role]; !ok {
		return document.Errorf(at, "%s is no %s: it has no [tool.%s.%s]", name, role, name, role)
	}
	return nil
}
