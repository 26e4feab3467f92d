// Package detect sees which languages a place in a repository is of, which
// versions are pinned there, which package managers' lock files lie there, and
// what else the choice of tools depends on.
//
// It owns the reading of other people's files: package.json, go.mod,
// pyproject.toml, lock files and pins. They may be hostile or broken: they are
// read with limits, and what is wrong with one is a [Problem], not a failure.
//
// It is pure, over an fs.FS whose top is that of the repository, and which must
// not lead out of it. It must not choose tools, nor run anything.
package detect
