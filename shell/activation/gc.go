package activation

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hbohlen/devsh/shell/atomicfile"
)

const (
	keepGenerations = 8 // per project, for switching between branches
	// rubbishAge is how old a temporary file must be to be nobody's, where
	// files are written without a lock.
	rubbishAge = time.Hour
)

// collect removes what a project no longer needs: older entries, all but the
// latest generations and those that a shell uses, and what killed processes
// left. Failing is no harm: the next run tries again. The caller holds the
// place's lock.
func (r *Resolver) collect(p Place, e *Entry) {
	sweep(r.Store.Settings(), r.Now())
	sweep(r.Store.Trust(), r.Now())
	names, err := os.ReadDir(p.Dir)
	if err != nil {
		return
	}
	used := r.Store.live()
	var generations []os.DirEntry
	for _, n := range names {
		path := filepath.Join(p.Dir, n.Name())
		switch {
		case strings.HasPrefix(n.Name(), entryPrefix):
			if n.Name() != entryName(e.ID) {
				os.RemoveAll(path)
			}
		case strings.HasPrefix(n.Name(), atomicfile.TempPrefix):
			os.RemoveAll(path) // who writes here holds the lock, as we do
		case strings.HasPrefix(n.Name(), "g-"):
			if id := n.Name()[2:]; id != e.Generation && id != e.Good && !used.holds(path) {
				generations = append(generations, n)
			}
		}
	}
	slices.SortFunc(generations, func(a, b os.DirEntry) int { return modified(b).Compare(modified(a)) })
	if len(generations) > keepGenerations {
		for _, n := range generations[keepGenerations:] {
			os.RemoveAll(filepath.Join(p.Dir, n.Name()))
		}
	}
}

// sweep removes what killed processes left in a directory that all share.
func sweep(dir string, now time.Time) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, n := range names {
		if strings.HasPrefix(n.Name(), atomicfile.TempPrefix) && now.Sub(modified(n)) > rubbishAge {
			os.RemoveAll(filepath.Join(dir, n.Name()))
		}
	}
}

func modified(e os.DirEntry) time.Time {
	info, err := e.Info()
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
