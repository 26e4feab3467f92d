package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/activation"
)

// While another process is at work on a project, a prompt does not wait for
// it; what the person typed after a cd does.
func TestEnterBesideAnother(t *testing.T) {
	home, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(home, "dev/p")
	file := filepath.Join(dir, "package.json") // a sign of a project, with nothing to allow
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(file, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	enter := func(wait string) (code int) {
		e := System()
		e.Args, e.Stdout, e.Stderr, e.Stdin = []string{"enter", "--abi", "1", "--wait", wait, "--", dir}, io.Discard, os.Stderr, strings.NewReader("")
		e.Environ = []string{"HOME=" + home, "PATH=/usr/bin:/bin"}
		return Run(context.Background(), e)
	}
	if code := enter(waitDone); code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	place := activation.NewStore(filepath.Join(home, ".local/state")).Place(dir)
	config := filepath.Join(home, ".config/devsh/config.toml") // an input of everything, absent until now
	if err := errors.Join(os.MkdirAll(filepath.Dir(config), 0o755), os.WriteFile(config, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	stale := func() bool {
		e, err := place.Entry()
		if err != nil {
			t.Fatal(err)
		}
		return len(e.Stale()) > 0
	}
	lock, err := os.OpenFile(filepath.Join(place.Dir, "lock"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if code := enter(waitSoon); code != exitOK || !stale() {
		t.Errorf("exit code %d, stale %t", code, stale())
	}
	done := make(chan int, 1)
	go func() { done <- enter(waitDone) }()
	select {
	case code := <-done:
		t.Fatalf("it does not wait: exit code %d", code)
	case <-time.After(5 * grace):
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if code := <-done; code != exitOK || stale() {
		t.Errorf("exit code %d, stale %t", code, stale())
	}
}
