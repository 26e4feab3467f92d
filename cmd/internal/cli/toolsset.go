package cli

import (
	"os"
	"path/filepath"
	"time"

	"github.com/hbohlen/devsh/shell/atomicfile"
	"github.com/hbohlen/devsh/shell/inputs"
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

// userTools are the user's own set of tools, and what is known of tools.
type userTools struct {
	*toolset.Set
	catalogue *catalogue.Catalogue
	path      string // PATH outside of any project
}

// userTools finds the user's own set, without touching the disk.
func (a *app) userTools() (*userTools, error) {
	w, err := a.world()
	if err != nil {
		return nil, err
	}
	var known toolbox
	if err := known.readCatalogue(w, nil); err != nil {
		return nil, err
	}
	backends, byNix := w.backends()
	return &userTools{
		Set: &toolset.Set{
			Store: w.toolStore(), Keeper: byNix, Order: toolOrder(), Backends: backends,
			LockPath: filepath.Join(filepath.Dir(w.settings.File), lockfile.Name),
			Read:     inputs.ReadOwn, Write: writeLock, Now: a.Now,
		},
		catalogue: known.catalogue, path: w.base["PATH"],
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

// managed finds programs among what is installed in the user's own set.
type managed []store.Entry

// managed is what is installed; what cannot be read is not there.
func (w *world) managed() managed {
	s := w.toolStore()
	p, _, there, err := s.Current()
	if err != nil || !there {
		return nil
	}
	entries, err := s.Entries(p)
	if err != nil {
		return nil
	}
	return entries
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

// changeTools opens the user's own set, to change it.
func (a *app) changeTools() (*userTools, error) {
	w, err := a.world()
	if err != nil {
		return nil, err
	}
	if err := w.resolver.Store.Open(); err != nil { // it looks whose it is
		return nil, err
	}
	if _, err := store.Open(w.toolStore().Dir); err != nil {
		return nil, err
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
