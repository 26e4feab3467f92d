package activation

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hbohlen/devsh/shell/project"
)

// GoneFor is how long a project's directory must have been seen missing before
// what is known of it goes: what was moved away for a while, or lies on a disk
// that is not mounted, comes back.
const GoneFor = 14 * 24 * time.Hour

// markName is an empty file in a place whose project is missing, as old as that
// is known.
const markName = "gone"

// Missing is a project whose directory is not there, and of which what is known
// is kept for now.
type Missing struct {
	Project string
	Since   time.Time
	Why     string
	mark    bool // it was not noticed before
}

// absence says whether a project's directory is missing, and why that does not
// mean that it is gone, if it does not: nobody removed what lies on a disk that
// is not mounted.
func absence(dir string, e *Entry, roots []string) (missing bool, unsure string) {
	resolved, err := filepath.EvalSymlinks(dir)
	switch {
	case err == nil:
		info, err := os.Stat(dir)
		// By a link what is known is found where that leads.
		return resolved != dir || err == nil && !info.IsDir(), ""
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR):
		return true, "it cannot be looked at: " + err.Error()
	}
	root := ""
	for _, r := range roots {
		if project.Within(dir, r) && len(r) > len(root) {
			root = r
		}
	}
	if e != nil {
		root = e.Project.Root
	}
	if root == "" {
		return true, "it is below no root"
	}
	if info, err := os.Stat(root); err != nil || !info.IsDir() {
		return true, fmt.Sprintf("its root %s is not there either", root)
	}
	if e != nil && e.Mount != "" && !isMount(e.Mount) {
		return true, fmt.Sprintf("its file system is not mounted at %s", e.Mount)
	}
	if left := nearest(dir); isEmpty(left) {
		return true, fmt.Sprintf("%s is empty, as if something were not mounted there", left)
	}
	return true, ""
}

// nearest is the nearest directory above a missing one that is there.
func nearest(dir string) string {
	for dir != "/" {
		dir = filepath.Dir(dir)
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			break
		}
	}
	return dir
}

func isEmpty(dir string) bool {
	f, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer f.Close()
	_, err = f.ReadDir(1)
	return errors.Is(err, io.EOF)
}

// mountPoint is where the file system of a directory is mounted; "" where that
// cannot be told.
func mountPoint(dir string) string {
	for ; !isMount(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err != nil {
			return ""
		}
	}
	return dir
}

// isMount reports whether a directory is on another file system than the one
// around it.
func isMount(dir string) bool {
	if dir == "/" {
		return true
	}
	here, err1 := device(dir)
	around, err2 := device(filepath.Dir(dir))
	return err1 == nil && err2 == nil && here != around
}

func device(dir string) (uint64, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return 0, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, errors.ErrUnsupported
	}
	return uint64(st.Dev), nil
}
