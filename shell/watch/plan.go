package watch

import (
	"os"
	"path/filepath"
	"slices"
)

// Target is something to be told of.
type Target struct {
	Path string
	// Entries says that it is a directory in which entries come and go.
	Entries bool
}

// plan is which directories to watch, by their real names, and what in them
// matters to whom.
type plan map[string]*directory

type directory struct {
	names   map[string][]string // the keys that each name matters to
	missing map[string]bool     // names whose coming changes the plan
	entries []string            // keys that all that comes and goes matters to
}

// makePlan finds the directories for what is wanted. Those that skip says
// change never, or too often, are left out.
func makePlan(want map[string][]Target, skip func(dir string) bool) plan {
	p := plan{}
	for key, targets := range want {
		for _, t := range targets {
			p.add(key, t, skip)
			// Where the path is a link, what it leads to can change as well.
			if real, err := filepath.EvalSymlinks(t.Path); err == nil && real != t.Path {
				p.add(key, Target{real, t.Entries}, skip)
			}
		}
	}
	return p
}

func (p plan) add(key string, t Target, skip func(dir string) bool) {
	if t.Entries {
		if d := p.at(t.Path, skip); d != nil {
			d.entries = with(d.entries, key)
		}
	}
	dir, name := filepath.Dir(t.Path), filepath.Base(t.Path)
	for missing := false; ; missing = true {
		d := p.at(dir, skip)
		if d != nil {
			d.names[name] = with(d.names[name], key)
			d.missing[name] = d.missing[name] || missing
			return
		}
		if dir == filepath.Dir(dir) || skip(dir) {
			return
		}
		dir, name = filepath.Dir(dir), filepath.Base(dir)
	}
}

// at returns what is planned for a directory, nil where there is none.
func (p plan) at(dir string, skip func(dir string) bool) *directory {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil || skip(real) {
		return nil
	}
	if info, err := os.Stat(real); err != nil || !info.IsDir() {
		return nil
	}
	if p[real] == nil {
		p[real] = &directory{names: map[string][]string{}, missing: map[string]bool{}}
	}
	return p[real]
}

// keys are all to whom something in the directory matters.
func (d *directory) keys() []string {
	out := slices.Clone(d.entries)
	for _, keys := range d.names {
		for _, key := range keys {
			out = with(out, key)
		}
	}
	return out
}

// touched returns to whom an event at path matters, and whether it makes
// another plan necessary. gone says that something came or went there.
func (p plan) touched(path string, gone bool) (keys []string, another bool) {
	if self := p[path]; self != nil && gone {
		keys, another = self.keys(), true
	}
	d, name := p[filepath.Dir(path)], filepath.Base(path)
	if d == nil {
		return keys, another
	}
	keys = append(keys, d.names[name]...)
	if gone {
		keys = append(keys, d.entries...)
	}
	return keys, another || gone && d.missing[name]
}

func with(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
