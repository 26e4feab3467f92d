package inputs

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// within fails the test when f takes longer than reading a small file can.
func within(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it hangs")
	}
}

// A stranger's file is read only if it is a regular one of a bounded size, and
// nothing that lies there can make devsh wait.
func TestReadRefusesWhatIsNoPlainFile(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "file"), "text")
	huge := write(t, filepath.Join(dir, "huge"), "")
	if err := os.Truncate(huge, 1<<40); err != nil { // a hole: no disk is used
		t.Fatal(err)
	}
	full := write(t, filepath.Join(dir, "full"), string(bytes.Repeat([]byte("x"), Limit)))
	over := write(t, filepath.Join(dir, "over"), string(bytes.Repeat([]byte("x"), Limit+1)))
	for name, target := range map[string]string{"link": "file", "dangling": "nothing", "to-fifo": "fifo", "loop": "loop", "to-zero": "/dev/zero"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		path          string
		read, plain   error // of Read and ReadPlain
		exists, anErr bool  // anErr: some error, whichever
	}{
		{path: filepath.Join(dir, "file"), exists: true},
		{path: filepath.Join(dir, "nothing")},
		{path: filepath.Join(dir, "file/below")},
		{path: fifo, read: ErrNotRegular, plain: ErrNotRegular, exists: true},
		{path: dir, read: ErrNotRegular, plain: ErrNotRegular, exists: true},
		{path: "/dev/zero", read: ErrNotRegular, plain: ErrNotRegular, exists: true},
		{path: huge, read: ErrTooLarge, plain: ErrTooLarge, exists: true},
		{path: over, read: ErrTooLarge, plain: ErrTooLarge, exists: true},
		{path: full, exists: true},
		{path: "/proc/self/environ", plain: ErrOutside, exists: true}, // a regular file, they say
		{path: filepath.Join(dir, "link"), plain: ErrLink, exists: true},
		{path: filepath.Join(dir, "dangling"), plain: ErrLink},
		{path: filepath.Join(dir, "to-fifo"), read: ErrNotRegular, plain: ErrLink, exists: true},
		{path: filepath.Join(dir, "to-zero"), read: ErrNotRegular, plain: ErrLink, exists: true},
		{path: filepath.Join(dir, "loop"), anErr: true, plain: ErrLink},
	} {
		within(t, func() {
			f, data, err := Read(c.path)
			if c.anErr != (err != nil && c.read == nil) || c.read != nil && !errors.Is(err, c.read) {
				t.Errorf("Read %s: %v, want %v", c.path, err, c.read)
			}
			if strings.HasPrefix(c.path, "/proc/") && len(data) > 0 {
				t.Errorf("Read %s: %d bytes", c.path, len(data))
			}
			if f.Exists != c.exists || err != nil && data != nil {
				t.Errorf("Read %s: exists %t, %d bytes, %v", c.path, f.Exists, len(data), err)
			}
			own, err := ReadOwn(c.path)
			if want := c.read; want != nil && !errors.Is(err, want) || !c.exists && err == nil || err != nil && own != nil {
				t.Errorf("ReadOwn %s: %v, want %v", c.path, err, want)
			}
			if _, _, err := ReadPlain(filepath.Split(c.path)); !errors.Is(err, c.plain) {
				t.Errorf("ReadPlain %s: %v, want %v", c.path, err, c.plain)
			}
		})
	}
}

// What is named below a directory is there, whatever links are on the way.
func TestReadPlainStaysBelow(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "p")
	for _, name := range []string{"p/in/file", "p-evil/file", "p/file"} {
		file := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, file, "text")
	}
	for name, target := range map[string]string{"near": "in", "whole": dir + "/in", "round": "../p/in", "evil": "../p-evil", "away": top + "/p-evil", "up": ".."} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]error{
		"file": nil, "in/file": nil, "near/file": nil, "whole/file": nil, "round/file": nil, "up/p/in/file": nil,
		"evil/file": ErrOutside, "away/file": ErrOutside, "up/p-evil/file": ErrOutside, "../p-evil/file": ErrOutside,
	} {
		f, data, err := ReadPlain(dir, name)
		if !errors.Is(err, want) || (want == nil) != (string(data) == "text") || !f.Exists {
			t.Errorf("%s: %v, %q, %v, want %v", name, f, data, err, want)
		}
	}
}

