package format

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// List returns the files below root that the arguments name, relative to it and
// sorted: files as they are, directories with all that is in them but what git
// ignores. It follows no links. An argument that does not exist, or leads out
// of root, is an error.
func List(ctx context.Context, root string, args []string) ([]string, error) {
	var files, dirs []string
	for _, arg := range args {
		rel, err := filepath.Rel(root, arg)
		if err != nil || !filepath.IsLocal(rel) {
			return nil, fmt.Errorf("%s is not in %s", arg, root)
		}
		info, err := os.Lstat(arg)
		if err != nil {
			return nil, err
		}
		if info.IsDir() {
			dirs = append(dirs, rel)
		} else {
			files = append(files, rel)
		}
	}
	if len(dirs) > 0 {
		found, err := below(ctx, root, dirs)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// below lists what is in the directories: git knows what it ignores.
func below(ctx context.Context, root string, dirs []string) ([]string, error) {
	if found, ok := tracked(ctx, root, dirs); ok {
		return found, nil
	}
	var files []string
	for _, dir := range dirs {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if d != nil && d.IsDir() && Skipped(d.Name()) {
				return fs.SkipDir
			}
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(root, path)
			files = append(files, rel)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// skipped are directories in which nobody formats anything, where git does not
// say so.
var skipped = []string{".git", ".hg", ".jj", ".svn", ".direnv", ".venv", "__pycache__", "node_modules", "target", "vendor"}

// Skipped reports whether a directory of that name is one in which nobody
// formats anything.
func Skipped(name string) bool { return slices.Contains(skipped, name) }

// Unignored are those of the files that git does not ignore; where there is no
// git, that is all.
func Unignored(ctx context.Context, root string, files []string) []string {
	if len(files) == 0 {
		return nil // git would take that for all
	}
	if found, ok := tracked(ctx, root, files); ok {
		return found
	}
	return files
}

// tracked asks git for the files that are tracked or not ignored. It reports
// false where there is no repository, or no git.
func tracked(ctx context.Context, root string, dirs []string) ([]string, bool) {
	// A repository must not be able to have git run something: its file system
	// monitor is such a thing.
	args := append([]string{"-C", root, "-c", "core.fsmonitor=false", "--literal-pathspecs", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"}, dirs...)
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Env = append(withoutGit(os.Environ()), "GIT_OPTIONAL_LOCKS=0")
	out, err := cmd.Output()
	if err != nil {
		return nil, false
	}
	var files []string
	for f := range bytes.SplitSeq(out, []byte{0}) {
		if len(f) > 0 {
			files = append(files, filepath.Clean(string(f)))
		}
	}
	return files, true
}

// withoutGit leaves out what would have git look at another repository, as it
// is set in a hook of git's.
func withoutGit(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(v string) bool {
		for _, name := range []string{"GIT_DIR=", "GIT_WORK_TREE=", "GIT_INDEX_FILE=", "GIT_PREFIX="} {
			if strings.HasPrefix(v, name) {
				return true
			}
		}
		return false
	})
}
