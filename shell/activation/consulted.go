package activation

import (
	"path/filepath"

	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/project"
)

// allInputs adds to what was consulted what every environment depends on, and
// drops repetitions. The order is that of the hook's checks: the project's own
// files come first, and of them those that exist, since these are edited.
func (w *resolution) allInputs() []inputs.File {
	var all []inputs.File
	seen := map[string]bool{}
	add := func(files ...inputs.File) {
		for _, f := range files {
			if !seen[f.Path] {
				seen[f.Path] = true
				all = append(all, f)
			}
		}
	}
	for _, exists := range []bool{true, false} {
		for _, f := range w.inputs {
			if f.Exists == exists {
				add(f)
			}
		}
	}
	add(w.around...)
	for _, p := range w.places {
		if p.verdict.From == "" {
			continue
		}
		if f, err := inputs.Stat(w.trust().File(p.verdict.From)); err == nil {
			add(f) // denying the one denies the other
		}
	}
	return all
}

// aroundInputs are the inputs beside the places' own files. They are recorded
// before anything is judged or evaluated: what changes meanwhile, a deny above
// all, must be seen as a change.
func (w *resolution) aroundInputs() []inputs.File {
	var all []inputs.File
	add := func(path string) {
		if f, err := inputs.Stat(path); err == nil {
			all = append(all, f)
		}
	}
	for _, level := range project.Levels(w.project.Root, w.project.Dir) {
		if w.declared(level) {
			continue
		}
		for _, name := range project.Deciding() {
			// It did not exist a moment ago, when the project was looked for.
			all = append(all, inputs.File{Path: filepath.Join(level, name)})
		}
	}
	all = append(all, w.Settings.Files...)
	for _, level := range w.project.Chain {
		add(w.trust().File(level))
	}
	for _, level := range project.Levels(w.project.Root, w.project.Dir)[1:] {
		all = append(all, inputs.File{Path: level, Exists: true, Plain: true})
	}
	return all
}

// declared reports whether a directory has a deciding file. Which of them
// matter is then the place's business.
func (w *resolution) declared(dir string) bool {
	for _, d := range w.project.Chain {
		if d == dir {
			return true
		}
	}
	return false
}
