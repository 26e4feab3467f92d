package toolset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
	"github.com/hbohlen/devsh/toolchains/toolstest"
)

// Killed at each step: what was there stays, nothing is half there, and the next
// run goes on.
func TestKilled(t *testing.T) {
	for _, moment := range []string{
		string(install.Resolving), string(install.Locking), string(install.Building), string(install.Checking), "before the lock", "after the lock",
	} {
		b := newBed(t)
		s := b.open(t)
		must(t)(s.Install(t.Context(), []Request{program("a")}, Options{}))
		b.killedAt(t, moment, "b")
		if b.says(t, "a") != "a v1.0.0" || b.says(t, "b") != "" {
			t.Errorf("%s: what was there does not work", moment)
		}
		if moment == "after the lock" {
			// The wish stays, and any run fulfils it.
			must(t)(s.Install(t.Context(), nil, Options{}))
		} else {
			if b.locked(t) != "a v1.0.0" {
				t.Errorf("%s: %s", moment, b.locked(t))
			}
			must(t)(s.Install(t.Context(), []Request{program("b")}, Options{}))
		}
		if b.says(t, "a") != "a v1.0.0" || b.says(t, "b") != "b v1.0.0" {
			t.Errorf("%s: not mended: %s", moment, b.locked(t))
		}
		if _, err := s.Store.Collect(t.Context()); err != nil {
			t.Error(err)
		}
		b.whole(t)
	}
}

// Killed while npm downloads: npm ends with it, and nothing is half there.
func TestKilledWhileDownloading(t *testing.T) {
	b := newBed(t)
	b.npms.Publish(t, old, map[string]any{"name": "x", "version": "1.0.0", "bin": "x.js"}, map[string]string{"x.js": "#!/usr/bin/env node\nconsole.log('x')\n"})
	b.npms.Fail(".tgz", toolstest.Hang)
	cmd := b.other(t, func(b *bed) { b.Install = []string{"x"} })
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for path := range b.npms.Asked() {
		if strings.HasSuffix(path, ".tgz") {
			break
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	select {
	case <-b.npms.Gone():
	case <-time.After(time.Minute):
		t.Fatal("npm goes on downloading")
	}
	b.npms.Fail(".tgz", toolstest.None)
	s := b.open(t)
	must(t)(s.Install(t.Context(), []Request{{Name: "x", From: lockfile.NPM, Package: "x"}}, Options{}))
	if b.says(t, "x") != "x" {
		t.Error("it does not work")
	}
	b.whole(t)
}

// What is deleted of the state is made again.
func TestDeleted(t *testing.T) {
	for _, what := range []string{"", "profiles", "store", "user", "store/*/bin/*"} {
		b := newBed(t)
		s := b.open(t)
		must(t)(s.Install(t.Context(), []Request{program("a")}, Options{}))
		paths, err := filepath.Glob(filepath.Join(b.Dir, "tools", what))
		if err != nil || len(paths) != 1 {
			t.Fatal(paths, err)
		}
		if err := os.RemoveAll(paths[0]); err != nil {
			t.Fatal(err)
		}
		must(t)(b.open(t).Install(t.Context(), nil, Options{}))
		if b.says(t, "a") != "a v1.0.0" {
			t.Errorf("without %q: it does not come back", what)
		}
	}
}

// Eight at once, of the same and of different tools: all have all.
func TestEightAtOnce(t *testing.T) {
	b := newBed(t)
	errs := make(chan error, 8)
	for i := range 8 {
		cmd := b.other(t, func(b *bed) { b.Install = []string{programs()[i%4]} })
		go func() {
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%v: %s", err, out)
			}
			errs <- err
		}()
	}
	for range 8 {
		<-errs
	}
	if b.locked(t) != "a v1.0.0, b v1.0.0, c v1.0.0, d v1.0.0" {
		t.Error(b.locked(t))
	}
	for _, name := range programs() {
		if b.says(t, name) != name+" v1.0.0" {
			t.Errorf("%s is not there", name)
		}
	}
	b.whole(t)
}

// No room: told in words, and nothing is half there. Where the user may mount,
// on a full disk; and with a limit on the size of files.
func TestNoRoom(t *testing.T) {
	big := strings.Repeat("// "+strings.Repeat("x", 1000)+"\n", 1000)
	for name, why := range map[string]string{"a": "no space left on device", "x": "ENOSPC"} {
		for _, full := range []bool{true, false} {
			b := newBed(t)
			b.npms.Publish(t, old, map[string]any{"name": "x", "version": "1.0.0", "bin": "x.js"}, map[string]string{"x.js": "#!/usr/bin/env node\n" + big})
			limit := uint64(0)
			if !full {
				limit, why = 100<<10, ""
			} else if !fill(t, filepath.Join(b.Dir, "tools")) {
				continue
			}
			out, err := b.other(t, func(b *bed) { b.Install, b.Limit = []string{name}, limit }).CombinedOutput()
			if err == nil || !strings.HasPrefix(string(out), "install ") || strings.Count(string(out), "\n") != 1 || !strings.Contains(string(out), why) {
				t.Errorf("%s: %v: %s", name, err, out)
			}
			b.whole(t)
			if b.locked(t) != "" || b.says(t, name) != "" {
				t.Errorf("%s: %s", name, b.locked(t))
			}
		}
	}
}

// fill makes dir a file system with little room, and reports whether it could.
func fill(t *testing.T, dir string) bool {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=500k,mode=700"); err != nil {
		t.Logf("cannot mount: %v", err)
		return false
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return true
}
