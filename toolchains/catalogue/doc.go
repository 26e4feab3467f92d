// Package catalogue says which tools there are: for each language how it is
// recognised, which version pins it honours, and which package managers,
// language servers, formatters and linters it may have, in order of choice; for
// each tool where it comes from and how it is proved to work.
//
// It owns the TOML format of that: devsh's own data (data/*.toml and
// fixtures/), the user's catalogue.toml and a project's devsh-tools.toml, which
// add and override by name. A new language server is an entry there.
//
// It is pure: bytes come in as arguments. It must not look at a project, decide
// whether a project's file may be read, nor install or run anything.
package catalogue
