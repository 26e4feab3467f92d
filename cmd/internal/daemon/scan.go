package daemon

import (
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"slices"
	"strconv"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/watch"
)

// keyState is the watcher's key for what says which shells and inputs there
// are. Those of projects are their directories, which begin with a slash.
const keyState = "state"

// scan finds out which shells there are and what the projects were made from
// that they have stood in, and watches that.
func (r *run) scan() {
	r.shells = r.Store.LiveShells()
	want := map[string][]watch.Target{keyState: {{Path: r.Store.Shells(), Entries: true}, {Path: lockFile(r.lease.dir)}, {Path: Socket(r.lease.dir)}}}
	pids, projects := make([]int, 0, len(r.shells)), map[string]*project{}
	for _, sh := range r.shells {
		pids = append(pids, sh.PID)
		want[keyState] = append(want[keyState], watch.Target{Path: r.Store.Shells() + "/" + strconv.Itoa(sh.PID)})
		for _, dir := range sh.Projects {
			if projects[dir] == nil {
				projects[dir] = r.known(dir)
				place := r.Store.Place(dir)
				want[keyState] = append(want[keyState], watch.Target{Path: place.Current()})
				want[dir] = r.inputs(place)
				projects[dir].files = len(want[dir])
			}
		}
	}
	r.projects = projects
	r.exits.watch(pids)
	before := r.status.Watching
	r.status.Watching = r.watcher.Set(want)
	if w := r.status.Watching; w.Why != before.Why && w.Why != "" {
		r.Log(fmt.Sprintf("%s: %s; of %d directories the prompts see what changes", w.Unwatched[0], w.Why, len(w.Unwatched)))
	}
	r.idle.Stop()
	if len(r.shells) == 0 {
		r.idle.Reset(r.Idle)
	}
	// Something may have happened before it was watched.
	for _, dir := range slices.Sorted(maps.Keys(projects)) {
		r.check(dir)
	}
}

func (r *run) known(dir string) *project {
	if p := r.projects[dir]; p != nil {
		return p
	}
	return &project{}
}

// inputs are the files that an entry was made from.
func (r *run) inputs(place activation.Place) []watch.Target {
	e, err := place.Entry()
	if err != nil {
		return nil
	}
	var out []watch.Target
	for _, f := range e.Inputs {
		out = append(out, watch.Target{Path: f.Path, Entries: f.Dir && !f.Plain})
	}
	return out
}

// check puts a project into the queue if an input changed, and a shell stands
// in it: others look when they come.
func (r *run) check(dir string) {
	p := r.projects[dir]
	if p == nil || dir == r.working || slices.Contains(r.queue, dir) {
		return
	}
	e, err := r.Store.Place(dir).Entry()
	if err != nil {
		return
	}
	stale := e.Stale()
	if len(stale) == 0 {
		p.tried = ""
		return
	}
	// An input may never be as it was recorded, when it cannot be read for one.
	now := fingerprint(e.ID, stale)
	if now == p.tried || !r.stoodIn(dir) || !r.MayBuild() {
		return
	}
	p.tried = now
	r.queue = append(r.queue, dir)
}

func (r *run) stoodIn(dir string) bool {
	return slices.ContainsFunc(r.shells, func(sh activation.LiveShell) bool {
		return slices.Contains(sh.Projects, dir) && sh.StandsIn(dir)
	})
}

// fingerprint tells how the files are now.
func fingerprint(entry string, paths []string) string {
	h := fnv.New128a()
	for _, path := range paths {
		f, err := inputs.Stat(path)
		link, _ := os.Readlink(path)
		fmt.Fprintf(h, "%q %t %d %d %d %q %q %v\n", path, f.Exists, f.Size, f.Inode, f.Time.UnixNano(), f.Target, link, err)
	}
	return entry + string(h.Sum(nil))
}
