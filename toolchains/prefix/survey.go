package prefix

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/hbohlen/devsh/toolchains/prefix/plan"
)

// Status is a place and how it is now.
type Status struct {
	plan.Place
	// Writable says that something can be installed there, OnPath that its
	// programs are found.
	Writable, OnPath bool
	Programs         []Program
}

// Program is one that was installed globally.
type Program struct {
	Name, Path string
	// Shadowed is the program of that name that comes before it, "" for none.
	Shadowed string
}

// Survey says where each manager installs, and why, and what is wrong with it. It
// writes nothing, but into Memory.
func (p *Prefixes) Survey(ctx context.Context) ([]Status, *plan.Facts, error) {
	managers, f, err := p.facts(ctx)
	if err != nil {
		return nil, nil, err
	}
	var out []Status
	for _, place := range plan.Choose(managers, f) {
		s := Status{Place: place}
		if place.State != plan.Absent && len(place.Bins) > 0 {
			p.look(&s)
		}
		p.unbound(&s, f)
		s.venvs()
		out = append(out, s)
	}
	return out, f, nil
}

// look looks at the directories.
func (p *Prefixes) look(s *Status) {
	list := filepath.SplitList(p.path())
	s.Writable = writable(s.Bins[0])
	mine := s.Bins
	if s.State == plan.Devsh {
		mine = append([]string{filepath.Join(s.Dir, plan.BoundDir)}, s.Bins...)
	}
	first := slices.IndexFunc(list, func(d string) bool {
		return filepath.IsAbs(d) && slices.ContainsFunc(mine, func(m string) bool { return filepath.Clean(d) == m || resolved(d) == resolved(m) })
	})
	s.OnPath = first >= 0
	if s.State != plan.Devsh && !s.OnPath {
		s.Problems = append(s.Problems, plan.Problem{Text: s.Bins[0] + " is not on PATH", Next: "fish_add_path " + s.Bins[0]})
	}
	if !s.Writable {
		s.Problems = append(s.Problems, plan.Problem{Text: s.Bins[0] + " cannot be written", Next: s.unset()})
	}
	seen := map[string]bool{}
	for _, bin := range s.Bins {
		for _, name := range programs(bin) {
			if seen[name] {
				continue
			}
			seen[name] = true
			s.Programs = append(s.Programs, Program{Name: name, Path: filepath.Join(bin, name), Shadowed: before(list[:max(first, 0)], name)})
		}
	}
}

// unset is how devsh's prefix comes into force, where something else decides.
func (s *Status) unset() string {
	switch {
	case s.State != plan.Own:
		return ""
	case s.From.Kind == "environment":
		return "set -e " + s.From.Name
	case s.From.Line > 0:
		return fmt.Sprintf("take line %d out of %s", s.From.Line, s.From.Name)
	}
	return ""
}

func before(dirs []string, name string) string {
	for _, d := range dirs {
		at := filepath.Join(d, name)
		if info, err := os.Stat(at); err == nil && filepath.IsAbs(d) && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return at
		}
	}
	return ""
}

// writable reports whether a directory, or the nearest above it, can be written.
func writable(dir string) bool {
	for {
		if info, err := os.Stat(dir); err == nil || filepath.Dir(dir) == dir {
			return err == nil && info.IsDir() && unix.Access(dir, unix.W_OK) == nil
		}
		dir = filepath.Dir(dir)
	}
}

// unbound finds programs whose node is gone.
func (p *Prefixes) unbound(s *Status, f *plan.Facts) {
	for _, abi := range f.Kept[s.Manager.Name] {
		dir := s.Manager.Dir(f.Root, abi)
		node := boundNode(dir)
		if _, err := os.Stat(node); !s.Manager.Node || node == "" || err == nil || s.Bound != nil && s.Dir == dir {
			continue
		}
		var names []string
		for _, bin := range within(dir, s.Manager.Bins) {
			names = append(names, programs(bin)...)
		}
		if len(names) > 0 {
			s.Problems = append(s.Problems, plan.Problem{
				Text: fmt.Sprintf("%s is gone, which runs %s: install them anew with the node that is there", node, strings.Join(names, ", ")), Next: "rm -r " + dir,
			})
		}
	}
}

// venvs finds Python environments whose Python is gone: a link into nix's store
// ends with the next garbage collection.
func (s *Status) venvs() {
	m := s.Manager
	if m.Venvs == "" || s.State != plan.Devsh {
		return
	}
	found, _ := filepath.Glob(filepath.Join(s.Dir, m.Venvs, "*", "bin", "python"))
	for _, python := range found {
		if _, err := os.Stat(python); err != nil {
			name := filepath.Base(filepath.Dir(filepath.Dir(python)))
			s.Problems = append(s.Problems, plan.Problem{Text: "the Python of " + name + " is gone", Next: strings.ReplaceAll(m.Mend, "{name}", name)})
		}
	}
}
