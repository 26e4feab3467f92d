package activation

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/hbohlen/devsh/shell/project"
)

// LiveShell is a running shell, and the projects that it has stood in.
type LiveShell struct {
	PID      int
	Projects []string // sorted
}

// LiveShells returns the running shells that noted something, by process.
// Processes that have the number of a shell that ended are none.
func (s Store) LiveShells() []LiveShell {
	var shells []LiveShell
	for pid, text := range s.live() {
		name := strconv.Itoa(pid)
		note, err := os.Stat(filepath.Join(s.Shells(), name))
		if err != nil {
			continue
		}
		proc := "/proc/" + name
		if info, err := os.Stat(proc); err != nil || owned(proc, info) != nil || startedAfter(proc, note.ModTime()) {
			continue
		}
		l := LiveShell{PID: pid}
		for line := range strings.Lines(text) {
			if dir, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), noteAt); ok && filepath.IsAbs(dir) && !slices.Contains(l.Projects, dir) {
				l.Projects = append(l.Projects, dir)
			}
		}
		slices.Sort(l.Projects)
		shells = append(shells, l)
	}
	slices.SortFunc(shells, func(a, b LiveShell) int { return a.PID - b.PID })
	return shells
}

// StandsIn reports whether the shell is in the project now.
func (l LiveShell) StandsIn(dir string) bool {
	now, err := os.Readlink("/proc/" + strconv.Itoa(l.PID) + "/cwd")
	return err == nil && project.Within(now, dir)
}

// Follows reports whether a process is a shell with the hook that stands in the
// project: it takes over what is published there.
func (s Store) Follows(pid int, dir string) bool {
	proc := "/proc/" + strconv.Itoa(pid)
	return isFish(proc) && handles(proc, wakeSignal) && slices.ContainsFunc(s.LiveShells(), func(l LiveShell) bool {
		return l.PID == pid && slices.Contains(l.Projects, dir) && l.StandsIn(dir)
	})
}

// Daemon is where the daemon's lock and socket are.
func (s Store) Daemon() string { return filepath.Join(s.Dir, "daemon") }

// UsesNix reports whether the entry was made with Nix, or would be.
func (e *Entry) UsesNix() bool {
	for _, l := range e.Layers {
		if l.Name == LayerNix {
			return true
		}
	}
	for _, f := range e.Inputs {
		if f.Exists && filepath.Ext(f.Path) == ".nix" {
			return true
		}
	}
	return false
}
