package project

import (
	"os"
	"path/filepath"
)

// Deciding lists the files that make a directory a project and that decide
// its environment.
func Deciding() []string { return []string{"devsh.toml", "flake.nix", "shell.nix"} }

// Signs lists what makes a directory a project where no deciding file is found
// in it or above: a version-control directory or a language's manifest. The
// fish hook has the same list; a test compares them.
func Signs() []string {
	return []string{
		".git", ".hg", ".jj", ".svn",
		"package.json", "go.mod", "Cargo.toml", "pyproject.toml", "setup.py", "requirements.txt", "deno.json",
	}
}

// Reserved is a directory name that devsh cannot govern: in the state
// directory, whose tree mirrors paths, it holds devsh's own files.
const Reserved = "@devsh"

// WorkTree returns the nearest directory at or above dir that git governs, or "".
func WorkTree(dir string) string {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}
