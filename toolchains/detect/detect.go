package detect

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/toolchains/catalogue"
)

// Facts are what is known of a place. Paths are relative to the file system's top.
type Facts struct {
	Languages []Language
	// Files says which conditions of the catalogue hold, and by which file.
	Files map[catalogue.Condition]string
	// Packages are the packages that the catalogue speaks of and the place
	// depends on, as "npm:typescript".
	Packages map[string]Package
	// Edition is that of the Rust package that the place is in, if any.
	Edition string
	// Problems are files that could not be read or understood.
	Problems []Problem
}

// Language is one that a place is of.
type Language struct {
	Name string
	// File is what shows it: its manifest, nearest to the place.
	File string
	// Package is what shows it in that file: "react"; "" where the file itself does.
	Package string
	Pins    []Pin
}

// Pin is a version that somebody asks for.
type Pin struct {
	// Tool is what is pinned, as the catalogue calls it, or as the file does
	// where that names a tool itself.
	Tool, Version string
	// File and Key say where; Key may be empty. Named says that the file names
	// the tool itself, and thus chooses it.
	File, Key string
	Named     bool
}

// Package is a package that the place depends on.
type Package struct {
	// Version is the one that is installed, else locked, else the lowest that is
	// wanted; "" where none of that says one.
	Version string
	// From is the file that says so.
	From string
}

// Problem is a file that could not be read or understood.
type Problem struct{ File, Reason string }

// maxLevels bounds how far up is looked.
const maxLevels = 64

// Detect looks at a directory of a file system, and at those around it.
func Detect(c *catalogue.Catalogue, fsys fs.FS, at string) *Facts {
	d := &detector{files: newFiles(fsys), levels: levels(at)}
	facts := &Facts{Files: map[catalogue.Condition]string{}, Packages: map[string]Package{}}
	d.dependencies(wanted(c), facts.Packages)
	for _, l := range c.Languages {
		if found, ok := d.language(l, facts.Packages); ok {
			found.Pins = d.pins(c.Pins(l))
			facts.Languages = append(facts.Languages, found)
		}
		// Also of one that nothing shows: a file of it may have the project's choice.
		for _, role := range catalogue.Roles() {
			for _, choice := range c.Choices(l, role) {
				for _, condition := range choice.Files {
					if file, ok := d.find(condition); ok {
						facts.Files[condition] = file
					}
				}
			}
		}
	}
	facts.Edition = d.edition()
	facts.Problems = d.files.problems
	slices.SortFunc(facts.Problems, func(a, b Problem) int { return strings.Compare(a.File+"\x00"+a.Reason, b.File+"\x00"+b.Reason) })
	return facts
}

type detector struct {
	files  *files
	levels []string // of directories, the place first, the top last
}

// levels are a directory and those around it.
func levels(at string) []string {
	at = path.Clean(at)
	if !fs.ValidPath(at) {
		return []string{"."}
	}
	var out []string
	for ; len(out) < maxLevels; at = path.Dir(at) {
		out = append(out, at)
		if at == "." {
			break
		}
	}
	return out
}

// wanted lists the packages that the catalogue speaks of.
func wanted(c *catalogue.Catalogue) []string {
	var out []string
	for _, l := range c.Languages {
		out = append(out, l.Packages...)
		for _, choice := range l.Choices {
			for name := range choice.Packages {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// language says what shows that the place is of a language: the nearest of its
// files, else a dependency.
func (d *detector) language(l *catalogue.Language, packages map[string]Package) (Language, bool) {
	found := Language{Name: l.Name}
	for _, dir := range d.levels {
		for _, condition := range l.Files {
			if file, ok := d.holds(dir, condition); ok {
				found.File = file
				return found, true
			}
		}
	}
	for _, name := range l.Packages {
		if _, ok := packages[name]; ok {
			_, found.Package, _ = strings.Cut(name, ":")
			found.File = d.declares(name)
			return found, true
		}
	}
	return found, false
}

// find looks for what a condition asks for, the nearest first.
func (d *detector) find(c catalogue.Condition) (string, bool) {
	for _, dir := range d.levels {
		if file, ok := d.holds(dir, c); ok {
			return file, true
		}
	}
	return "", false
}

// holds reports whether a condition holds in a directory, and by which file.
func (d *detector) holds(dir string, c catalogue.Condition) (string, bool) {
	for _, file := range d.files.match(dir, c.File) {
		switch {
		case c.Text != "":
			if strings.Contains(string(d.files.read(file)), c.Text) {
				return file, true
			}
		case c.Key != "":
			if _, ok := d.files.lookup(file, c.Key); ok {
				return file, true
			}
		default:
			return file, true
		}
	}
	return "", false
}
