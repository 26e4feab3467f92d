package draft

import (
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

// marker is a file that tells what a project is made with, and what that puts
// into its devsh.toml.
type marker struct {
	files  []string // any of them
	unless string   // a file that makes the marker not count
	what   string   // for people; empty: not worth a word
	lines  Draft    // what it adds
}

// markers are looked for in this order. Sources: docs.npmjs.com (folders),
// pkg.go.dev/cmd/go (environment variables), doc.rust-lang.org (cargo's
// environment variables), docs.python.org (venv).
var markers = []marker{
	{files: []string{"package.json", "deno.json"}, what: "Node", lines: Draft{
		Lists: map[string]env.List{env.Path: {Append: []string{"node_modules/.bin"}}},
		Remarks: map[string][]string{"path": {
			"What npm packages bring stands behind the system's programs: a package can name its own anything.",
		}},
	}},
	{files: []string{"go.mod", "go.work"}, what: "Go", lines: Draft{
		Suggest:     []string{`GOBIN = "${DEVSH_PROJECT}/.bin"`, `GOFLAGS = "-mod=readonly"`},
		SuggestPath: []string{".bin"},
	}},
	{files: []string{"Cargo.toml"}, what: "Rust", lines: Draft{
		Suggest: []string{`RUST_BACKTRACE = "1"`, `CARGO_TARGET_DIR = "${DEVSH_PROJECT}/target"`},
	}},
	{files: []string{".venv/bin/python"}, what: "Python (.venv)", lines: Draft{
		Env:   []Variable{{Name: "VIRTUAL_ENV", Value: env.Value{{Ref: env.ProjectVar}, {Text: "/.venv"}}}},
		Lists: map[string]env.List{env.Path: {Prepend: []string{".venv/bin"}}},
	}},
	{files: []string{"pyproject.toml", "setup.py", "requirements.txt"}, unless: ".venv/bin/python", what: "Python", lines: Draft{
		Suggest:     []string{`VIRTUAL_ENV = "${DEVSH_PROJECT}/.venv"`},
		SuggestPath: []string{".venv/bin"},
		Remarks:     map[string][]string{"env": {"Python: after python3 -m venv .venv, VIRTUAL_ENV here and its bin directory in [path]."}},
	}},
	{files: []string{"flake.nix"}, what: "a Nix flake", lines: Draft{Nix: "auto"}},
	{files: []string{"shell.nix"}, unless: "flake.nix", what: "shell.nix", lines: Draft{Nix: "auto"}},
	{files: []string{".env"}, what: ".env", lines: Draft{EnvFiles: []string{".env"}}},
	{files: []string{".envrc"}, lines: Draft{
		Title: []string{"direnv's .envrc is not part of this: devsh init --from-envrc translates one."},
	}},
}

// For makes the draft for a project of which exists tells whether it has a
// file, named relative to its directory. Found names for people what it was
// made for.
func For(exists func(name string) bool) (d *Draft, found []string) {
	d = &Draft{Lists: map[string]env.List{}, Remarks: map[string][]string{}}
	for _, m := range markers {
		if !m.applies(exists) {
			continue
		}
		if m.what != "" {
			found = append(found, m.what)
		}
		d.add(m.lines)
	}
	made := "The environment of this project"
	if len(found) > 0 {
		made += ", made for " + strings.Join(found, ", ")
	}
	d.Title = append([]string{made + "; devsh makes it active on cd."}, d.Title...)
	return d, found
}

func (m marker) applies(exists func(string) bool) bool {
	if m.unless != "" && exists(m.unless) {
		return false
	}
	for _, f := range m.files {
		if exists(f) {
			return true
		}
	}
	return false
}

// add puts more into d.
func (d *Draft) add(more Draft) {
	d.Title = append(d.Title, more.Title...)
	d.Env = append(d.Env, more.Env...)
	d.EnvFiles = append(d.EnvFiles, more.EnvFiles...)
	d.Suggest = append(d.Suggest, more.Suggest...)
	d.SuggestPath = append(d.SuggestPath, more.SuggestPath...)
	for name, l := range more.Lists {
		have := d.Lists[name]
		d.Lists[name] = env.List{Prepend: slices.Concat(have.Prepend, l.Prepend), Append: slices.Concat(have.Append, l.Append)}
	}
	if more.Nix != "" {
		d.Nix = more.Nix
	}
	for table, lines := range more.Remarks {
		d.Remarks[table] = append(d.Remarks[table], lines...)
	}
}
