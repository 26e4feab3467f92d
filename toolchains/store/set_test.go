package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// set makes the user's set of one tool in a version, and returns its profile.
func set(t *testing.T, s Store, u Held, version string) Profile {
	t.Helper()
	p, err := s.Profile(t.Context(), []Entry{ensure(t, s, "a", version, "a")}, []byte(version))
	if err == nil {
		err = u.Switch(p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func user(t *testing.T, s Store) Held {
	t.Helper()
	u, err := s.UserSet().Hold(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { u.Close() })
	return u
}

func history(t *testing.T, s Store) (versions []string, now int) {
	t.Helper()
	all, err := s.UserSet().History()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range all {
		p, err := s.UserSet().generation(n)
		if err != nil {
			t.Fatal(err)
		}
		lock, err := p.Lock()
		if err != nil {
			t.Fatal(err)
		}
		versions = append(versions, string(lock))
	}
	_, now, _, err = s.UserSet().Current()
	if err != nil {
		t.Fatal(err)
	}
	return versions, slices.Index(all, now)
}

// back goes one step back.
func back(t *testing.T, u Held) error {
	t.Helper()
	_, n, err := u.Earlier()
	if err != nil {
		return err
	}
	return u.Back(n)
}

func TestHistory(t *testing.T) {
	s := open(t)
	u := user(t, s)
	if _, _, there, err := s.UserSet().Current(); there || err != nil {
		t.Errorf("%v, %v", there, err)
	}
	if err := back(t, u); !errors.Is(err, ErrNoHistory) {
		t.Errorf("back to nothing: %v", err)
	}
	for _, v := range []string{"1", "2", "2", "3", "4", "5", "6", "7"} {
		set(t, s, u, v)
	}
	if got, now := history(t, s); !slices.Equal(got, []string{"3", "4", "5", "6", "7"}) || now != 4 {
		t.Errorf("%q at %d", got, now)
	}
	for range 2 {
		if err := back(t, u); err != nil {
			t.Fatal(err)
		}
	}
	if got, now := history(t, s); len(got) != 5 || now != 2 {
		t.Errorf("gone back: %q at %d", got, now)
	}
	// What was undone is not come back to.
	set(t, s, u, "8")
	if got, now := history(t, s); !slices.Equal(got, []string{"3", "4", "5", "8"}) || now != 3 {
		t.Errorf("another way: %q at %d", got, now)
	}
	for range 3 {
		if err := back(t, u); err != nil {
			t.Fatal(err)
		}
	}
	if err := back(t, u); !errors.Is(err, ErrNoHistory) {
		t.Errorf("back from the first: %v", err)
	}
}

func TestGarbage(t *testing.T) {
	s := open(t)
	u := user(t, s)
	set(t, s, u, "1")
	project := set(t, s, u, "2")
	for _, v := range []string{"3", "4", "5", "6", "7"} {
		set(t, s, u, v)
	}
	ensure(t, s, "b", "1", "b") // in no set
	garbage, err := s.Garbage(project.Hash)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, g := range garbage {
		rel, _ := filepath.Rel(s.Dir, g.Path)
		paths = append(paths, rel[:min(len(rel), 12)])
	}
	if len(paths) != 3 || !strings.HasPrefix(paths[0], "profiles/") || paths[1] != "store/a-1-01" || paths[2] != "store/b-1-01" {
		t.Errorf("%q", paths)
	}
	if n := len(names(t, s, "store")); n != 8 {
		t.Errorf("planning removed something: %d are left", n)
	}
	done, err := s.Use(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if removed, err := s.Collect(t.Context(), project.Hash); len(removed) > 0 || err != nil {
		t.Errorf("collected while somebody installs: %+v, %v", removed, err)
	}
	done()
	removed, err := s.Collect(t.Context(), project.Hash)
	if err != nil || len(removed) != 3 || len(names(t, s, "store")) != 6 || len(names(t, s, "profiles")) != 6 {
		t.Errorf("%+v, %v, %q", removed, err, names(t, s, "store"))
	}
	if n := len(names(t, s, "locks")); n != 14 {
		t.Errorf("locks: %q", names(t, s, "locks"))
	}
	if entries, err := s.Entries(project); err != nil || len(entries) != 1 {
		t.Errorf("%+v, %v", entries, err)
	}
}

// A program that this system cannot start is refused, with the reason; one of
// several builds that can be started is enough.
func TestInterpreter(t *testing.T) {
	self, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	x, err := readELF("/bin/sh")
	if err != nil || !x.elf || !x.program || !x.ours || x.interpreter == "" {
		t.Skipf("/bin/sh is not linked dynamically: %+v, %v", x, err)
	}
	missing := "/no" + strings.Repeat("/", len(x.interpreter)-5) + "ld"
	foreign := bytes.Replace(self, []byte(x.interpreter+"\x00"), []byte(missing+"\x00"), 1)
	otherCPU := bytes.Clone(self)
	otherCPU[18] ^= 1 // e_machine
	for name, c := range map[string]struct {
		files map[string][]byte
		want  string
		notes int
	}{
		"runs":                    {map[string][]byte{"bin/a": self}, "", 0},
		"no interpreter":          {map[string][]byte{"bin/a": foreign}, "bin/a cannot run on this system: it is linked for " + missing, 0},
		"another processor":       {map[string][]byte{"bin/a": otherCPU}, "another processor", 0},
		"a script's program":      {map[string][]byte{"bin/a": []byte("#!/bin/sh\n"), "lib/native": foreign}, "lib/native cannot run on this system", 0},
		"one of several":          {map[string][]byte{"bin/a": []byte("#!/bin/sh\n"), "lib/musl": foreign, "lib/glibc": self}, "", 1},
		"others for other CPUs":   {map[string][]byte{"bin/a": []byte("#!/bin/sh\n"), "lib/arm": otherCPU}, "", 0},
		"broken files are no ELF": {map[string][]byte{"bin/a": []byte("#!/bin/sh\n"), "lib/x": []byte("\x7fELFxyz")}, "", 0},
	} {
		s := open(t)
		e, _, err := s.Ensure(t.Context(), spec("a", "1"), nil, func(_ context.Context, dir, _ string) (Built, error) {
			for file, data := range c.files {
				path := filepath.Join(dir, file)
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o755)); err != nil {
					return Built{}, err
				}
			}
			return Built{Bins: map[string]string{"a": "bin/a"}}, nil
		})
		var unfit *Unfit
		if c.want == "" && (err != nil || len(e.Notes) != c.notes) || c.want != "" && (!errors.As(err, &unfit) || !strings.Contains(strings.Replace(err.Error(), "a: a cannot", "a: bin/a cannot", 1), c.want)) {
			t.Errorf("%s: %v, %q", name, err, e.Notes)
		}
	}
}
