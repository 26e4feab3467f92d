package daemon

import (
	"maps"
	"os"
	"slices"
	"time"

	"github.com/hbohlen/devsh/shell/watch"
)

// Status is what a daemon says of itself. Paths are as JSON can hold them: for
// people, not to be used.
type Status struct {
	PID      int
	Program  string
	Since    time.Time
	Shells   int
	Projects []Watched
	Watching watch.State
	MayBuild bool
	Resolved int // how often something was made anew
	Pending  int // what is being made anew, or will be
}

// Watched is a project that is looked after.
type Watched struct {
	Dir   string
	Files int
}

func (r *run) report() Status {
	s := r.status
	s.PID, s.Program, s.Since, s.Shells, s.MayBuild = os.Getpid(), r.Program, r.started, len(r.shells), r.MayBuild()
	if s.Pending = len(r.queue); r.working != "" {
		s.Pending++
	}
	for _, dir := range slices.Sorted(maps.Keys(r.projects)) {
		s.Projects = append(s.Projects, Watched{dir, r.projects[dir].files})
	}
	return s
}
