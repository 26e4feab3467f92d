package detect

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// editions are those that Rust has, and may come to have.
var editions = regexp.MustCompile(`^20[0-9][0-9]$`)

// firstEdition is what cargo takes where a package names none.
const firstEdition = "2015"

// edition is that of the Rust package that a place is in, by the nearest
// Cargo.toml as cargo reads it; "" where that is no package's, or there is none.
func (d *detector) edition() string {
	for i, dir := range d.levels {
		file := path.Join(dir, "Cargo.toml")
		if !d.files.regular(file) {
			continue
		}
		if _, ok := d.files.lookup(file, "package"); !ok {
			return ""
		}
		edition, ok := d.files.lookup(file, "package.edition")
		if !ok {
			return firstEdition
		}
		if workspace, _ := d.files.lookup(file, "package.edition.workspace"); workspace == true {
			file = d.workspace(file, d.levels[i:])
			edition, _ = d.files.lookup(file, "workspace.package.edition")
		}
		text, ok := edition.(string)
		if !ok || !editions.MatchString(text) {
			d.files.problem(file, "it names no edition of Rust")
			return ""
		}
		return text
	}
	return ""
}

// workspace is the manifest of a package's workspace: the one that it names, else
// the nearest that is one.
func (d *detector) workspace(file string, levels []string) string {
	if named, ok := d.files.lookup(file, "package.workspace"); ok {
		dir, _ := named.(string)
		if at := path.Join(path.Dir(file), dir, "Cargo.toml"); fs.ValidPath(at) && d.files.regular(at) {
			return at
		}
		return file // and so none
	}
	for _, dir := range levels {
		at := path.Join(dir, "Cargo.toml")
		if !d.files.regular(at) {
			continue
		}
		if _, ok := d.files.lookup(at, "workspace"); ok {
			return at
		}
	}
	return file
}

// Fill fills in the words of a command that depend on the place, and leaves out
// those of which nothing is known.
func (f *Facts) Fill(words []string) []string {
	var out []string
	for _, word := range words {
		if !strings.Contains(word, "{edition}") {
			out = append(out, word)
		} else if f.Edition != "" {
			out = append(out, strings.ReplaceAll(word, "{edition}", f.Edition))
		}
	}
	return out
}
