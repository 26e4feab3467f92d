package store

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestEnsure(t *testing.T) {
	s := open(t)
	e := ensure(t, s, "npm:@a/b", "v1.0", "b")
	if filepath.Base(e.Dir) != "npm--a-b-1.0-0123456789ab" || e.Tool != "lock of npm:@a/b" {
		t.Errorf("%+v", e)
	}
	never := func(context.Context, string, string) (Built, error) { return Built{}, errors.New("made again") }
	again, made, err := s.Ensure(t.Context(), spec("npm:@a/b", "v1.0"), nil, never)
	if err != nil || made || again.Dir != e.Dir || again.Bins["b"] != "bin/b" {
		t.Errorf("%+v, %v, %v", again, made, err)
	}
	// What is broken is made anew.
	if err := os.Remove(filepath.Join(e.Dir, "bin", "b")); err != nil {
		t.Fatal(err)
	}
	if e = ensure(t, s, "npm:@a/b", "v1.0", "b"); e.Whole() != nil {
		t.Error("still broken")
	}
	if left := names(t, s, "staging"); len(left) > 0 {
		t.Errorf("left in staging: %q", left)
	}
}

// What fails at any step leaves nothing.
func TestFailures(t *testing.T) {
	cause := errors.New("no")
	for name, c := range map[string]struct {
		build Build
		want  string
	}{
		"fails": {func(_ context.Context, dir, _ string) (Built, error) {
			_, err := program(dir, "a")
			return Built{}, errors.Join(err, cause)
		}, "no"},
		"brings nothing": {func(context.Context, string, string) (Built, error) { return Built{}, nil }, "it brings no program"},
		"missing": {func(context.Context, string, string) (Built, error) {
			return Built{Bins: map[string]string{"a": "bin/a"}}, nil
		}, "a cannot be run: it is not there"},
		"leads out": {func(_ context.Context, dir, _ string) (Built, error) {
			return Built{Bins: map[string]string{"a": "../x"}}, nil
		}, "leads out"},
		"not executable":     {with("a", "#!/bin/sh\n", 0o644), "it is not executable"},
		"a stub":             {with("a", "echo \"Error: x's postinstall script was not run.\" >&2\nexit 1\n", 0o755), "a is a stub"},
		"no stub by words":   {with("a", "#!/bin/sh\n# the postinstall\nexec true\n", 0o755), ""},
		"a stub, but longer": {with("a", "postinstall exit 1"+strings.Repeat("#", maxStub), 0o755), ""},
	} {
		s := open(t)
		_, _, err := s.Ensure(t.Context(), spec("a", "1"), nil, c.build)
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if left := append(names(t, s, "store"), names(t, s, "staging")...); len(left) > 0 {
			t.Errorf("%s leaves %q", name, left)
		}
	}
}

// with makes one program of a text.
func with(name, text string, mode os.FileMode) Build {
	return func(_ context.Context, dir, _ string) (Built, error) {
		path := filepath.Join(dir, "bin", name)
		err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode))
		return Built{Bins: map[string]string{name: "bin/" + name}}, err
	}
}

// Interrupted while it builds, or while it waits for another.
func TestCanceled(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("interrupted")
	_, _, err := s.Ensure(ctx, spec("a", "1"), nil, func(_ context.Context, dir, _ string) (Built, error) {
		waiting := func() { cancel(cause) }
		if _, _, err := s.Ensure(ctx, spec("a", "1"), waiting, nil); !errors.Is(err, cause) {
			t.Errorf("waiting: %v", err)
		}
		return program(dir, "a")
	})
	if !errors.Is(err, cause) || len(names(t, s, "store"))+len(names(t, s, "staging")) > 0 {
		t.Errorf("%v; left %q %q", err, names(t, s, "store"), names(t, s, "staging"))
	}
}

