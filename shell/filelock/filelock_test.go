package filelock

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

func try(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := Try(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestOneHoldsIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if Held(path) {
		t.Error("held, and it is not there")
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("who asked made it")
	}
	first := try(t, path)
	if info, err := first.Stat(); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if _, err := Try(path); !errors.Is(err, ErrHeld) {
		t.Errorf("the second: %v", err)
	}
	if !Held(path) || !Is(first, path) {
		t.Error("it is not held by the first")
	}
	first.Close()
	if Held(path) {
		t.Error("held, and it was let go")
	}
	try(t, path)
}

// Those who share it keep out who wants it alone, and he them.
func TestShared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	for range 2 {
		f, err := TryShared(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := Try(path); !errors.Is(err, ErrHeld) {
			t.Errorf("alone beside another: %v", err)
		}
	}
	alone := try(t, path+"2")
	if _, err := TryShared(alone.Name()); !errors.Is(err, ErrHeld) {
		t.Errorf("beside one who is alone: %v", err)
	}
}

// Whoever removes the file, as a collector does, lets in who comes after: so who
// waited for the removed one has nothing.
func TestRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	waits, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer waits.Close()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := Take(waits, path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nobody is there: %v", err)
	}
	next := try(t, path)
	if err := Take(waits, path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("another is there: %v", err)
	}
	if Is(waits, path) || !Is(next, path) {
		t.Error("the wrong one is at the path")
	}
}

func TestRefused(t *testing.T) {
	dir := t.TempDir()
	link, target := filepath.Join(dir, "link"), filepath.Join(dir, "target")
	try(t, target)
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if _, err := Try(link); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("a link: %v", err)
	}
	if Held(link) {
		t.Error("a link is held")
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if Held(fifo) { // and does not wait for who writes
		t.Error("a FIFO is held")
	}
	if _, err := Try(filepath.Join(dir, "none", "lock")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a directory: %v", err)
	}
}

func TestAwait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held := try(t, path)
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	tried := 0
	_, err := Await(ctx, func() (*os.File, error) {
		if tried++; tried == 3 {
			cancel(enough)
		}
		return Try(path)
	})
	if !errors.Is(err, enough) || !errors.Is(err, ErrHeld) || tried < 3 {
		t.Errorf("%v after %d", err, tried)
	}
	tried = 0
	f, err := Await(t.Context(), func() (*os.File, error) {
		if tried++; tried == 3 {
			held.Close()
		}
		return Try(path)
	})
	if err != nil || tried != 3 {
		t.Fatalf("%v after %d", err, tried)
	}
	f.Close()
	if _, err := Await(t.Context(), func() (*os.File, error) { return nil, enough }); !errors.Is(err, enough) || errors.Is(err, ErrHeld) {
		t.Error(err)
	}
}

// A process that inherits the open file has the lock, until it ends.
func TestInherited(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	f := try(t, path)
	cmd := exec.Command("cat")
	cmd.ExtraFiles = []*os.File{f}
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := Take(f, path); err != nil {
		t.Errorf("it is the same lock: %v", err)
	}
	f.Close()
	if !Held(path) {
		t.Error("it is not held")
	}
	if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
		t.Fatal(err)
	}
	if Held(path) {
		t.Error("it is held by nobody")
	}
}
