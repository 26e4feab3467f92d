package nixenv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/hbohlen/devsh/shell/project"
)

// Limits of the walk that measures what nix would copy.
const (
	maxTreeSize    = 2 << 30 // bytes
	maxTreeEntries = 1_000_000
)

// Files returns the files that evaluating s is known to read, without running
// anything: those that the paths written in its Nix files lead to, and, marked
// as such, the extra ones that an evaluation was seen to read, with what these
// lead to. A foreign reference reads none. The error says that the directory
// cannot be opened.
func (s Source) Files(extra ...Input) (Files, error) {
	if s.Ref != "" {
		return Files{}, nil
	}
	root := project.WorkTree(s.Dir)
	if root == "" {
		root = s.Dir
	}
	opened, err := os.OpenRoot(root)
	if err != nil {
		return Files{}, fmt.Errorf("open %s: %w", root, err)
	}
	defer opened.Close()
	rel, err := filepath.Rel(root, filepath.Join(s.Dir, s.File))
	if err != nil {
		return Files{}, fmt.Errorf("find %s below %s: %w", s.File, root, err)
	}
	start := []string{rel}
	if s.isFlake() {
		start = append(start, filepath.Join(filepath.Dir(rel), lockFile))
	}
	read := readBelow(opened)
	files := closureOf(read, start...)
	if len(extra) > 0 {
		decides := map[string]bool{}
		for _, in := range extra {
			rel, err := filepath.Rel(root, in.Path)
			switch {
			case err != nil:
				continue
			case !filepath.IsLocal(rel) && s.isFlake():
				continue // what is elsewhere, a flake cannot read
			case !filepath.IsLocal(rel):
				rel = in.Path
			}
			// Of a directory it is not known which of its files matter.
			if node, err := read(rel, 0); err == nil && node.IsDir {
				continue
			}
			start = append(start, rel)
			decides[rel] = in.Deciding
		}
		all := closureOf(read, start...)
		all.markExtra(files, decides)
		files = all
	}
	files.Root = root
	return files, nil
}

// readBelow reads below root, out of which no link leads, and what has an
// absolute path. What is neither file nor directory is an error, and is not
// waited for.
func readBelow(root *os.Root) readFunc {
	return func(name string, limit int64) (treeNode, error) {
		open := root.OpenFile
		if filepath.IsAbs(name) {
			open = os.OpenFile
		}
		f, err := open(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			return treeNode{}, nil
		}
		if err != nil {
			return treeNode{}, err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return treeNode{}, err
		}
		node := treeNode{Present: true, Size: info.Size(), ModTime: info.ModTime()}
		switch {
		case info.IsDir():
			node.IsDir = true
			node.Names, err = f.Readdirnames(10 * maxFiles)
			if errors.Is(err, io.EOF) {
				err = nil
			}
		case !info.Mode().IsRegular():
			err = fmt.Errorf("not a regular file")
		case info.Size() <= limit:
			node.Data, err = io.ReadAll(io.LimitReader(f, limit))
		}
		return node, err
	}
}

// checkSize fails with [TooLarge] where nix would copy all of dir to the store
// and that is more than anybody wants to wait for. limit is in bytes.
func checkSize(ctx context.Context, dir string, limit int64) error {
	var size int64
	entries := 0
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // nix says better what it cannot read
		}
		if entries++; entries > maxTreeEntries {
			return fs.SkipAll
		}
		if d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				size += info.Size()
			}
		}
		if size > limit {
			return fs.SkipAll
		}
		return ctx.Err()
	})
	if err != nil {
		return canceled(err)
	}
	if size > limit || entries > maxTreeEntries {
		return &Error{
			Kind:    TooLarge,
			Message: fmt.Sprintf("nix would copy all of %s, more than %s, to the store", dir, amount(size, entries)),
			Hint:    "git init && git add -N flake.nix: of a git repository only tracked files are copied",
		}
	}
	return nil
}

func amount(size int64, entries int) string {
	if entries > maxTreeEntries {
		return fmt.Sprintf("%d files", maxTreeEntries)
	}
	return fmt.Sprintf("%d MiB", size>>20)
}
