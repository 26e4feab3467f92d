package nixenv

import (
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/hbohlen/devsh/shell/project"
)

// note makes what is to be stored of an evaluation that has just been run, with
// the files that nix was seen to read. The error is errChanged where they are
// others by now than nix has read.
func (e *evaluation) note(shell *shellEnv) (*entry, error) {
	e.reads = nil
	for _, r := range e.stderr.read {
		for _, name := range realNames(r.path) {
			e.reads = append(e.reads, readPath{name, r.evaluated})
		}
	}
	copied, base := e.copiedRoot()
	extra := e.files.Extra()
	if copied != "" {
		extra = append(extra, e.seen(copied, base)...)
	}
	all, err := e.req.Source.Files(extra...)
	if err != nil {
		return nil, err
	}
	e.all = all
	stored := &entry{Format: format, Shell: shell}
	var fresh []string // what nobody looked at before the evaluation
	for _, f := range all.Files {
		if f.told() {
			stored.Read = append(stored.Read, readFile{Path: raw(f.Path), Deciding: f.Deciding, Present: f.Present, Sum: f.Sum[:]})
			fresh = append(fresh, f.Path)
		}
	}
	if !e.last && e.req.Source.isFlake() && !e.sameAsCopied(fresh, copied, base) {
		return nil, errChanged
	}
	return stored, nil
}

// seen returns the local files that nix said it read, mapped back from the copy
// in the store.
func (e *evaluation) seen(copied, base string) []Input {
	index := map[string]int{}
	var out []Input
	for _, r := range e.reads {
		var file string
		if rel, ok := strings.CutPrefix(r.path, copied+"/"); ok && filepath.IsLocal(rel) {
			file = filepath.Join(e.files.Root, base, rel)
		} else if file = e.elsewhere(r); file == "" {
			continue
		}
		i, known := index[file]
		if !known {
			if len(out) >= maxFiles {
				continue
			}
			i = len(out)
			index[file] = i
			out = append(out, Input{Path: file})
		}
		out[i].Deciding = out[i].Deciding || r.evaluated
	}
	return out
}

// elsewhere returns the name of a file that lies outside of the root and was
// evaluated, which only what is no flake can reach; "" where it is none that
// a user edits: in the store, also by way of a link such as a channel's.
func (e *evaluation) elsewhere(r readPath) string {
	if e.req.Source.isFlake() || !r.evaluated {
		return ""
	}
	file, err := filepath.EvalSymlinks(r.path)
	store := e.env["NIX_STORE_DIR"]
	if store == "" {
		store = "/nix/store"
	}
	if err != nil || strings.HasPrefix(file, store+"/") {
		return ""
	}
	return file
}

// sameAsCopied reports whether the files are in the work tree what they are in
// the copy that was evaluated, as far as there is one. Should git's filters make
// them differ for good, that must not fail: the last attempt does not ask.
func (e *evaluation) sameAsCopied(files []string, copied, base string) bool {
	copyRoot, err := os.OpenRoot(copied)
	if err != nil {
		return true // this nix names what is not there
	}
	defer copyRoot.Close()
	work, err := os.OpenRoot(filepath.Join(e.files.Root, base))
	if err != nil {
		return false
	}
	defer work.Close()
	for _, file := range files {
		rel, err := filepath.Rel(base, file)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		was, err1 := readBelow(copyRoot)(rel, maxFileSize)
		now, err2 := readBelow(work)(rel, maxFileSize)
		// Of a git repository only tracked files are copied.
		if err1 == nil && err2 == nil && was.Present && (was.Size != now.Size || string(was.Data) != string(now.Data)) {
			return false
		}
	}
	return true
}

// copiedRoot returns the directory that in the names nix uses stands for the
// directory base below the root: the root itself, or a copy in the store,
// which the flake.nix that was evaluated first lies in.
func (e *evaluation) copiedRoot() (copied, base string) {
	s := e.req.Source
	switch {
	case s.Ref != "":
		return "", ""
	case !s.isFlake():
		return e.files.Root, ""
	}
	rel := flakeFile
	base, err := filepath.Rel(e.files.Root, s.flakeDir())
	if err == nil && project.WorkTree(s.flakeDir()) != "" {
		rel, base = filepath.Join(base, flakeFile), ""
	}
	for _, r := range e.reads {
		if root, ok := strings.CutSuffix(r.path, "/"+rel); ok && r.evaluated {
			return root, base
		}
	}
	return "", ""
}

// maxNames is how many files one name of nix may stand for.
const maxNames = 16

// realNames returns the files that a name in nix's log may stand for: where a
// name is no UTF-8, its bytes are lost in JSON.
func realNames(name string) []string {
	if !strings.ContainsRune(name, utf8.RuneError) {
		return []string{name}
	}
	found := []string{"/"}
	for part := range strings.SplitSeq(strings.TrimPrefix(name, "/"), "/") {
		var next []string
		for _, dir := range found {
			if !strings.ContainsRune(part, utf8.RuneError) {
				next = append(next, filepath.Join(dir, part))
				continue
			}
			entries, err := os.ReadDir(dir)
			if err != nil {
				continue
			}
			for _, entry := range entries {
				if len(next) < maxNames && known(entry.Name()) == known(part) {
					next = append(next, filepath.Join(dir, entry.Name()))
				}
			}
		}
		found = next
	}
	return found
}

// known returns what is left of a name in JSON.
func known(name string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(name, ""), string(utf8.RuneError), "")
}
