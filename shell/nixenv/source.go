package nixenv

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// Source names what is to be evaluated: a flake or a Nix file below Dir, or
// the foreign flake Ref.
type Source struct {
	// Dir is the project's directory, absolute and resolved. The shellHook of
	// a foreign flake runs in it, too.
	Dir string
	// File is the file below Dir that is evaluated: "flake.nix",
	// "sub/flake.nix", "shell.nix" and so on. Empty when Ref is set.
	File string
	// Attr is the attribute to take; empty means the default.
	Attr string
	// Ref is a flake reference that is no local directory, such as
	// github:owner/repo#attr. Only the user's own settings may give one.
	Ref string
}

// Choices of [Choose] that name no file.
const (
	Auto = "auto"  // flake.nix, else shell.nix, else nothing
	Off  = "false" // no Nix shell
)

// ErrNone says that there is no Nix shell to evaluate.
var ErrNone = errors.New("no Nix shell")

// autoFiles are looked for in this order.
var autoFiles = []string{flakeFile, "shell.nix"}

const (
	flakeFile = "flake.nix"
	lockFile  = "flake.lock"
)

// attrPattern is what an attribute path may be made of. It leaves out what a
// flake reference or the command line would read as something else.
var attrPattern = regexp.MustCompile(`^[A-Za-z0-9_."'+][A-Za-z0-9_."'+-]*$`)

// Choose turns a project's choice into the source to evaluate: "auto" (or
// empty), "false", ".#attr", "./sub#attr", "./file.nix" or "./file.nix#attr".
// exists reports whether an absolute path exists. The error is [ErrNone] where
// there is nothing to evaluate; others say what is wrong with the choice.
func Choose(exists func(path string) bool, dir, choice string) (Source, error) {
	switch choice {
	case Off:
		return Source{}, ErrNone
	case "", Auto:
		for _, f := range autoFiles {
			if exists(filepath.Join(dir, f)) {
				return Source{Dir: dir, File: f}, nil
			}
		}
		return Source{}, ErrNone
	}
	path, attr, hasAttr := strings.Cut(choice, "#")
	if hasAttr {
		if err := checkAttr(attr); err != nil {
			return Source{}, err
		}
	}
	if path != "." && !strings.HasPrefix(path, "./") || strings.ContainsRune(path, 0) {
		return Source{}, fmt.Errorf("%q: write %q, %q, \".#attribute\" or \"./file.nix\"; a project's shell lies in the project", choice, Auto, Off)
	}
	path = filepath.Clean(path)
	if !filepath.IsLocal(path) {
		return Source{}, fmt.Errorf("%q leaves the project", choice)
	}
	if !strings.HasSuffix(path, ".nix") {
		path = filepath.Join(path, flakeFile)
	}
	return Source{Dir: dir, File: path, Attr: attr}, nil
}

// ParseRef reads a flake reference of the user's own settings: an absolute
// directory or Nix file with an optional #attribute, or a foreign reference
// such as github:owner/repo#attr. dir is the directory of the project that
// the shell is for.
func ParseRef(dir, ref string) (Source, error) {
	path, attr, hasAttr := strings.Cut(ref, "#")
	if hasAttr {
		if err := checkAttr(attr); err != nil {
			return Source{}, err
		}
	}
	switch {
	case path == "", strings.HasPrefix(path, "-"), strings.HasPrefix(path, "."), strings.ContainsAny(path, "\x00\n"):
		return Source{}, fmt.Errorf("%q is not a flake reference: write an absolute path or for example github:owner/repo#attribute", ref)
	case !filepath.IsAbs(path):
		return Source{Dir: dir, Ref: ref}, nil
	}
	path = filepath.Clean(path)
	if strings.HasSuffix(path, ".nix") {
		return Source{Dir: filepath.Dir(path), File: filepath.Base(path), Attr: attr}, nil
	}
	return Source{Dir: path, File: flakeFile, Attr: attr}, nil
}

func checkAttr(attr string) error {
	if !attrPattern.MatchString(attr) {
		return fmt.Errorf("%q is not an attribute path", attr)
	}
	return nil
}

// isFlake reports whether s is evaluated as a flake, hence purely.
func (s Source) isFlake() bool {
	return s.Ref != "" || filepath.Base(s.File) == flakeFile
}

// flakeDir is the directory that holds the flake or the file.
func (s Source) flakeDir() string { return filepath.Join(s.Dir, filepath.Dir(s.File)) }

// String names the source for messages.
func (s Source) String() string {
	name := s.Ref
	if name == "" {
		name = s.File
		if s.Attr != "" {
			name += "#" + s.Attr
		}
	}
	return name
}
