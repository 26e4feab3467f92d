package activation

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/atomicfile"
	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/shell/render"
	"github.com/hbohlen/devsh/shell/trust"
)

// Tools say what tools add to environments: package managers, language servers,
// formatters. They are the business of other packages, which need not be asked
// where nothing changed: what they return is part of a generation.
type Tools interface {
	// Own is what the user's own tools add, in every environment.
	Own() (ToolLayer, error)
	// Of is what those of a place add that may decide what runs. Files are its
	// deciding inputs, as they were judged.
	Of(dir string, files []trust.File) (ToolLayer, error)
	// Languages says what a project's languages want that its environment, the
	// delta, does not give them.
	Languages(p project.Project, files []trust.File, d env.Delta) ToolWants
}

// ToolWants is what a project's languages want beside its environment.
type ToolWants struct {
	Lack Lack
	// Delta is for outside of all other layers, which win over it.
	Delta  env.Delta
	Inputs []inputs.File // what says so
}

// What happens about missing tools: it is told, or not, or they are installed in
// the background by who asked for the entry.
const (
	MissingTell    = "tell"
	MissingQuiet   = "quiet"
	MissingInstall = "install"
)

// Lack are tools that are missing.
type Lack struct {
	Tools []string
	// Locked says that they are those of the project's lock.
	Locked bool
}

func (l Lack) String() string {
	if l.Locked {
		return fmt.Sprintf("missing: %s: «devsh tools install»", strings.Join(l.Tools, ", "))
	}
	return fmt.Sprintf("missing: %s: «devsh tools install %s»", strings.Join(l.Tools, ", "), strings.Join(l.Tools, " "))
}

// ToolPart is what tools of one source add to an environment.
type ToolPart struct {
	Source string // a path
	Delta  env.Delta
}

// ToolLayer is what tools add to an environment.
type ToolLayer struct {
	// Outer is for before the place's Nix shell, which wins over it, and Inner
	// for after that.
	Outer, Inner ToolPart
	// Bins are programs of the place, by name, that are taken before all others
	// but those that its devsh.toml puts on PATH: absolute paths.
	Bins   map[string]string
	Inputs []inputs.File
	Notes  []string
	// Problem is what is wrong with the place's own files.
	Problem error
}

// Has records a path of a place as an input, and reports whether it is there
// and does not lead out of the place.
func (l *ToolLayer) Has(dir, path string) (bool, error) {
	f, err := inputs.Stat(path)
	if err != nil {
		return false, fmt.Errorf("look for tools: %w", err)
	}
	l.Inputs = append(l.Inputs, f)
	if !f.Exists {
		return false, nil
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil || !project.Within(real, dir) {
		l.Notes = append(l.Notes, fmt.Sprintf("%s leads out of the project, and is left alone", path))
		return false, nil
	}
	return true, nil
}

// brokenError is no fault of the project's: a full disk for one. The next try may
// find it well, so nothing is concluded of it.
type brokenError struct{ error }

func (b *brokenError) Unwrap() error { return b.error }

// ownTools adds the layer of the user's own tools.
func (w *resolution) ownTools() error {
	if w.Tools == nil || w.Settings.off(LayerTools) {
		return nil
	}
	l, err := w.Tools.Own()
	if err != nil {
		return &brokenError{err}
	}
	w.inputs = append(w.inputs, l.Inputs...)
	w.toolLayer(l.Outer, nil)
	return nil
}

// placeTools returns the layer of a place's tools, of which it adds the outer part.
func (w *resolution) placeTools(p *place) (ToolLayer, error) {
	if w.Tools == nil || w.Settings.off(LayerTools) {
		return ToolLayer{}, nil
	}
	l, err := w.Tools.Of(p.dir, p.deciding.Files)
	w.inputs = append(w.inputs, l.Inputs...)
	switch {
	case err != nil:
		return l, &brokenError{err}
	case l.Problem != nil:
		return l, l.Problem
	}
	w.toolLayer(l.Outer, nil)
	return l, nil
}

// innerTools adds the inner part of the layer of a place's tools.
func (w *resolution) innerTools(p *place, l ToolLayer) error {
	home := w.Store.Place(p.dir)
	if err := home.writeBins(l.Bins); err != nil {
		return &brokenError{err}
	}
	d := l.Inner.Delta
	if len(l.Bins) > 0 {
		d.Lists = maps.Clone(d.Lists)
		if d.Lists == nil {
			d.Lists = map[string]env.List{}
		}
		path := d.Lists[env.Path]
		path.Prepend = slices.Concat([]string{home.bins()}, path.Prepend)
		d.Lists[env.Path] = path
	}
	w.toolLayer(ToolPart{l.Inner.Source, d}, l.Notes)
	return nil
}

func (w *resolution) toolLayer(p ToolPart, notes []string) {
	if p.Delta.Empty() && len(notes) == 0 {
		return
	}
	w.layer(LayerTools, p.Source, p.Delta)
	w.layers[len(w.layers)-1].Notes = notes
}

// bins is the directory of the programs that a project brings and that are to
// be found by their names: some, and not what else lies beside them.
func (p Place) bins() string { return filepath.Join(p.Dir, "bin") }

// writeBins makes the directory hold these programs and no others. Each is a
// script that becomes the program: a link would not do for those that look
// beside the name by which they were called.
func (p Place) writeBins(bins map[string]string) error {
	// Whoever put a file there, or a link, it is devsh's own place; what a link
	// leads to is not.
	if info, err := os.Lstat(p.bins()); err == nil && !info.IsDir() {
		if err := os.Remove(p.bins()); err != nil {
			return fmt.Errorf("write the programs of a project: %w", err)
		}
	}
	there, err := os.ReadDir(p.bins())
	if errors.Is(err, fs.ErrNotExist) && len(bins) == 0 {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the programs of a project: %w", err)
	}
	for _, f := range there {
		if _, wanted := bins[f.Name()]; !wanted {
			if err := os.RemoveAll(filepath.Join(p.bins(), f.Name())); err != nil {
				return fmt.Errorf("remove a program of a project: %w", err)
			}
		}
	}
	if err := os.MkdirAll(p.bins(), 0o700); err != nil {
		return fmt.Errorf("write the programs of a project: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(bins)) {
		text := "#!/bin/sh\nexec " + render.QuoteBash(bins[name]) + " \"$@\"\n"
		path := filepath.Join(p.bins(), name)
		if have, err := readOwn(path); err == nil && string(have) == text {
			continue
		}
		if err := atomicfile.Write(path, []byte(text), 0o700); err != nil {
			return err
		}
	}
	return nil
}

// languages adds what the project's languages want, of which the delta is all
// there is yet, and notes what is missing.
func (w *resolution) languages(d env.Delta) (env.Delta, error) {
	i := slices.IndexFunc(w.places, func(p *place) bool { return p.dir == w.project.Dir })
	if w.Tools == nil || w.Settings.off(LayerTools) || i < 0 {
		return d, nil
	}
	wants := w.Tools.Languages(*w.project, w.places[i].deciding.Files, d)
	w.lacks, w.inputs = wants.Lack, append(w.inputs, wants.Inputs...)
	if wants.Delta.Empty() {
		return d, nil
	}
	w.toolLayer(ToolPart{Source: "languages", Delta: wants.Delta}, nil)
	return env.Compose(wants.Delta, d)
}
