package catalogue

import (
	"slices"

	"github.com/hbohlen/devsh/toolchains/document"
)

// ProjectFile is where a project adds to the catalogue: a deciding input. The
// user's own is catalogue.toml in devsh's configuration directory.
const ProjectFile = "devsh-tools.toml"

// Role is what a tool does for a language.
type Role string

// The roles, in the order in which people are shown them.
const (
	Runtime   Role = "runtime"
	Manager   Role = "manager"
	Server    Role = "server"
	Formatter Role = "formatter"
	Linter    Role = "linter"
)

// Roles returns all roles in order.
func Roles() []Role { return []Role{Runtime, Manager, Server, Formatter, Linter} }

// The backends, by the names that tools have in From.
const (
	Nix   = "nix"
	NPM   = "npm"
	Go    = "go"
	Cargo = "cargo"
	UV    = "uv"
)

// Backends returns all backends in the order in which they are tried.
func Backends() []string { return []string{NPM, Go, UV, Nix, Cargo} }

// Catalogue is all that is known. It must not be changed: [Catalogue.With]
// makes another.
type Catalogue struct {
	Tools map[string]*Tool
	// Languages are in the order in which they were first named.
	Languages []*Language
	// Prefer names the tool that somebody wants for a role of a language,
	// whatever the project looks like.
	Prefer map[string]map[Role]Preference
}

// Preference is a tool that somebody asked for, and where.
type Preference struct {
	Tool string
	At   document.Pos
}

// Tool is something that can be installed: one package with its programs, which
// may have several uses.
type Tool struct {
	Name, Summary string
	// Bins are the programs that an installation must bring.
	Bins []string
	// Uses says what it is good for, by role.
	Uses map[Role]Use
	// From says which package each backend takes; Unavailable why there is none.
	From        map[string]Source
	Unavailable string
	// With are npm packages that are installed beside it, for it to find.
	With []Source
	// Scripts are the npm packages whose install scripts may be run.
	Scripts []string
	// Static are environment variables by which a build is chosen that runs
	// without the system's ELF interpreter, "{dir}" being the installation and
	// "{cpu}" npm's name of the processor.
	Static map[string]string
	// Project says that it runs code of the project it is used in: plugins,
	// configuration that is code, build scripts.
	Project bool
	At      document.Pos
}

// Use is how a tool is used in a role, and how that is proved.
type Use struct {
	// Command is what is run, its first element one of the tool's programs.
	// Names of files to format in place, or to lint, are put behind it. A word
	// with "{edition}" has the edition of the Rust package that they are in, and
	// is left out where they are in none.
	Command []string
	// Stdin is the command that formats standard input to standard output;
	// "{path}" stands for the name that the text would have. Empty if it has none.
	Stdin []string
	// Alone says that as a formatter it takes one file at a time, by Stdin:
	// given names of files, it would also write what these refer to, or look
	// further around than beside them.
	Alone bool
	// Others says that as a formatter it runs other formatters, which it knows from
	// the project: what decides how these format decides how it does.
	Others bool
	// Configs are the files in a directory or above it that decide how it formats.
	Configs []string
	Proof   Proof
	At      document.Pos
}

// Roles returns what the tool can be used as, in order.
func (t *Tool) Roles() []Role {
	return slices.DeleteFunc(Roles(), func(r Role) bool { _, ok := t.Uses[r]; return !ok })
}

// Source is a package of a backend.
type Source struct {
	Package string
	// Constraint limits its versions; the zero one lets all.
	Constraint Constraint
}

// String is the source as it is written: "typescript >=7.0.0".
func (s Source) String() string {
	if s.Constraint.Any() {
		return s.Package
	}
	return s.Package + " " + s.Constraint.String()
}

// ProofKind is how a tool is proved to work.
type ProofKind string

// The kinds of proof.
const (
	// ByServer shakes hands with a language server and, where something is
	// wanted, asks it for the symbols of a fixture.
	ByServer ProofKind = "lsp"
	// ByFormat formats a fixture, twice: Want is in it then, and stays.
	ByFormat ProofKind = "format"
	// ByRun runs the program with Args in the fixture's directory: Want is in what it prints.
	ByRun ProofKind = "run"
)

// Proof is how a tool is proved to work.
type Proof struct {
	Kind ProofKind
	// Args follow the program, instead of those in Command (run only; if any).
	Args []string
	// Files are those of the fixture by name, File the one that is opened or formatted.
	Files map[string]string
	File  string
	// Want are names of symbols (lsp) or pieces of text that must be found, all of them.
	Want []string
	// Fails says that the program ends with another code than 0 when it works:
	// linters, which find something.
	Fails bool
}

// Language is what a project can be written in.
type Language struct {
	Name, Title string
	// Files are names or globs of files that show that a directory is of this
	// language; see [Condition].
	Files []Condition
	// Packages are dependencies that show it, as "npm:react".
	Packages []string
	// Extensions are those of its files; [AnyExtension] stands for all files.
	Extensions []string
	// Pins are where versions are pinned.
	Pins []Pin
	// Choices are in order: see [Choice]. Those of a language that is like
	// another are that one's.
	Choices []Choice
	// Like is the language whose pins and choices this one has.
	Like string
	At   document.Pos
}

// AnyExtension is the extension of a language that all files are in.
const AnyExtension = "*"

// Has reports whether files with an extension are in the language.
func (l *Language) Has(ext string) bool {
	return slices.Contains(l.Extensions, ext) || slices.Contains(l.Extensions, AnyExtension)
}

// Pin is a place where a version is pinned.
type Pin struct {
	// Tool is what is pinned, "" where the value names it: packageManager.
	Tool string
	At   Condition // its Text is not used
}

// Choice is a tool that may serve a language in a role. Of those of a role the
// first whose conditions hold is taken, else the first that is Default; those
// that stand Beside are taken in addition where their conditions hold, or if
// they are Default. One without conditions that is not Default is only taken
// where somebody prefers it.
type Choice struct {
	Role Role
	Tool string
	// Files and Packages are the conditions: any one of them is enough.
	Files []Condition
	// Packages maps packages as "npm:typescript" to versions.
	Packages map[string]Constraint
	Beside   bool
	Default  bool
	At       document.Pos
}

// Condition is a file that is there: by name or glob, and more exactly
// "FILE#a.b" for a key in a JSON or TOML file, "FILE~text" for a text in it.
type Condition struct {
	File string
	Key  string
	Text string
}

// String is the condition as it is written.
func (c Condition) String() string {
	switch {
	case c.Key != "":
		return c.File + "#" + c.Key
	case c.Text != "":
		return c.File + "~" + c.Text
	}
	return c.File
}

// Language returns a language by name, or nil.
func (c *Catalogue) Language(name string) *Language {
	for _, l := range c.Languages {
		if l.Name == name {
			return l
		}
	}
	return nil
}

// Choices returns the choices of a language in a role, its own or those of the
// one that it is like.
func (c *Catalogue) Choices(l *Language, role Role) []Choice {
	if l.Like != "" {
		l = c.Language(l.Like)
	}
	var out []Choice
	for _, choice := range l.Choices {
		if choice.Role == role {
			out = append(out, choice)
		}
	}
	return out
}

// Pins returns where the versions of a language are pinned.
func (c *Catalogue) Pins(l *Language) []Pin {
	if l.Like != "" {
		return slices.Concat(l.Pins, c.Language(l.Like).Pins)
	}
	return l.Pins
}
