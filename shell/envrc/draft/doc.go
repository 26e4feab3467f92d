// Package draft writes the first devsh.toml of a project: what is known of the
// project as lines that count, and the rest of the format as comments that
// explain it.
//
// It owns the wording of that file, the quoting of TOML, and the table of what
// a project's files suggest. It is pure: it is told which files there are. It
// must not write files, nor decide what a devsh.toml means: that is the
// business of package manifest, which reads all that is written here.
package draft
