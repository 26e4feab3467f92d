package activation

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/project"
)

// completionDirs returns where fish finds completions of what the lists add,
// as far as these directories exist: beside a bin directory, and below an
// entry of XDG_DATA_DIRS. fish itself reads XDG_DATA_DIRS only when it starts.
//
// Completions are fish code, which a shell runs without being asked. So those
// below a root are left out: what is written there after the user allowed a
// project has not been seen by anybody.
func completionDirs(d env.Delta, roots []string) []string {
	var resolved []string
	for _, root := range roots {
		if r, err := filepath.EvalSymlinks(root); err == nil {
			resolved = append(resolved, r)
		}
	}
	var dirs []string
	add := func(dir string) {
		dir, err := filepath.EvalSymlinks(dir) // a link could lead elsewhere tomorrow
		if err != nil || slices.ContainsFunc(resolved, func(root string) bool { return project.Within(dir, root) }) {
			return
		}
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			dirs = append(dirs, dir)
		}
	}
	for _, bin := range d.Lists[env.Path].Prepend {
		if filepath.Base(bin) == "bin" {
			add(filepath.Join(filepath.Dir(bin), "share/fish/vendor_completions.d"))
		}
	}
	for _, data := range d.Lists["XDG_DATA_DIRS"].Prepend {
		add(filepath.Join(data, "fish/vendor_completions.d"))
	}
	return dirs
}
