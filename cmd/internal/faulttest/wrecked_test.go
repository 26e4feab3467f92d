package faulttest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// each calls f for every file, or directory, below devsh's state.
func (b *bed) each(f func(path string, isDir bool) error) error {
	return filepath.WalkDir(b.state(), func(path string, d os.DirEntry, err error) error {
		if err != nil || path == b.state() || d.Type()&os.ModeSymlink != 0 {
			return err
		}
		return f(path, d.IsDir())
	})
}

// Promise 3: whatever lies in the state directory, the shell works, and what
// can be mended is mended by the visit.
func TestWreckedState(t *testing.T) {
	replace := func(path string, make func() error) error { return errors.Join(os.RemoveAll(path), make()) }
	for name, c := range map[string]struct {
		wreck func(b *bed) error
		want  string // inside; other than "A=a;B=1" where the permission itself is lost
	}{
		"all files empty": {func(b *bed) error {
			return b.each(func(p string, dir bool) error {
				if dir {
					return nil
				}
				return os.Truncate(p, 0)
			})
		}, "A=;B="},
		"all files but trust cut in half": {func(b *bed) error {
			return b.each(func(p string, dir bool) error {
				info, err := os.Stat(p)
				if err != nil || dir || strings.Contains(p, "/trust/") {
					return err
				}
				return os.Truncate(p, info.Size()/2)
			})
		}, "A=a;B=1"},
		"all files but trust are directories": {func(b *bed) error {
			return b.each(func(p string, dir bool) error {
				if dir || strings.Contains(p, "/trust/") {
					return nil
				}
				return replace(p, func() error { return os.MkdirAll(p+"/x", 0o700) })
			})
		}, "A=a;B=1"},
		"all files but trust are FIFOs": {func(b *bed) error {
			return b.each(func(p string, dir bool) error {
				if dir || strings.Contains(p, "/trust/") {
					return nil
				}
				return replace(p, func() error { return syscall.Mkfifo(p, 0o600) })
			})
		}, "A=a;B=1"},
		"garbage in all files but trust": {func(b *bed) error {
			return b.each(func(p string, dir bool) error {
				if dir || strings.Contains(p, "/trust/") {
					return nil
				}
				return os.WriteFile(p, []byte("echo garbage; exit 1\n'"), 0o600)
			})
		}, "A=a;B=1"},
		"the tree is a file": {func(b *bed) error {
			p := b.state() + "/tree"
			return replace(p, func() error { return os.WriteFile(p, nil, 0o600) })
		}, "A=a;B=1"},
		"the shells are a file": {func(b *bed) error {
			p := b.state() + "/shells"
			return replace(p, func() error { return os.WriteFile(p, nil, 0o600) })
		}, "A=a;B=1"},
		"the settings are a file": {func(b *bed) error {
			p := b.state() + "/settings"
			return replace(p, func() error { return os.WriteFile(p, nil, 0o600) })
		}, "A=a;B=1"},
		"the trust is a file": {func(b *bed) error {
			p := b.state() + "/trust"
			return replace(p, func() error { return os.WriteFile(p, nil, 0o600) })
		}, "A=;B="},
		"the state is a file": {func(b *bed) error {
			p := b.state()
			return replace(p, func() error { return os.WriteFile(p, nil, 0o600) })
		}, "A=;B="},
		"the state is gone": {func(b *bed) error { return os.RemoveAll(b.Home + "/state") }, "A=;B="},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			if inside, _, stderr := b.visit(b.p); inside != "A=a;B=1" || stderr != "" {
				t.Fatalf("before: %s, %s", inside, stderr)
			}
			if err := c.wreck(b); err != nil {
				t.Fatal(err)
			}
			inside, _, stderr := b.visit(b.p)
			// Of a file that is no fish code fish itself speaks, before it is written anew.
			if strings.Contains(name, "cut in half") || strings.Contains(name, "garbage") {
				stderr = ""
			}
			if inside != c.want || c.want == "A=a;B=1" && stderr != "" || strings.Count(stderr, "\n") > 2 {
				t.Errorf("inside %s, want %s; said %q", inside, c.want, stderr)
			}
			// Allowed anew, all is well.
			b.Allow(t, b.p)
			if inside, _, stderr := b.visit(b.p); inside != "A=a;B=1" || stderr != "" {
				t.Errorf("allowed anew: %s, %s", inside, stderr)
			}
		})
	}
}

