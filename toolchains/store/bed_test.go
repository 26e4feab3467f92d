package store

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestMain is the test, or one of the processes that a test starts.
func TestMain(m *testing.M) {
	if role := os.Getenv("STORE_TEST_ROLE"); role != "" {
		if err := play(role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// play is what the other process does: "make" installs and notes that it did;
// "hang" says that it has begun, half done, and waits to be killed.
func play(role string) error {
	s, err := Open(os.Getenv("STORE_TEST_DIR"))
	if err != nil {
		return err
	}
	ctx := context.Background()
	done, err := s.Use(ctx)
	if err != nil {
		return err
	}
	defer done()
	e, _, err := s.Ensure(ctx, spec("a", "1"), nil, func(_ context.Context, dir, _ string) (Built, error) {
		if role == "hang" {
			if err := os.WriteFile(filepath.Join(dir, "half"), nil, 0o600); err != nil {
				return Built{}, err
			}
			fmt.Println("begun")
			_, err := io.Copy(io.Discard, os.Stdin) // until it is killed
			return Built{}, err
		}
		fmt.Println("made")
		return program(dir, "a")
	})
	if err != nil {
		return err
	}
	p, err := s.Profile(ctx, []Entry{e}, []byte("lock"))
	if err != nil {
		return err
	}
	u, err := s.UserSet().Hold(ctx, nil)
	if err != nil {
		return err
	}
	defer u.Close()
	return u.Switch(p)
}

// other starts this test as another process.
func other(t *testing.T, s Store, role string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "STORE_TEST_ROLE="+role, "STORE_TEST_DIR="+s.Dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// hang starts a process that is half done when this returns.
func hang(t *testing.T, s Store) *exec.Cmd {
	t.Helper()
	cmd := other(t, s, "hang")
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "begun\n" {
		t.Fatalf("%q, %v", line, err)
	}
	return cmd
}

func open(t *testing.T) Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "tools"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func spec(name, version string) Spec {
	return Spec{ID: ID{Name: name, Version: version, Hash: "0123456789abcdef" + version}, Tool: "lock of " + name}
}

// program makes a script in bin/ of each name.
func program(dir string, names ...string) (Built, error) {
	b := Built{Bins: map[string]string{}}
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o700); err != nil {
		return b, err
	}
	for _, name := range names {
		b.Bins[name] = "bin/" + name
		if err := os.WriteFile(filepath.Join(dir, "bin", name), []byte("#!/bin/sh\necho "+filepath.Base(dir)+"\n"), 0o755); err != nil {
			return b, err
		}
	}
	return b, nil
}

// ensure installs a tool that brings programs.
func ensure(t *testing.T, s Store, name, version string, bins ...string) Entry {
	t.Helper()
	e, _, err := s.Ensure(t.Context(), spec(name, version), nil, func(_ context.Context, dir, _ string) (Built, error) {
		return program(dir, bins...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// names are the files of a directory of the store.
func names(t *testing.T, s Store, sub string) []string {
	t.Helper()
	files, err := os.ReadDir(filepath.Join(s.Dir, sub))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		out = append(out, f.Name())
	}
	return out
}
