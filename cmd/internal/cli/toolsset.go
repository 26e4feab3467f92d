package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/atomicfile"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/trust"
	"github.com/hbohlen/devsh/toolchains/catalogue"
	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/install/cargo"
	"github.com/hbohlen/devsh/toolchains/install/golang"
	"github.com/hbohlen/devsh/toolchains/install/nix"
	"github.com/hbohlen/devsh/toolchains/install/npm"
	"github.com/hbohlen/devsh/toolchains/install/uv"
	"github.com/hbohlen/devsh/toolchains/lockfile"
	"github.com/hbohlen/devsh/toolchains/store"
	"github.com/hbohlen/devsh/toolchains/toolset"
)

// How long a program of a backend may take, and how long a version has to have
// been published before it is taken.
const (
	toolLimit  = 10 * time.Minute
	toolMinAge = 24 * time.Hour
)

// tools are a set of tools, the user's own or a project's, and what is known of tools.
type tools struct {
	*toolset.Set
	catalogue *catalogue.Catalogue
	path      string // PATH outside of any project
	// project is whose they are, nil for the user's own.
	project *activation.Request
	// written is what was written as the project's lock.
	written []byte
}

// userTools finds the user's own set, without touching the disk.
func (a *app) userTools() (*tools, error) {
	w, err := a.world()
	if err != nil {
		return nil, err
	}
	t, err := w.tools("", nil)
	if err != nil {
		return nil, err
	}
	t.In, t.LockPath = t.Store.UserSet(), filepath.Join(filepath.Dir(w.settings.File), lockfile.Name)
	t.Read, t.Write = inputs.ReadOwn, writeLock
	return t, nil
}

// projectTools finds the set of the project that owns dir, which must be
// allowed: its lock says what is installed, and its catalogue from where.
func (a *app) projectTools(w *world, dir string) (*tools, error) {
	req, err := w.resolver.Ask(dir)
	if err != nil {
		return nil, err
	}
	if req.Verdict.State != trust.Allowed {
		which := a.argument(req.Dir)
		return nil, hinted(fmt.Errorf("%s is %s", req.Dir, req.Verdict.State), fmt.Sprintf("«devsh status%[1]s» shows what it wants, «devsh allow%[1]s» lets it", which))
	}
	t, err := w.tools(req.Dir, req.Files)
	if err != nil {
		return nil, err
	}
	t.project = req
	t.In, t.LockPath = t.Store.ProjectSet(req.Dir), filepath.Join(req.Dir, lockfile.Name)
	t.Read = func(string) ([]byte, error) {
		f, data, err := inputs.ReadPlain(req.Dir, lockfile.Name)
		if err == nil && !f.Exists {
			err = fs.ErrNotExist
		}
		return data, err
	}
	t.Write = func(path string, data []byte) error {
		t.written = data
		return atomicfile.Write(path, data, 0o644)
	}
	return t, nil
}

// tools is what all sets have in common. The programs of the backends are the
// user's, found outside of any project.
func (w *world) tools(dir string, files []trust.File) (*tools, error) {
	known, _, err := readCatalogues(w, dir, files)
	if err != nil {
		return nil, err
	}
	backends, byNix := w.backends()
	return &tools{
		Set: &toolset.Set{
			Store: w.toolStore(), Keeper: byNix, Order: toolOrder(), Backends: backends, Now: w.resolver.Now,
		},
		catalogue: known, path: w.base["PATH"],
	}, nil
}

// backends are what tools are installed by. Their programs are the user's, found
// outside of any project.
func (w *world) backends() (map[string]install.Backend, *nix.Backend) {
	host := install.Host{Environ: w.base, Limit: toolLimit, Temp: w.toolStore().Temp()}
	byNix := &nix.Backend{Host: host, Nixpkgs: w.settings.Nixpkgs}
	return map[string]install.Backend{
		lockfile.NPM: &npm.Backend{Host: host}, lockfile.Go: &golang.Backend{Host: host},
		lockfile.UV:    &uv.Backend{Host: host},
		lockfile.Cargo: &cargo.Backend{Host: host}, lockfile.Nix: byNix,
	}, byNix
}

// toolOrder is the order in which sources of a tool are tried on this system.
func toolOrder() toolset.Order { return toolset.OrderFor(store.StartsPrograms()) }

// toolStore is where the tools lie that devsh manages, without touching the disk.
func (w *world) toolStore() store.Store {
	return store.Store{Dir: filepath.Join(w.resolver.Store.Dir, "tools")}
}

// managed finds programs among what devsh installed.
type managed []store.Entry

// managed is what is installed for projects, these first, and in the user's own
// set; what cannot be read is not there.
func (w *world) managed(projects []string) managed {
	s := w.toolStore()
	var out managed
	sets := []store.Set{}
	for _, dir := range projects {
		sets = append(sets, s.ProjectSet(dir))
	}
	for _, set := range append(sets, s.UserSet()) {
		p, _, there, err := set.Current()
		if err != nil || !there {
			continue
		}
		if entries, err := s.Entries(p); err == nil {
			out = append(out, entries...)
		}
	}
	return out
}

// Bin is where a tool's program is, "" if it is not installed, or broken.
func (m managed) Bin(tool, bin string) string {
	for _, e := range m {
		if _, ok := e.Bins[bin]; ok && e.Name == tool && e.Whole() == nil {
			return filepath.Join(e.Dir, "bin", bin)
		}
	}
	return ""
}

// changeTools opens a set, to change it: the user's own, or that of the project
// one stands in.
func (a *app) changeTools(project bool) (*tools, error) {
	dir, w, err := a.at("")
	if err != nil {
		return nil, err
	}
	if err := w.resolver.Store.Open(); err != nil { // it looks whose it is
		return nil, err
	}
	if _, err := store.Open(w.toolStore().Dir); err != nil {
		return nil, err
	}
	if project {
		return a.projectTools(w, dir)
	}
	return a.userTools()
}

// writeLock writes a lock, and makes the directory of devsh's settings.
func writeLock(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(path, data, 0o644)
}
