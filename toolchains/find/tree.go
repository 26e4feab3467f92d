package find

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
)

// Tree is a directory for package detect to look at: no link in it leads out,
// and nothing in it makes anybody wait.
type Tree struct{ root *os.Root }

// OpenTree opens a directory. It must be closed.
func OpenTree(dir string) (*Tree, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Tree{root}, nil
}

// Close closes the directory.
func (t *Tree) Close() error { return t.root.Close() }

// Open opens a file. A FIFO is not waited for; reading it gives nothing.
func (t *Tree) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return t.root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
}

// Stat says what a name leads to.
func (t *Tree) Stat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrInvalid}
	}
	return t.root.Stat(path.Clean(name))
}
