package manifest

import (
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

// Name is the file that a project describes its environment in.
const Name = "devsh.toml"

// EveryEntry is the value of [shell] hook with which the shellHook is run on
// each entry.
const EveryEntry = "every-entry"

// Manifest is a devsh.toml, checked as far as it can be without its surroundings.
type Manifest struct {
	// Inherit says that the layers of the projects around this one count too.
	Inherit bool
	// Env holds the variables in order of appearance.
	Env []Assignment
	// EnvFiles are dotenv files, relative to the project, in order.
	EnvFiles []Item
	// Unset names the variables to take away.
	Unset []string
	// Lists holds the additions to list variables by name, PATH among them.
	Lists map[string]RawList
	// Aliases are commands by name.
	Aliases map[string]string
	// Nix says which Nix shell the project has.
	Nix NixChoice
	// HookEveryEntry says that the Nix shell's shellHook is run on each entry,
	// too, instead of once for all.
	HookEveryEntry bool
	// Watch holds doublestar patterns, relative to the project.
	Watch []string
	// Enter and Leave are fish code; blank where there is none.
	Enter, Leave string
}

// Assignment gives a variable a value.
type Assignment struct {
	Name  string
	Value env.Value
	Pos
}

// Item is a text and its place.
type Item struct {
	Text string
	Pos
}

// RawList is what is added to a list variable, as it is written.
type RawList struct {
	Prepend, Append []Entry
}

// Entry is one entry of a list variable before it is made absolute.
type Entry struct {
	Value env.Value
	Pos
}

// NixKind says where the Nix shell of a project comes from.
type NixKind int

// The kinds of Nix shells.
const (
	NixAuto  NixKind = iota // flake.nix or shell.nix, where there is one
	NixOff                  // none
	NixFlake                // a named output of the project's flake
	NixFile                 // a file to evaluate
)

// NixChoice is the value of [shell] nix.
type NixChoice struct {
	Kind NixKind
	// Arg is the attribute without ".#" (NixFlake), or the file as a clean path
	// relative to the project (NixFile).
	Arg string
}

// Parse reads a devsh.toml. Path is only used in errors, which are [*Error].
func Parse(path string, data []byte) (*Manifest, error) {
	d, err := ParseDocument(path, data)
	if err != nil {
		return nil, err
	}
	r := newReader(d, nil, projectKeys)
	for _, key := range d.Keys() {
		if err := r.read(key); err != nil {
			return nil, err
		}
	}
	return r.finish()
}

// ParseTable reads a table of another file that is written like a devsh.toml
// and holds env, path, lists and aliases; table is its full name. Keys directly
// in it that are in own are the caller's and left alone. It belongs to no
// project: it has no dotenv files, and its list entries are not relative.
func ParseTable(d *Document, table []string, own ...string) (*Manifest, error) {
	r := newReader(d, table, tableKeys)
	r.own = own
	for _, key := range d.Keys() {
		if len(key) <= len(table) || joinKey(key[:len(table)]) != joinKey(table) {
			continue
		}
		if err := r.read(key[len(table):]); err != nil {
			return nil, err
		}
	}
	return r.finish()
}

// blank reports whether code does nothing by being nothing.
func blank(code string) bool { return strings.TrimSpace(code) == "" }
