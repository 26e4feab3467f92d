package toolset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/toolstest"
)

// moments are the steps at which an installation is killed, by what is installed.
func moments() map[string][]install.Phase {
	return map[string][]install.Phase{
		"b":     {install.Resolving, install.Locking, install.Building, install.Checking, beforeLock, afterLock},
		"uv":    {install.Resolving, install.Installing, install.Checking},
		"nix":   {install.Resolving, install.Locking, install.Building, install.Checking},
		"npm":   {install.Locking, install.Installing, install.Checking},
		"cargo": {install.Resolving, install.Locking, install.Installing, install.Compiling, install.Checking},
	}
}

// Killed at each step: what was there stays, nothing is half there, and the next
// run goes on.
func TestKilled(t *testing.T) {
	for name, phases := range moments() {
		for _, moment := range phases {
			t.Run(name+" "+string(moment), func(t *testing.T) {
				b := newBed(t)
				if name == "nix" {
					b, _ = nixBed(t)
				}
				b.others(t, "")
				s := b.open(t)
				must(t)(s.Install(t.Context(), []Request{program("a")}, Options{}))
				b.killedAt(t, string(moment), name)
				if b.says(t, "a") != "a v1.0.0" || b.says(t, name) != "" {
					t.Error("what was there does not work")
				}
				if moment == afterLock {
					// The wish stays, and any run fulfils it.
					must(t)(s.Install(t.Context(), nil, Options{}))
				} else {
					if b.locked(t) != "a v1.0.0" {
						t.Error(b.locked(t))
					}
					must(t)(s.Install(t.Context(), []Request{program(name)}, Options{}))
				}
				if b.says(t, "a") != "a v1.0.0" || strings.Replace(b.says(t, name), " v", " ", 1) != name+" 1.0.0" {
					t.Errorf("not mended: %s", b.locked(t))
				}
				if _, err := s.Store.Collect(t.Context()); err != nil {
					t.Error(err)
				}
				b.whole(t)
			})
		}
	}
}

// Killed while a program downloads: it ends with devsh, and nothing is half there.
func TestKilledWhileDownloading(t *testing.T) {
	for name, file := range map[string]string{"npm": ".tgz", "cargo": ".crate", "uv": ".whl"} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			b.others(t, "")
			r := b.server(name)
			r.Fail(file, toolstest.Hang)
			cmd := b.other(t, func(b *bed) { b.Install = []string{name} })
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for path := range r.Asked() {
				if strings.HasSuffix(path, file) {
					break
				}
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // it was killed
			select {
			case <-r.Gone():
			case <-time.After(time.Minute):
				t.Fatal("it goes on downloading")
			}
			r.Fail(file, toolstest.None)
			s := b.open(t)
			must(t)(s.Install(t.Context(), []Request{program(name)}, Options{}))
			if b.says(t, name) != name+" 1.0.0" {
				t.Error("it does not work")
			}
			if _, err := s.Store.Collect(t.Context()); err != nil {
				t.Error(err)
			}
			b.whole(t)
		})
	}
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
	for name, why := range map[string]string{"a": "no space left", "npm": "enospc", "cargo": "no space left", "uv": "no space left"} {
		for _, full := range []bool{true, false} {
			b := newBed(t)
			b.others(t, big)
			limit := uint64(0)
			if !full {
				limit, why = 100<<10, ""
			} else if !fill(t, filepath.Join(b.Dir, "tools")) {
				continue
			}
			out, err := b.other(t, func(b *bed) { b.Install, b.Limit = []string{name}, limit }).CombinedOutput()
			told := strings.HasPrefix(string(out), "install ") || strings.HasPrefix(string(out), "download ") || strings.HasPrefix(string(out), "write ")
			if err == nil || !told || strings.Count(string(out), "\n") != 1 || !strings.Contains(strings.ToLower(string(out)), why) {
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
