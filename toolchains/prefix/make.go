package prefix

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/hbohlen/devsh/toolchains/prefix/plan"
)

// Unsafe says that a directory of the prefixes is not one that devsh made: what
// is installed there would be run.
type Unsafe struct{ Path, Reason string }

func (e *Unsafe) Error() string { return e.Path + " " + e.Reason }

// make makes the directories of a prefix, as far as they are missing: npm for
// one fails without lib.
func (p *Prefixes) make(place *plan.Place, f *plan.Facts) error {
	m := place.Manager
	if place.State != plan.Devsh || m.Shares != "" {
		return nil
	}
	name := filepath.Base(place.Dir)
	dirs := append([]string{".", "bin"}, m.Dirs...)
	if place.Bound != nil {
		dirs = append(dirs, plan.BoundDir)
	}
	if m.Man {
		dirs = append(dirs, "share", "share/man")
	}
	for _, dir := range dirs {
		if err := p.mkdir(filepath.Join(name, dir)); err != nil {
			return err
		}
	}
	for _, link := range plan.Links(m, f) {
		at := filepath.Join(place.Dir, link.Name)
		if _, err := os.Lstat(at); err == nil {
			continue // it is the manager's own by now
		}
		if err := os.MkdirAll(link.Target, 0o755); err != nil {
			return fmt.Errorf("make the prefix of %s: %w", m.Name, err)
		}
		if err := os.Symlink(link.Target, at); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make the prefix of %s: %w", m.Name, err)
		}
	}
	return nil
}

// mkdir makes a directory below the root. None on the way from devsh's own
// directory may be a link, or somebody else's to write to.
func (p *Prefixes) mkdir(name string) error {
	dir := filepath.Dir(filepath.Dir(p.Root())) // $XDG_DATA_HOME
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make a place for global installs: %w", err)
	}
	for _, part := range strings.Split(filepath.Join("devsh/prefix", name), "/") {
		dir = filepath.Join(dir, part)
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make a place for global installs: %w", err)
		}
		info, err := os.Lstat(dir)
		if err != nil {
			return fmt.Errorf("make a place for global installs: %w", err)
		}
		owner, _ := info.Sys().(*syscall.Stat_t)
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			return &Unsafe{dir, "is a link: devsh installs into directories of its own"}
		case !info.IsDir():
			return &Unsafe{dir, "is no directory"}
		case owner == nil || int(owner.Uid) != os.Geteuid():
			return &Unsafe{dir, "is another user's"}
		case info.Mode().Perm()&0o002 != 0:
			return &Unsafe{dir, "can be written by anybody: «chmod o-w» it, and look what is in it"}
		}
	}
	return nil
}
