package atomicfile

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for i, mode := range []os.FileMode{0o600, 0o644, 0o400} {
		data := bytes.Repeat([]byte{byte('a' + i)}, 100*i)
		if err := Write(path, data, mode); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		info, _ := os.Stat(path)
		if err != nil || !bytes.Equal(got, data) || info.Mode().Perm() != mode {
			t.Errorf("%q, %v, %v", got, info.Mode(), err)
		}
	}
	// A link is replaced and not written through.
	target := filepath.Join(dir, "target")
	link := filepath.Join(dir, "link")
	if err := os.WriteFile(target, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := Write(link, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(target); string(data) != "old" {
		t.Errorf("written through a link: %q", data)
	}
	if got := names(t, dir); got != "f link target" {
		t.Errorf("left behind: %s", got)
	}
}

// On an error the old file is as it was and nothing is left behind.
func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "d/x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(dir, "d"), []byte("new"), 0o600); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "d")) {
		t.Errorf("a directory was replaced: %v", err)
	}
	if err := Link("x", filepath.Join(dir, "d")); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "d")) {
		t.Errorf("a directory was replaced: %v", err)
	}
	if err := Write(filepath.Join(dir, "none/f"), nil, 0o600); err == nil {
		t.Error("written into a directory that is not there")
	}
	if got := names(t, dir); got != "d" {
		t.Errorf("left behind: %s", got)
	}
}

func TestLink(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	for _, target := range []string{"a", "b", "odd\nname"} {
		if err := Link(target, link); err != nil {
			t.Fatal(err)
		}
		if got, err := os.Readlink(link); err != nil || got != target {
			t.Errorf("%q, %v", got, err)
		}
	}
	if got := names(t, dir); got != "link" {
		t.Errorf("left behind: %s", got)
	}
}

// Promise 9: however many write, a reader sees one of the contents, wholly.
func TestConcurrentWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	content := func(i int) []byte { return bytes.Repeat([]byte{byte('a' + i)}, 20000) }
	if err := Write(path, content(0), 0o600); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			for range 20 {
				if err := Write(path, content(i), 0o600); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		data, err := os.ReadFile(path)
		if err != nil || len(data) != 20000 || !bytes.Equal(data, bytes.Repeat(data[:1], 20000)) {
			t.Fatalf("a reader saw %d bytes, %v", len(data), err)
		}
	}
}

func TestMkdirAll(t *testing.T) {
	dir := t.TempDir()
	for range 2 { // the second time it is there
		if err := MkdirAll(dir+"/a/b", 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(dir + "/a/b"); err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
		t.Errorf("%v %v", info, err)
	}
	if err := os.WriteFile(dir+"/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := MkdirAll(dir+"/file/x", 0o700); err == nil {
		t.Error("a file in the way is no error")
	}
}