// Eight processes at once: one makes it, all have it.
func TestEightAtOnce(t *testing.T) {
	s := open(t)
	outs := make(chan string, 8)
	for range 8 {
		cmd := other(t, s, "make")
		go func() {
			out, err := cmd.Output()
			if err != nil {
				t.Error(err)
			}
			outs <- string(out)
		}()
	}
	made := 0
	for range 8 {
		made += strings.Count(<-outs, "made\n")
	}
	if made != 1 || len(names(t, s, "store")) != 1 || len(names(t, s, "profiles")) != 1 || len(names(t, s, "staging")) != 0 {
		t.Errorf("made %d times: %q, %q, %q", made, names(t, s, "store"), names(t, s, "profiles"), names(t, s, "staging"))
	}
	if out, err := exec.Command(filepath.Join(s.UserSet().Bin(), "a")).Output(); err != nil || !strings.HasPrefix(string(out), "a-1-") {
		t.Errorf("%q, %v", out, err)
	}
}

// A killed one leaves garbage in staging alone; the next one goes on at once,
// and the collector takes it, too.
func TestKilled(t *testing.T) {
	for name, next := range map[string]func(Store){
		"the next": func(s Store) { ensure(t, s, "a", "1", "a") },
		"the collector": func(s Store) {
			removed, err := s.Collect(t.Context())
			if err != nil || len(removed) != 1 || removed[0].Why != "left by a devsh that was killed" {
				t.Errorf("collected %+v, %v", removed, err)
			}
		},
	} {
		s := open(t)
		cmd := hang(t, s)
		if garbage, err := s.Garbage(); len(garbage) > 0 || err != nil {
			t.Errorf("taken for garbage while it is made: %+v, %v", garbage, err)
		}
		if removed, err := s.Collect(t.Context()); len(removed) > 0 || err != nil || len(names(t, s, "staging")) != 1 {
			t.Errorf("collected while somebody installs: %+v, %v", removed, err)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		if len(names(t, s, "store")) != 0 || len(names(t, s, "staging")) != 1 {
			t.Errorf("killed: %q, %q", names(t, s, "store"), names(t, s, "staging"))
		}
		next(s)
		if left := names(t, s, "staging"); len(left) > 0 {
			t.Errorf("%s leaves %q", name, left)
		}
	}
}

func TestProfile(t *testing.T) {
	s := open(t)
	based := ensure(t, s, "basedpyright", "1", "basedpyright", "pyright", "pyright-langserver")
	pyright := ensure(t, s, "pyright", "1", "pyright", "pyright-langserver", "x")
	zed := ensure(t, s, "zed", "1", "x")
	if err := os.MkdirAll(filepath.Join(zed.Dir, "share/man/man1"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(zed.Dir, "share/man/man1/zed.1"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	all := []Entry{based, pyright, zed}
	p, err := s.Profile(t.Context(), all, []byte("lock"))
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, c := range p.Collisions {
		said = append(said, c.String())
	}
	if want := []string{"pyright: that of pyright is used, that of basedpyright is hidden", "pyright-langserver: that of pyright is used, that of basedpyright is hidden", "x: that of pyright is used, that of zed is hidden"}; !slices.Equal(said, want) {
		t.Errorf("%q", said)
	}
	if out, err := exec.Command(filepath.Join(p.Dir, "bin/pyright")).Output(); err != nil || !strings.HasPrefix(string(out), "pyright-1-") {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := os.Stat(filepath.Join(p.Dir, "share/man/man1/zed.1")); err != nil {
		t.Error(err)
	}
	if lock, err := p.Lock(); string(lock) != "lock" || err != nil {
		t.Errorf("%q, %v", lock, err)
	}
	same, err := s.Profile(t.Context(), all, []byte("lock"))
	if err != nil || same.Dir != p.Dir || len(same.Collisions) != 3 {
		t.Errorf("%+v, %v", same, err)
	}
	other, err := s.Profile(t.Context(), all[:1], []byte("lock"))
	if err != nil || other.Dir == p.Dir {
		t.Errorf("%+v, %v", other, err)
	}
	if entries, err := s.Entries(p); err != nil || len(entries) != 3 || entries[0].Name != "basedpyright" {
		t.Errorf("%+v, %v", entries, err)
	}
	if found := names(t, s, "staging"); len(found) > 0 {
		t.Errorf("left %q", found)
	}
}

// Somebody else's directory is not used.
func TestNotOwned(t *testing.T) {
	s := open(t)
	if err := os.Chmod(filepath.Join(s.Dir, "store"), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(s.Dir); !errors.Is(err, ErrNotOwned) {
		t.Errorf("%v", err)
	}
}
