package activation

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/hbohlen/devsh/shell/atomicfile"
	"github.com/hbohlen/devsh/shell/project"
)

// ABI numbers the agreement between the state directory, the hook and the
// program. It grows when a hook of before could no longer read what is
// written now.
const ABI = 1

// Store is the state directory.
type Store struct {
	Dir string // absolute: …/devsh/v1
}

// NewStore returns the store below the user's state directory, without
// touching the disk.
func NewStore(stateHome string) Store {
	return Store{Dir: filepath.Join(stateHome, "devsh", fmt.Sprintf("v%d", ABI))}
}

// ErrNotOwned says that the state directory, or one on the way to it, belongs to
// somebody else: as under sudo -E, where root would trust what the user wrote.
var ErrNotOwned = errors.New("it is not yours, and devsh's state lies there")

// Open makes the store's directories where they are missing. The error wraps
// [ErrNotOwned] where another user owns one.
func (s Store) Open() error {
	if err := s.check(); err != nil {
		return err
	}
	for _, dir := range []string{filepath.Dir(s.Dir), s.Dir, s.tree(), s.Shells(), s.settings(), s.trust()} {
		// What the user allowed cannot be computed anew: it must be there after a power cut.
		if err := makeDirs(filepath.Dir(s.Dir), dir, atomicfile.MkdirAll); err != nil {
			return err
		}
		info, err := os.Stat(dir)
		if err != nil {
			return fmt.Errorf("make state directory: %w", err)
		}
		if err := owned(dir, info); err != nil {
			return err
		}
	}
	return nil
}

// check returns an error that wraps [ErrNotOwned] where another user owns the
// store or a directory on the way to it: nothing in it may be believed then.
// What is above the user's home is not asked about: who owns that, owns the
// home. Below the first directory that is the user's own, all must be. A store
// that is not there is fine.
func (s Store) check() error {
	home := filepath.Dir(filepath.Dir(s.Dir)) // of state
	mine := false
	for _, dir := range project.Levels("/", s.tree()) {
		info, err := os.Stat(dir)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			return nil // opening makes it
		}
		if err != nil {
			return fmt.Errorf("look at state directory: %w", err)
		}
		err = owned(dir, info)
		if err != nil && (mine || project.Within(dir, home)) {
			return err
		}
		mine = mine || err == nil
	}
	return nil
}

// makeDirs makes a directory and those above it. What lies in its way below
// top, where all is devsh's own, is rubbish and goes.
func makeDirs(top, dir string, mkdirAll func(string, os.FileMode) error) error {
	err := mkdirAll(dir, 0o700)
	if err == nil || !project.Within(dir, top) {
		return wrapMake(err)
	}
	for _, level := range project.Levels(top, dir)[1:] {
		info, statErr := os.Stat(level)
		if statErr == nil && info.IsDir() {
			continue
		}
		if removeErr := os.Remove(level); removeErr == nil {
			return wrapMake(mkdirAll(dir, 0o700))
		}
		break
	}
	return wrapMake(err)
}

func wrapMake(err error) error {
	if err != nil {
		return fmt.Errorf("make state directory: %w", err)
	}
	return nil
}

func owned(path string, info fs.FileInfo) error {
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s: %w", path, ErrNotOwned)
	}
	return nil
}

func (s Store) tree() string { return filepath.Join(s.Dir, "tree") }

// Shells is where running shells note the generation that they use.
func (s Store) Shells() string { return filepath.Join(s.Dir, "shells") }

// settings is where the hook finds what it needs of the user's settings.
func (s Store) settings() string { return filepath.Join(s.Dir, "settings") }

// trust is where the records of package trust are.
func (s Store) trust() string { return filepath.Join(s.Dir, "trust") }

// Nix is where evaluations are kept.
func (s Store) Nix() string { return filepath.Join(s.Dir, "nix") }

// Place is the directory of what is known of a project.
func (s Store) Place(dir string) Place {
	return Place{Dir: s.tree() + dir + "/" + project.Reserved}
}

// Place holds the entries and generations of one project.
type Place struct{ Dir string }

// Current is the link to the entry in force.
func (p Place) Current() string { return filepath.Join(p.Dir, "current") }

// Log is where the last evaluation's messages are.
func (p Place) Log() string { return filepath.Join(p.Dir, logName) }

// Generation is the directory of a generation.
func (p Place) Generation(id string) string { return filepath.Join(p.Dir, generationPrefix+id) }

const (
	logName          = "log"
	generationPrefix = "g-"
)

// entryPrefix begins the names of entries, which are part of variables' names
// in the hook.
const entryPrefix = "e_"

func entryName(id string) string { return entryPrefix + id }

// None is the generation of a place that has no environment.
const None = "none"

// Active is what the environment of a process says is active in it.
type Active struct {
	Store      Store
	Project    string
	Generation string // the id
}

// ParseActive reads the variable that entering exports. Only a generation of
// a store that the user owns is accepted: what it holds is about to be trusted.
// The project is the generation's: in the code of a place around it,
// [env.ProjectVar] names that one.
func ParseActive(generation string) (Active, bool) {
	place, id, ok := strings.Cut(generation, "/"+project.Reserved+"/g-")
	if !ok || id == "" || strings.Contains(id, "/") || !filepath.IsAbs(generation) || filepath.Clean(generation) != generation {
		return Active{}, false
	}
	stateHome, dir, ok := strings.Cut(place, NewStore("/").tree()+"/")
	if !ok {
		return Active{}, false
	}
	a := Active{Store: NewStore(stateHome), Project: "/" + dir, Generation: id}
	info, err := os.Lstat(generation)
	if err != nil || !info.IsDir() || owned(generation, info) != nil || a.Store.check() != nil {
		return Active{}, false
	}
	return a, true
}
