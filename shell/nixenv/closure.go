package nixenv

import (
	"crypto/sha256"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// Limits of what is followed before an evaluation.
const (
	maxFiles    = 500
	maxFileSize = 1 << 20 // bytes
	maxDepth    = 8       // directories below one that is named as a whole
)

// treeNode is what a path is: exactly one of absent, a file, a directory.
type treeNode struct {
	// Present is false for what does not exist.
	Present bool
	// Data is the content of a file, at most as much as was asked for.
	Data []byte
	// Size and ModTime are those of the file.
	Size    int64
	ModTime time.Time
	// IsDir says that the path is a directory, and Names what it contains.
	IsDir bool
	Names []string
}

// readFunc reads a path below a repository's root, slash-separated and
// relative to it. It follows links, but not out of the root; the error says
// what cannot be read, a missing file being none.
type readFunc func(name string, limit int64) (treeNode, error)

// File is a file that an evaluation is known to read.
type File struct {
	// Path is relative to the root; an extra file elsewhere has its absolute
	// path.
	Path string
	// Deciding says that the file can make code run, as Nix files, the lock
	// file and shell scripts do.
	Deciding bool
	// Present is false for a file that is looked for and does not exist.
	Present bool
	// Extra says that no path written in the source's own files leads to it:
	// it is known from an evaluation.
	Extra bool
	// Sum is the SHA-256 of the content; of a file beyond the size limit, of
	// its size and time.
	Sum [sha256.Size]byte
}

// Files is what an evaluation is known to read before it is run.
type Files struct {
	// Root is the directory the paths are relative to: the repository's, else
	// the project's.
	Root string
	// Files are sorted by path.
	Files []File
	// Incomplete says why files are missing from the list, such as a limit, a
	// path that leaves the root, or a file that cannot be read. Empty means
	// that every path written in the Nix files was followed.
	Incomplete []string
}

// Input is a file that a result was computed from. It may be missing, where
// its appearing would change the result.
type Input struct {
	Path string // absolute
	// Deciding says that the file can make code run.
	Deciding bool
}

// Inputs returns the files as absolute paths, in the order of Files.
func (f Files) Inputs() []Input {
	inputs := make([]Input, 0, len(f.Files))
	for _, file := range f.Files {
		inputs = append(inputs, f.input(file))
	}
	return inputs
}

// Extra returns the files of which only an evaluation told that they are read,
// or that they are code.
func (f Files) Extra() []Input {
	var extra []Input
	for _, file := range f.Files {
		if file.told() {
			extra = append(extra, f.input(file))
		}
	}
	return extra
}

func (f Files) input(file File) Input {
	return Input{Path: f.abs(file.Path), Deciding: file.Deciding}
}

func (f Files) abs(name string) string {
	if path.IsAbs(name) {
		return name
	}
	return path.Join(f.Root, name)
}

// equal reports whether nothing changed between two looks.
func (f Files) equal(other Files) bool {
	return f.Root == other.Root && slices.Equal(f.Files, other.Files)
}

func (f File) told() bool { return f.Extra || f.Deciding && !deciding(f.Path) }

// markExtra marks the files that are not among the known ones, and those that
// are said to decide.
func (f Files) markExtra(known Files, decides map[string]bool) {
	scanned := map[string]bool{}
	for _, file := range known.Files {
		scanned[file.Path] = true
	}
	for i := range f.Files {
		file := &f.Files[i]
		file.Extra = !scanned[file.Path]
		file.Deciding = file.Deciding || decides[file.Path]
	}
}

// closure follows the paths written in Nix files.
type closure struct {
	read  readFunc
	files map[string]File
	queue []string
	notes []string
}

// closureOf returns the files that evaluating the start files is known to read:
// these and, over and over, what the Nix files among them name. Of a directory
// that is its default.nix, or all Nix files below it where it has none or the
// path goes on with an antiquotation.
func closureOf(read readFunc, start ...string) Files {
	c := &closure{read: read, files: map[string]File{}, queue: start}
	for len(c.queue) > 0 {
		if len(c.files) >= maxFiles {
			c.note("more than %d files", maxFiles)
			break
		}
		next := c.queue[0]
		c.queue = c.queue[1:]
		c.visit(next)
	}
	var out Files
	for _, f := range c.files {
		out.Files = append(out.Files, f)
	}
	slices.SortFunc(out.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	slices.Sort(c.notes)
	out.Incomplete = slices.Compact(c.notes)
	return out
}

func (c *closure) note(format string, args ...any) {
	c.notes = append(c.notes, fmt.Sprintf(format, args...))
}

// visit adds one path and queues what it names.
func (c *closure) visit(name string) {
	if _, seen := c.files[name]; seen {
		return
	}
	node, err := c.read(name, maxFileSize)
	switch {
	case err != nil:
		c.note("%s: %v", name, err)
		node = treeNode{}
	case node.IsDir && slices.Contains(node.Names, "default.nix"):
		c.queue = append(c.queue, path.Join(name, "default.nix"))
		return
	case node.IsDir:
		c.whole(name, node, 0)
		return
	}
	f := File{Path: name, Deciding: deciding(name), Present: node.Present}
	c.files[name] = f
	if !node.Present {
		return
	}
	if node.Size > maxFileSize {
		c.note("%s is larger than %d MiB", name, maxFileSize>>20)
		f.Sum = sha256.Sum256(fmt.Appendf(nil, "large %d %d", node.Size, node.ModTime.UnixNano()))
		c.files[name] = f
		return
	}
	f.Sum = sha256.Sum256(node.Data)
	c.files[name] = f
	// Of a file elsewhere nix tells what it leads to: that is nobody's to look
	// through.
	if strings.HasSuffix(name, ".nix") && !path.IsAbs(name) {
		c.follow(name, string(node.Data))
	}
}

// follow queues the paths that the Nix file name is made to read.
func (c *closure) follow(name, text string) {
	found, complete := scan(text)
	if !complete {
		c.note("%s names too many paths", name)
	}
	for _, l := range found {
		p := l.path
		if l.dynamic && !strings.HasSuffix(p, "/") {
			p = p[:strings.LastIndexByte(p, '/')+1]
		}
		target := path.Join(path.Dir(name), p)
		switch {
		case p == "", path.IsAbs(p), strings.HasPrefix(p, "~"), target == "..", strings.HasPrefix(target, "../"):
			c.note("%s names %s, which is outside", name, p)
		case holds(target, name):
			// The Nix files of a whole project are too many, and the
			// evaluation tells afterwards which of them it read.
			if node, err := c.read(target, 0); err == nil && slices.Contains(node.Names, "default.nix") {
				c.queue = append(c.queue, path.Join(target, "default.nix"))
			}
		case l.dynamic:
			c.dynamic(target)
		default:
			c.queue = append(c.queue, target)
		}
	}
}

// holds reports whether the directory dir holds the file name.
func holds(dir, name string) bool {
	return dir == "." || strings.HasPrefix(name, dir+"/")
}

// dynamic adds the Nix files below a directory of which some are read.
func (c *closure) dynamic(dir string) {
	if node, err := c.read(dir, 0); err == nil && node.IsDir {
		c.whole(dir, node, 0)
	}
}

// whole queues all Nix files below a directory.
func (c *closure) whole(dir string, node treeNode, depth int) {
	if depth > maxDepth || len(c.queue) > 4*maxFiles {
		c.note("%s holds too many files", dir)
		return
	}
	for _, n := range slices.Sorted(slices.Values(node.Names)) {
		child := path.Join(dir, n)
		if strings.HasSuffix(n, ".nix") {
			c.queue = append(c.queue, child)
			continue
		}
		if strings.Contains(n, ".") || n == "node_modules" {
			continue // hardly a directory, or not one of Nix files
		}
		if sub, err := c.read(child, 0); err == nil && sub.IsDir {
			c.whole(child, sub, depth+1)
		}
	}
}

// decidingSuffixes mark files whose content is code that the evaluation or the
// shellHook runs when it names them.
var decidingSuffixes = []string{".nix", ".sh", ".bash", ".fish", ".zsh"}

func deciding(name string) bool {
	return path.Base(name) == lockFile ||
		slices.ContainsFunc(decidingSuffixes, func(s string) bool { return strings.HasSuffix(name, s) })
}
