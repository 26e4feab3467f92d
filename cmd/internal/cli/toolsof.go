package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/shell/trust"
	"github.com/hbohlen/devsh/toolchains/catalogue"
	"github.com/hbohlen/devsh/toolchains/choose"
	"github.com/hbohlen/devsh/toolchains/detect"
	"github.com/hbohlen/devsh/toolchains/find"
	"github.com/hbohlen/devsh/toolchains/install"
)

// toolbox is what is known of the tools of a place: chosen, and looked for.
type toolbox struct {
	project *project.Project
	// at is the place, top the top of its repository.
	at, top string
	// trust is what the user said of the project, "" where it asks for nothing;
	// open says that what it brings may be looked at.
	trust trust.State
	open  bool
	// outside says that no root governs the place.
	outside bool
	// sources are the files that the catalogue was made of, besides devsh's own.
	sources   []string
	catalogue *catalogue.Catalogue
	facts     *detect.Facts
	chosen    []choose.Language
	finder    *find.Finder
	backends  map[string]install.Backend
}

// toolsOf chooses the tools for a directory. It runs nothing and writes nothing.
func (a *app) toolsOf(w *world, dir string) (*toolbox, error) {
	p, err := project.Find(dir, w.settings.Roots)
	if err != nil {
		return nil, err
	}
	t := &toolbox{project: p}
	if t.at, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, fmt.Errorf("resolve directory: %w", err)
	}
	if t.top = project.WorkTree(t.at); t.top == "" || !project.Within(t.top, p.Root) {
		t.top = p.Dir
	}
	req, err := w.resolver.Ask(dir)
	if err != nil && !errors.Is(err, activation.ErrNothing) {
		return nil, err
	}
	entry, err := w.resolver.Store.Place(p.Dir).Entry()
	if err != nil {
		entry = nil // nothing is known of it yet
	}
	if req != nil {
		t.trust = req.Verdict.State
		t.open = t.trust == trust.Allowed || t.trust == trust.Changed && entry != nil && entry.Good != ""
	}
	var files []trust.File
	if t.trust == trust.Allowed {
		files = req.Files
	}
	if err := t.choose(w, files); err != nil {
		return nil, err
	}
	t.finder = t.newFinder(w, entry)
	t.backends, _ = w.backends()
	return t, nil
}

// choose chooses the tools. Files are the project's deciding inputs, if they may
// decide.
func (t *toolbox) choose(w *world, files []trust.File) (err error) {
	if t.catalogue, t.sources, err = readCatalogues(w, t.project.Dir, files); err != nil {
		return err
	}
	if err := t.detect(); err != nil {
		return err
	}
	t.chosen = choose.All(t.catalogue, t.facts)
	return nil
}

// readCatalogues puts the user's catalogue over devsh's, and the project's over
// that. It returns the files that it was made of, besides devsh's own.
func readCatalogues(w *world, dir string, files []trust.File) (*catalogue.Catalogue, []string, error) {
	c, err := catalogue.Builtin()
	if err != nil {
		return nil, nil, err
	}
	var sources []string
	own := filepath.Join(filepath.Dir(w.settings.File), "catalogue.toml")
	data, err := inputs.ReadOwn(own)
	switch {
	case err == nil:
		if c, err = c.With(catalogue.File{Path: own, Data: data}); err != nil {
			return nil, nil, err
		}
		sources = append(sources, own)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, nil, err
	}
	if f := deciding(files, catalogue.ProjectFile); f != nil {
		file := filepath.Join(dir, f.Path)
		if c, err = c.With(catalogue.File{Path: file, Data: f.Content}); err != nil {
			return nil, nil, err
		}
		sources = append(sources, file)
	}
	return c, sources, nil
}

// deciding is the deciding input of a name, nil if it is not there.
func deciding(files []trust.File, name string) *trust.File {
	for i := range files {
		if files[i].Path == name && files[i].Exists {
			return &files[i]
		}
	}
	return nil
}

// detect looks at the place and the directories around it.
func (t *toolbox) detect() error {
	tree, err := find.OpenTree(t.top)
	if err != nil {
		return err
	}
	defer tree.Close()
	rel, err := filepath.Rel(t.top, t.at)
	if err != nil {
		return err
	}
	t.facts = detect.Detect(t.catalogue, tree, rel)
	return nil
}

// newFinder says where is looked. What a generation puts on PATH was allowed,
// whatever was said of the project since.
func (t *toolbox) newFinder(w *world, entry *activation.Entry) *find.Finder {
	if entry == nil || entry.Generation == activation.None {
		return t.finderWith(w, env.Delta{})
	}
	d, err := w.resolver.Store.Place(t.project.Dir).Delta(entry.Generation)
	if err != nil {
		d = env.Delta{} // it was removed meanwhile
	}
	return t.finderWith(w, d)
}

// finderWith looks on the PATH that a delta makes.
func (t *toolbox) finderWith(w *world, d env.Delta) *find.Finder {
	system := filepath.SplitList(w.base["PATH"])
	f := &find.Finder{SystemPath: system, Rustup: t.rustup(w.base), Managed: w.managed(t.lockedIn())}
	if t.open {
		f.Levels = project.Levels(t.top, t.at)
		slices.Reverse(f.Levels)
	} else if t.project.Kind != project.Root {
		f.Closed = t.top
		if project.Within(t.top, t.project.Dir) {
			f.Closed = t.project.Dir
		}
	}
	inside := env.Enter(w.base, d, "", t.project.Dir)
	for _, dir := range filepath.SplitList(inside["PATH"]) {
		// devsh's own directories lead to what is looked for elsewhere.
		if !slices.Contains(system, dir) && !project.Within(dir, w.resolver.Store.Dir) {
			f.ProjectPath = append(f.ProjectPath, dir)
		}
	}
	return f
}

// lockedIn are the directories whose devsh.lock counts, inner ones first.
func (t *toolbox) lockedIn() []string {
	if !t.open {
		return nil
	}
	dirs := slices.Clone(t.project.Chain)
	slices.Reverse(dirs)
	return dirs
}

// rustup is where rustup keeps its toolchains, and the one that is asked for.
func (t *toolbox) rustup(e env.Env) find.Rustup {
	r := find.Rustup{Home: e["RUSTUP_HOME"], Toolchain: e["RUSTUP_TOOLCHAIN"]}
	if !filepath.IsAbs(r.Home) {
		r.Home = filepath.Join(e["HOME"], ".rustup")
	}
	for _, l := range t.facts.Languages {
		for _, p := range l.Pins {
			if r.Toolchain == "" && slices.Contains([]string{"rust-toolchain", "rust-toolchain.toml"}, path.Base(p.File)) {
				r.Toolchain = p.Version
			}
		}
	}
	return r
}
