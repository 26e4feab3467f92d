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
	// KeepGenerations is how many generations a project keeps beside the one in
	// force and those that shells use, for switching between branches.
	KeepGenerations = 8
	// rubbishAge is how old a temporary file must be to be nobody's, where
	// files are written without a lock.
	rubbishAge = time.Hour
	// logAge is how long the log of an evaluation that went well is kept.
	logAge = 30 * 24 * time.Hour
)

// Garbage is something in the state directory that nobody needs any more.
type Garbage struct {
	Kind    GarbageKind
	Path    string
	Project string // whose it was; "" where it belongs to none
	Why     string
	Bytes   int64
}

// GarbageKind says what a piece of garbage is.
type GarbageKind string

// What there is to collect.
const (
	GoneProject   GarbageKind = "project"    // all that is known of one whose directory is gone
	OldGeneration GarbageKind = "generation" // an environment of before
	OldEntry      GarbageKind = "entry"      // a state of affairs of before
	OldLog        GarbageKind = "log"
	Evaluation    GarbageKind = "evaluation" // what nix said, and a root in its store
	Temporary     GarbageKind = "temporary"  // what a killed process left
	EndedShell    GarbageKind = "shell"      // the notes of one that has ended
	EmptyTree     GarbageKind = "directory"  // of the mirrored tree, with nothing in it
)

// collect removes what a project no longer needs, while the caller holds its
// lock. Failing is no harm: the next run tries again.
func (r *Resolver) collect(p Place, e *Entry) {
	garbage := p.garbage(e, r.Store.live(), KeepGenerations, r.Now())
	for _, dir := range []string{r.Store.settings(), r.Store.trust()} {
		garbage = append(garbage, temporaries(dir, r.Now(), rubbishAge)...)
	}
	for _, g := range garbage {
		os.RemoveAll(g.Path)
	}
}

// garbage is what a place no longer needs whose project is there: older
// entries, all but the latest generations and those that a shell uses, and what
// killed processes left. Of a place without an entry that can be read only the
// generations are judged.
func (p Place) garbage(e *Entry, used shellNotes, keep int, now time.Time) []Garbage {
	names, err := os.ReadDir(p.Dir)
	if err != nil {
		return nil
	}
	var out []Garbage
	add := func(kind GarbageKind, n os.DirEntry, why string) {
		out = append(out, Garbage{Kind: kind, Path: filepath.Join(p.Dir, n.Name()), Why: why})
	}
	var generations []os.DirEntry
	for _, n := range names {
		id, isGeneration := strings.CutPrefix(n.Name(), generationPrefix)
		switch {
		case isGeneration:
			out = append(out, temporaries(p.Generation(id), now, 0)...) // who writes here holds the lock, too
			if (e == nil || id != e.Generation && id != e.Good) && !used.holds(p.Generation(id)) {
				generations = append(generations, n)
			}
		case strings.HasPrefix(n.Name(), entryPrefix) && e != nil && n.Name() != entryName(e.ID):
			add(OldEntry, n, "it is no longer in force")
		case strings.HasPrefix(n.Name(), atomicfile.TempPrefix):
			add(Temporary, n, "a process that was killed left it") // who writes here holds the lock
		case n.Name() == markName:
			add(Temporary, n, "the project is there again")
		case n.Name() == logName && e != nil && e.Error == "" && now.Sub(modified(n)) > logAge:
			add(OldLog, n, "the evaluation went well, a month ago or more")
		}
	}
	slices.SortFunc(generations, func(a, b os.DirEntry) int { return modified(b).Compare(modified(a)) })
	for _, n := range generations[min(keep, len(generations)):] {
		add(OldGeneration, n, "there are later ones, and no shell uses it")
	}
	return out
}

// temporaries is what killed processes left in a directory, and in those below
// it; what is younger than age may be somebody's.
func temporaries(dir string, now time.Time, age time.Duration) []Garbage {
	var out []Garbage
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return nil // what cannot be read stays
		}
		if !strings.HasPrefix(d.Name(), atomicfile.TempPrefix) {
			return nil
		}
		if now.Sub(modified(d)) >= age {
			out = append(out, Garbage{Kind: Temporary, Path: path, Why: "a process that was killed left it"})
		}
		if d.IsDir() {
			return filepath.SkipDir
		}
		return nil
	})
	return out
}

// size is how many bytes the files in a tree hold.
func size(path string) (bytes int64) {
	_ = filepath.WalkDir(path, func(_ string, d os.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			bytes += info.Size()
		}
		return nil
	})
	return bytes
}

func modified(e os.DirEntry) time.Time {
	info, err := e.Info()
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// evaluationsFile of a generation names the evaluations that it was made from,
// one a line: their roots keep what the generation refers to in nix's store.
const (
	evaluationsFile = "evaluations"
	maxEvaluations  = 8 // of which a generation keeps the latest: a comment makes a new one
)

// keepEvaluations notes for the generation of an entry from which evaluations it
// was made. The same generation may come from several.
func (p Place) keepEvaluations(e *Entry) error {
	if e.Generation == None {
		return nil
	}
	known := p.evaluations(e.Generation)
	all := slices.Clone(known)
	for _, l := range e.Layers {
		if l.Evaluation != "" && !slices.Contains(all, l.Evaluation) {
			all = append(all, l.Evaluation)
		}
	}
	if len(all) == len(known) {
		return nil
	}
	all = all[max(0, len(all)-maxEvaluations):]
	file := filepath.Join(p.Generation(e.Generation), evaluationsFile)
	return atomicfile.Write(file, []byte(strings.Join(all, "\n")+"\n"), 0o600)
}

// evaluations returns the keys of those that a generation was made from.
func (p Place) evaluations(id string) []string {
	data, err := readOwn(filepath.Join(p.Generation(id), evaluationsFile))
	if err != nil {
		return nil
	}
	return strings.Fields(string(data))
}