// A file that another user could change at any time is not read, except root's.
func TestReadRefusesForeignFiles(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make files of other users")
	}
	file := write(t, filepath.Join(t.TempDir(), "f"), "text")
	if err := os.Chown(file, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if f, data, err := Read(file); !errors.Is(err, ErrOwner) || data != nil || !f.Exists {
		t.Errorf("Read: %v, %q, %v", f, data, err)
	}
}

// Same sees every way in which a file becomes another, at once.
func TestSame(t *testing.T) {
	for name, change := range map[string]func(file string) error{
		"other content, same size and second": func(f string) error { return os.WriteFile(f, []byte("txet"), 0o644) },
		"removed":                             os.Remove,
		"a new file of the same time": func(f string) error {
			info, _ := os.Stat(f)
			if err := os.Rename(f, f+".old"); err != nil {
				return err
			}
			return errors.Join(os.WriteFile(f, []byte("text"), 0o644), os.Chtimes(f, info.ModTime(), info.ModTime()))
		},
		"longer, with the time put back": func(f string) error {
			info, _ := os.Stat(f)
			return errors.Join(os.WriteFile(f, []byte("text and more"), 0o644), os.Chtimes(f, info.ModTime(), info.ModTime()))
		},
		"one nanosecond older": func(f string) error {
			info, _ := os.Stat(f)
			return os.Chtimes(f, time.Time{}, info.ModTime().Add(-1))
		},
		"a directory": func(f string) error { return errors.Join(os.Remove(f), os.Mkdir(f, 0o755)) },
	} {
		file := write(t, filepath.Join(t.TempDir(), "f"), "text")
		was := time.Now().Add(-time.Hour)
		if err := os.Chtimes(file, was, was); err != nil {
			t.Fatal(err)
		}
		f, _, err := Read(file)
		if err != nil || !f.Same() {
			t.Fatalf("%s: before: %v, %v", name, f, err)
		}
		if err := change(file); err != nil {
			t.Fatal(err)
		}
		if f.Same() {
			t.Errorf("%s: not seen", name)
		}
	}
}

// Files in the Nix store all have the time 1: there the target tells.
func TestSameThroughLinks(t *testing.T) {
	dir := t.TempDir()
	epoch := time.Unix(1, 0)
	for _, name := range []string{"a", "b"} {
		if err := os.Chtimes(write(t, filepath.Join(dir, name), "same"), epoch, epoch); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("a", link); err != nil {
		t.Fatal(err)
	}
	f, _, err := Read(link)
	if err != nil || f.Target != filepath.Join(dir, "a") || !f.Same() {
		t.Fatalf("%v, %v", f, err)
	}
	if err := errors.Join(os.Remove(link), os.Symlink("b", link)); err != nil {
		t.Fatal(err)
	}
	if f.Same() {
		t.Error("the link leads elsewhere, and nobody noticed")
	}
	missing, err := Stat(filepath.Join(dir, "missing"))
	if err != nil || missing.Exists || !missing.Same() {
		t.Errorf("a missing file: %v, %v", missing, err)
	}
	write(t, missing.Path, "")
	if missing.Same() {
		t.Error("a file appeared, and nobody noticed")
	}
	plain := File{Path: dir, Exists: true, Plain: true}
	if !plain.Same() || (File{Path: link, Plain: true}).Same() {
		t.Error("plain directories are no links")
	}
	d, err := Stat(dir)
	if err != nil || !d.Dir {
		t.Fatal(d, err)
	}
	if err := os.Mkdir(filepath.Join(dir, "new"), 0o700); err != nil {
		t.Fatal(err)
	}
	if d.Same() {
		t.Error("an entry appeared in the directory, and nobody noticed")
	}
	if _, err := Stat("/root/\x00"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a path with NUL: %v", err)
	}
}
