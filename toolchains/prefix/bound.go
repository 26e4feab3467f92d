package prefix

import (
	"bytes"
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

// nodeFile is the file in a bound directory that names the node.
const nodeFile = ".node"

// bindAll binds the programs of all prefixes that node serves: those of the
// present node's ABI to it, others to the node that they had.
func (p *Prefixes) bindAll(places []plan.Place, f *plan.Facts) error {
	for i := range places {
		m := places[i].Manager
		if !m.Node {
			continue
		}
		for _, abi := range f.Kept[m.Name] {
			dir := m.Dir(f.Root, abi)
			if places[i].Bound == nil || dir != places[i].Dir {
				if err := p.bind(m, dir, boundNode(dir)); err != nil {
					return err
				}
			}
		}
		if places[i].State == plan.Devsh && places[i].Bound != nil {
			if err := p.bind(m, places[i].Dir, places[i].Bound.Path); err != nil {
				return err
			}
			if abi := places[i].Bound.ABI; !slices.Contains(f.Kept[m.Name], abi) {
				f.Kept[m.Name] = append([]string{abi}, f.Kept[m.Name]...)
			}
		}
	}
	return nil
}

// boundNode is the node that the programs of a prefix are bound to, "" if none is
// known.
func boundNode(dir string) string {
	data, err := os.ReadFile(filepath.Join(dir, plan.BoundDir, nodeFile))
	if at := strings.TrimSpace(string(data)); err == nil && filepath.IsAbs(at) {
		return at
	}
	return ""
}

// bind makes the bound directory of a prefix hold the same programs as its bins.
func (p *Prefixes) bind(m *plan.Manager, dir, node string) error {
	if node == "" {
		return nil
	}
	if err := p.mkdir(filepath.Join(filepath.Base(dir), plan.BoundDir)); err != nil {
		return err
	}
	bound := filepath.Join(dir, plan.BoundDir)
	unlock, err := lock(bound)
	if err != nil {
		return fmt.Errorf("bind the programs of %s: %w", m.Name, err)
	}
	defer unlock()
	want := map[string][]byte{nodeFile: []byte(node + "\n")}
	links := map[string]string{}
	for _, bin := range within(dir, m.Bins) {
		for _, name := range programs(bin) {
			if _, ok := want[name]; ok || links[name] != "" {
				continue // the first wins, as on PATH
			}
			if text, ok := wrapper(filepath.Join(bin, name), node); ok {
				want[name] = text
			} else {
				links[name] = filepath.Join(bin, name)
			}
		}
	}
	have, err := os.ReadDir(bound)
	if err != nil {
		return fmt.Errorf("bind the programs of %s: %w", m.Name, err)
	}
	for _, e := range have {
		if _, ok := want[e.Name()]; !ok && links[e.Name()] == "" {
			err = errors.Join(err, gone(os.RemoveAll(filepath.Join(bound, e.Name()))))
		}
	}
	for name, text := range want {
		at := filepath.Join(bound, name)
		if info, e := os.Lstat(at); e == nil && info.Mode().IsRegular() && info.Size() == int64(len(text)) {
			if old, e := os.ReadFile(at); e == nil && bytes.Equal(old, text) {
				continue
			}
		}
		err = errors.Join(err, p.Write(at, text, 0o755))
	}
	for name, target := range links {
		err = errors.Join(err, link(target, filepath.Join(bound, name)))
	}
	if err != nil {
		return fmt.Errorf("bind the programs of %s: %w", m.Name, err)
	}
	return nil
}

// lock waits until nobody else changes a directory: then what looks temporary in
// it is nobody's.
func lock(dir string) (unlock func(), err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		if err = unix.Flock(int(d.Fd()), unix.LOCK_EX); !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return func() { d.Close() }, nil
}

// link makes at a link to target in one step, if it is not.
func link(target, at string) error {
	if old, err := os.Readlink(at); err == nil && old == target {
		return nil
	}
	tmp, err := os.MkdirTemp(filepath.Dir(at), ".tmp-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := os.Symlink(target, filepath.Join(tmp, "l")); err != nil {
		return err
	}
	return os.Rename(filepath.Join(tmp, "l"), at)
}

func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// programs are the names of what can be run in a directory, sorted.
func programs(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		if err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 && !strings.HasPrefix(e.Name(), ".") {
			out = append(out, e.Name())
		}
	}
	return out
}