// Promise 3, for what a user may not do in their own home.
func TestUnusableState(t *testing.T) {
	for name, c := range map[string]struct {
		wreck func(b *bed) error
		want  string
		says  string
	}{
		"state home not readable": {func(b *bed) error { return os.Chmod(b.Home+"/state", 0) }, "A=;B=", "permission denied"},
		"state not readable":      {func(b *bed) error { return os.Chmod(b.state(), 0) }, "A=;B=", "permission denied"},
		"tree not readable":       {func(b *bed) error { return os.Chmod(b.state()+"/tree", 0) }, "A=;B=", "permission denied"},
		"trust not readable":      {func(b *bed) error { return os.Chmod(b.state()+"/trust", 0) }, "A=a;B=1", "permission denied"}, // the last good one
		"state read-only, warm": {func(b *bed) error {
			return b.each(func(p string, dir bool) error {
				if dir {
					return os.Chmod(p, 0o500)
				}
				return nil
			})
		}, "A=a;B=1", ""},
		"state read-only, cold": {func(b *bed) error {
			b.Write(b.p+"/.env", "B=1\n# later\n")
			return b.each(func(p string, dir bool) error {
				if dir {
					return os.Chmod(p, 0o500)
				}
				return nil
			})
		}, "A=a;B=1", "permission denied"},
		"state home missing and not to be made": {func(b *bed) error {
			return errors.Join(os.RemoveAll(b.Home+"/state"), os.Chmod(b.Home, 0o500))
		}, "A=;B=", "permission denied"},
		"state of another user": {func(b *bed) error { return os.Chown(b.state(), 0, 0) }, "A=;B=", "is not yours"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			b.visit(b.p)
			if err := os.RemoveAll(b.Home + "/state/fish"); err != nil {
				t.Fatal(err)
			}
			b.give(12345)
			if inside, _, stderr := b.visit(b.p); inside != "A=a;B=1" || stderr != "" {
				t.Fatalf("before: %s, %s", inside, stderr)
			}
			if err := c.wreck(b); err != nil {
				t.Fatal(err)
			}
			inside, _, stderr := b.visit(b.p)
			if inside != c.want || !strings.Contains(stderr, c.says) || c.says == "" && stderr != "" || said(stderr) > 1 {
				t.Errorf("inside %s, want %s; said %q", inside, c.want, stderr)
			}
			// So that it can be removed.
			if out, err := exec.Command("chmod", "-R", "u+rwX", b.Home).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// sudo -E fish: root, in the home of a user, stands aside with one line.
func TestRootInAnothersHome(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be root")
	}
	b := newBed(t)
	b.visit(b.p)
	b.give(12345)
	b.uid = 0
	inside, _, stderr := b.visit(b.p)
	if inside != "A=;B=" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "is not yours: standing aside") {
		t.Errorf("%s, %q", inside, stderr)
	}
	if r := b.devsh("exec", "--dir", b.p, "--", "printenv", "A"); r.code != 125 || r.stdout != "" || !strings.Contains(r.stderr, "not yours") {
		t.Errorf("exec: %+v", r)
	}
}

// A directory on the way from the home to the state that belongs to somebody
// else: its owner can put another state in the place of the user's.
func TestStrangerOnTheWay(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make directories of other users")
	}
	for _, stranger := range []int{54321, 0} {
		b := newBed(t)
		b.visit(b.p)
		local := b.Home + "/local"
		b.stateHome = local + "/share/state"
		if err := errors.Join(os.MkdirAll(local+"/share", 0o755), os.Rename(b.Home+"/state", b.stateHome)); err != nil {
			t.Fatal(err)
		}
		b.give(12345)
		if inside, _, stderr := b.visit(b.p); inside != "A=a;B=1" || stderr != "" {
			t.Fatalf("before: %s, %s", inside, stderr)
		}
		if err := os.Chown(local, stranger, stranger); err != nil {
			t.Fatal(err)
		}
		inside, _, stderr := b.visit(b.p)
		if inside != "A=;B=" || stderr != "devsh: ~/local is not yours: standing aside in this shell\n" {
			t.Errorf("%s, %q", inside, stderr)
		}
		for _, args := range [][]string{{"exec", "--dir", b.p, "--", "printenv", "A"}, {"enter", "--abi", "1", "--", b.p}} {
			if r := b.devsh(args...); r.code == 0 || r.stdout != "" || !strings.Contains(r.stderr, "~/local: it is not yours") {
				t.Errorf("%s: %+v", args[0], r)
			}
		}
	}
}

// A full disk, where a real one can be had.
func TestFullDisk(t *testing.T) {
	b := newBed(t)
	b.visit(b.p)
	disk := b.Home + "/state"
	if os.Geteuid() != 0 || exec.Command("mount", "-t", "tmpfs", "-o", "size=128k,mode=700", "tmpfs", disk).Run() != nil {
		t.Skip("no tmpfs can be mounted here")
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", disk).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	b.Allow(t, b.p)
	if inside, _, _ := b.visit(b.p); inside != "A=a;B=1" {
		t.Fatal(inside)
	}
	fill := func() {
		t.Helper()
		f, err := os.Create(disk + "/fill")
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = f.Write(make([]byte, 4096))
		}
		f.Close()
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	fill()
	if inside, _, stderr := b.visit(b.p); inside != "A=a;B=1" {
		t.Errorf("warm: %s, %s", inside, stderr)
	}
	b.Write(b.p+"/.env", "B=2\n")
	inside, _, stderr := b.visit(b.p)
	if inside != "A=a;B=1" || said(stderr) != 1 || !strings.Contains(stderr, "no space left") {
		t.Errorf("changed: %s, %s", inside, stderr)
	}
	if err := os.Remove(disk + "/fill"); err != nil {
		t.Fatal(err)
	}
	if inside, _, stderr := b.visit(b.p); inside != "A=a;B=2" || stderr != "" {
		t.Errorf("room again: %s, %s", inside, stderr)
	}
}
