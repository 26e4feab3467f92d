package detect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/toolchains/document"
)

// Limits of what is read.
const (
	maxFile    = document.MaxFile
	maxLock    = 8 << 20
	maxEntries = 10000 // of a directory, where names are matched by a pattern
)

// files reads each file once, and keeps what is wrong with it.
type files struct {
	fsys     fs.FS
	texts    map[string][]byte // nil: not to be had
	trees    map[string]any
	dirs     map[string][]string
	present  map[string]bool
	problems []Problem
}

func newFiles(fsys fs.FS) *files {
	return &files{fsys: fsys, texts: map[string][]byte{}, trees: map[string]any{}, dirs: map[string][]string{}, present: map[string]bool{}}
}

func (f *files) problem(file, format string, args ...any) {
	p := Problem{file, fmt.Sprintf(format, args...)}
	if !slices.Contains(f.problems, p) {
		f.problems = append(f.problems, p)
	}
}

// match lists the regular files of a directory by name or glob.
func (f *files) match(dir, pattern string) []string {
	if !strings.ContainsAny(pattern, `*?[\`) {
		if name := path.Join(dir, pattern); f.regular(name) {
			return []string{name}
		}
		return nil
	}
	below, base := path.Split(pattern)
	dir = path.Join(dir, below)
	var out []string
	for _, name := range f.entries(dir) {
		if ok, err := path.Match(base, name); err == nil && ok && f.regular(path.Join(dir, name)) {
			out = append(out, path.Join(dir, name))
		}
	}
	return out
}

// regular reports whether there is a regular file by a name. Anything else by
// that name is a problem.
func (f *files) regular(name string) bool {
	there, known := f.present[name]
	if known {
		return there
	}
	info, err := fs.Stat(f.fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		// Below what is no directory, or cannot be looked into, there is nothing.
		if dir, derr := fs.Stat(f.fsys, path.Dir(name)); derr == nil && dir.IsDir() {
			f.problem(name, "%s", reason(err))
		}
	case !info.Mode().IsRegular():
		f.problem(name, "not a regular file")
	default:
		there = true
	}
	f.present[name] = there
	return there
}

func (f *files) entries(dir string) []string {
	if names, ok := f.dirs[dir]; ok {
		return names
	}
	f.dirs[dir] = nil
	h, err := f.fsys.Open(dir)
	if err != nil {
		return nil
	}
	defer h.Close()
	list, ok := h.(fs.ReadDirFile)
	if !ok {
		return nil
	}
	entries, err := list.ReadDir(maxEntries)
	if err != nil && !errors.Is(err, io.EOF) {
		f.problem(dir, "%s", reason(err))
	}
	if len(entries) == maxEntries {
		f.problem(dir, "the directory has very many entries; not all were looked at")
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	f.dirs[dir] = names
	return names
}

// read returns the text of a file, nil where it cannot be had.
func (f *files) read(name string) []byte { return f.readLimited(name, maxFile) }

func (f *files) readLimited(name string, limit int64) []byte {
	if text, known := f.texts[name]; known {
		return text
	}
	f.texts[name] = nil
	if !f.regular(name) {
		return nil
	}
	h, err := f.fsys.Open(name)
	if err != nil {
		f.problem(name, "%s", reason(err))
		return nil
	}
	defer h.Close()
	text, err := io.ReadAll(io.LimitReader(h, limit+1))
	switch {
	case err != nil:
		f.problem(name, "%s", reason(err))
		return nil
	case int64(len(text)) > limit:
		f.problem(name, "larger than %d MiB: not read", limit>>20)
		return nil
	}
	f.texts[name] = text
	return text
}

// tree reads a JSON or TOML file; nil where it is none.
func (f *files) tree(name string) any {
	if tree, known := f.trees[name]; known {
		return tree
	}
	f.trees[name] = nil
	text := f.read(name)
	if text == nil {
		return nil
	}
	var tree any
	if strings.HasSuffix(name, ".json") {
		if err := json.Unmarshal(text, &tree); err != nil {
			f.problem(name, "no JSON: %v", err)
			return nil
		}
	} else {
		doc, err := document.Parse(name, text)
		if err != nil {
			f.problem(name, "no TOML: %s", strings.TrimPrefix(err.Error(), name+":"))
			return nil
		}
		tree = doc.Tree()
	}
	f.trees[name] = tree
	return tree
}

// lookup returns what a key names in a file.
func (f *files) lookup(name, key string) (any, bool) { return document.Lookup(f.tree(name), key) }

// reason is what went wrong, without the operation and the path.
func reason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return err.Error()
}
