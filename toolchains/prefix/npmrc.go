package prefix

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/hbohlen/devsh/toolchains/prefix/plan"
)

// Linked says that the user's npmrc is a link to what cannot be written: mostly
// home-manager's.
type Linked struct{ Path, Target string }

func (e *Linked) Error() string {
	return fmt.Sprintf("%s is a link to %s, which cannot be written", e.Path, e.Target)
}

// ErrNoNode says that there is no node, and so no prefix for it.
var ErrNoNode = errors.New("no node is on PATH: there is a prefix for each ABI of node")

// Edit says what became of the user's npmrc.
type Edit struct {
	File, Prefix string
	Changed      bool
	// NVM says that nvm is there, which does not work with a prefix in that file.
	NVM bool
}

// WriteNPMRC writes npm's prefix into the user's npmrc, for programs that are
// started without a shell. A prefix that is not devsh's is only replaced by force:
// else the error is a [*plan.OtherPrefix].
func (p *Prefixes) WriteNPMRC(ctx context.Context, force bool) (Edit, error) {
	managers, f, err := p.facts(ctx)
	if err != nil {
		return Edit{}, err
	}
	i := slices.IndexFunc(managers, func(m plan.Manager) bool { return m.Name == "npm" })
	if f.Node == nil || i < 0 {
		return Edit{}, ErrNoNode
	}
	place := plan.Place{Manager: &managers[i], State: plan.Devsh, Dir: managers[i].Dir(f.Root, f.Node.ABI), Bound: f.Node}
	e := Edit{File: plan.UserConfig(f), Prefix: place.Dir, NVM: p.nvm()}
	e.Changed, err = p.edit(e.File, func(data []byte) ([]byte, error) {
		if err := p.make(&place, f); err != nil {
			return nil, err
		}
		return plan.WithPrefix(data, place.Dir, f.Root, f.Env, force)
	})
	return e, err
}

// RemoveNPMRC takes the prefix out of the user's npmrc.
func (p *Prefixes) RemoveNPMRC(force bool) (Edit, error) {
	f := &plan.Facts{Env: p.Environ, Root: p.Root()}
	e := Edit{File: plan.UserConfig(f), NVM: p.nvm()}
	var err error
	e.Changed, err = p.edit(e.File, func(data []byte) ([]byte, error) {
		out, _, err := plan.WithoutPrefix(data, f.Root, f.Env, force)
		return out, err
	})
	return e, err
}

func (p *Prefixes) nvm() bool {
	if p.Environ["NVM_DIR"] != "" {
		return true
	}
	_, err := os.Stat(filepath.Join(p.Environ["HOME"], ".nvm"))
	return err == nil
}

// edit changes a file of the user's own, which keeps its mode. A link stays one.
func (p *Prefixes) edit(file string, change func([]byte) ([]byte, error)) (bool, error) {
	real, mode, err := target(file)
	if err != nil {
		return false, err
	}
	data, err := p.Read(real)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = nil, nil
	}
	if err != nil {
		return false, fmt.Errorf("read %s: %w", file, err)
	}
	out, err := change(data)
	if err != nil {
		return false, fmt.Errorf("change %s: %w", file, err)
	}
	if string(out) == string(data) {
		return false, nil
	}
	if len(out) == 0 && real == file {
		if err := os.Remove(file); err != nil { // it held nothing else
			return false, err
		}
		return true, nil
	}
	return true, p.Write(real, out, mode)
}

// target is the file itself, and its mode.
func target(file string) (string, os.FileMode, error) {
	real, err := filepath.EvalSymlinks(file)
	if errors.Is(err, fs.ErrNotExist) {
		if to, err := os.Readlink(file); err == nil {
			return "", 0, &Linked{file, to} // to nowhere
		}
		return file, 0o600, nil
	}
	if err != nil {
		return "", 0, fmt.Errorf("look at %s: %w", file, err)
	}
	info, err := os.Stat(real)
	if err != nil {
		return "", 0, fmt.Errorf("look at %s: %w", file, err)
	}
	linked := real != filepath.Join(resolved(filepath.Dir(file)), filepath.Base(file))
	if !linked {
		return file, info.Mode().Perm(), nil
	}
	if !info.Mode().IsRegular() || strings.HasPrefix(real, nixStore+"/") || unix.Access(real, unix.W_OK) != nil || unix.Access(filepath.Dir(real), unix.W_OK) != nil {
		return "", 0, &Linked{file, real}
	}
	return real, info.Mode().Perm(), nil
}

func resolved(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}
