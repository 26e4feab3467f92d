package manifest

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

// store is where Nix keeps what it builds: links from a project into it are
// common, and nobody but Nix writes there.
const store = "/nix/store"

func (s *assigner) list(raw RawList) (l env.List, err error) {
	if l.Prepend, err = s.entries(raw.Prepend); err != nil {
		return env.List{}, err
	}
	l.Append, err = s.entries(raw.Append)
	return l, err
}

func (s *assigner) entries(raw []Entry) ([]string, error) {
	var out []string
	for _, e := range raw {
		entry, err := s.entry(e)
		if err != nil {
			return nil, err
		}
		out = append(out, entry)
	}
	return out, nil
}

// entry makes an entry a literal, absolute path.
func (s *assigner) entry(e Entry) (string, error) {
	text, err := s.literal(e)
	if err != nil {
		return "", err
	}
	switch {
	case text == "":
		return "", errorf(e.Pos, "the entry is empty; in a list variable that means the current directory")
	case strings.HasPrefix(text, "~"):
		return "", errorf(e.Pos, "%s: only ~/ is understood", quote(text)).hint("write ./%s for a directory of that name", text)
	case !filepath.IsAbs(text):
		text = filepath.Join(s.base.Dir, text)
	}
	text = filepath.Clean(text)
	if strings.ContainsAny(text, ":\x00") {
		return "", errorf(e.Pos, "%s contains a colon or a NUL, and cannot be in a list variable", quote(text))
	}
	return text, s.checkLink(e, text)
}

// literal resolves an entry, which what surrounds it must not change.
func (s *assigner) literal(e Entry) (string, error) {
	v := e.Value
	needHome := false
	if len(v) > 0 && v[0].Ref == "" && (v[0].Text == "~" && len(v) == 1 || strings.HasPrefix(v[0].Text, "~/")) {
		v = append(env.Value{{Ref: "HOME"}, {Text: v[0].Text[1:]}}, v[1:]...)
	}
	lookup := func(name string) (env.Value, bool) {
		if name == "HOME" {
			needHome = true
			return env.Lit(s.base.Home), true
		}
		return s.lookup(name)
	}
	const maxPath = 4096 // PATH_MAX
	if v.ResolvedSize(lookup) > maxPath {
		return "", errorf(e.Pos, "the entry is longer than %d bytes", maxPath)
	}
	v = v.Resolve(lookup)
	if needHome && !filepath.IsAbs(s.base.Home) {
		return "", errorf(e.Pos, "the entry is in the home directory, and that is not known")
	}
	if refs := v.Refs(); len(refs) > 0 {
		return "", errorf(e.Pos, "the entry refers to ${%s}; an entry must not depend on the surrounding environment", refs[0]).
			hint("set %s to a plain value in [env], or write the directory itself", refs[0])
	}
	text, _ := v.Literal()
	return text, nil
}

// checkLink refuses a directory that looks as if it were the project's and is not.
func (s *assigner) checkLink(e Entry, dir string) error {
	if !within(dir, s.base.Dir) {
		return nil // it says openly where it is
	}
	target, err := s.base.EvalSymlinks(dir)
	var missing *fs.PathError
	switch {
	case err == nil:
	case !errors.Is(err, fs.ErrNotExist):
		return errorf(e.Pos, "%s cannot be resolved: %v", quote(dir), err)
	case errors.As(err, &missing) && filepath.IsAbs(missing.Path):
		// What is missing may be the target of a link: whoever can make it
		// later must not thereby come into the list.
		target = missing.Path
	default:
		return nil
	}
	if within(target, s.base.Dir) || within(target, store) && target != store {
		return nil
	}
	return errorf(e.Pos, "%s is a link that leaves the project, to %s", quote(dir), quote(target)).
		hint("name the target itself if it is meant")
}

// within reports whether path is dir or below it; both are clean.
func within(path, dir string) bool {
	return path == dir || dir == "/" || strings.HasPrefix(path, dir+"/")
}
