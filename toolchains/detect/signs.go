package detect

import (
	"path"
	"strings"

	"github.com/hbohlen/devsh/toolchains/catalogue"
)

// Signs are the names of files on which it depends what is found and chosen. A
// directory that has none of them is as the one above it.
type Signs struct {
	names map[string]bool
	globs []string
}

// SignsOf returns the signs of a catalogue.
func SignsOf(c *catalogue.Catalogue) *Signs {
	s := &Signs{names: map[string]bool{"node_modules": true, "package-lock.json": true, "npm-shrinkwrap.json": true, "pnpm-lock.yaml": true, "yarn.lock": true, "bun.lock": true}}
	for _, files := range manifests {
		for _, file := range files {
			s.names[file] = true
		}
	}
	for _, l := range c.Languages {
		for _, condition := range l.Files {
			s.add(condition)
		}
		for _, choice := range l.Choices {
			for _, condition := range choice.Files {
				s.add(condition)
			}
		}
	}
	return s
}

func (s *Signs) add(c catalogue.Condition) {
	if first, _, _ := strings.Cut(c.File, "/"); strings.ContainsAny(first, `*?[\`) {
		s.globs = append(s.globs, first)
	} else {
		s.names[first] = true
	}
}

// Has reports whether a name is a sign.
func (s *Signs) Has(name string) bool {
	if s.names[name] {
		return true
	}
	for _, glob := range s.globs {
		if ok, err := path.Match(glob, name); err == nil && ok {
			return true
		}
	}
	return false
}
