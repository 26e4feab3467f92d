package nix

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
	"github.com/hbohlen/devsh/toolchains/toolstest"
)

// now is when the tests are; old is long enough before.
var (
	now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	old = now.Add(-1000 * time.Hour)
)

func packages() map[string][2]string {
	return map[string][2]string{
		"hello":  {"1.2.3", toolstest.Says("hello", "hello")},
		"broken": {"1.0", "exit 7"},
		"none":   {"", ""},
	}
}

// bed is a nix with a store of its own, and a flake that stands for nixpkgs.
func bed(t *testing.T) (*toolstest.NixPackages, *Backend, *nixtest.Bed) {
	t.Helper()
	pkgs := toolstest.NewNix(t)
	pkgs.Publish(t, old, packages())
	b, nix := fresh(t, pkgs)
	return pkgs, b, nix
}

// fresh is a backend whose nix has nothing in its store.
func fresh(t *testing.T, pkgs *toolstest.NixPackages) (*Backend, *nixtest.Bed) {
	t.Helper()
	nix := nixtest.New(t)
	environ := env.FromList(nix.Env())
	environ["NIX_PATH"] = "nixpkgs=/nothing"
	return &Backend{Host: install.Host{Environ: environ, Limit: time.Minute}, Nixpkgs: pkgs.Ref}, nix
}

func wanted() install.Wanted {
	return install.Wanted{Name: "hello", Package: "hello", MinAge: 24 * time.Hour, Now: now}
}

func TestResolve(t *testing.T) {
	_, b, _ := bed(t)
	dir := t.TempDir()
	nixtest.Write(t, filepath.Join(dir, "flake.nix"), toolstest.NixFlake(packages()))
	for _, path := range []string{filepath.Join(dir, "flake.nix"), dir} {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	unknown := b.Nixpkgs // nix does not tell how old an archive is
	b.Nixpkgs = "path:" + dir
	other := func(string) bool { return false }
	for name, c := range map[string]struct {
		change    func(*install.Wanted)
		want, err string
	}{
		"what it has":      {func(*install.Wanted) {}, "1.2.3", ""},
		"another":          {func(w *install.Wanted) { w.Allows, w.Want = other, ">=2" }, "", "it has 1.2.3, and >=2 was asked for"},
		"too young":        {func(w *install.Wanted) { w.Now = old.Add(time.Hour) }, "", "the nixpkgs with 1.2.3 appeared 1 h ago"},
		"young, if wanted": {func(w *install.Wanted) { w.Now, w.MinAge = old.Add(time.Hour), 0 }, "1.2.3", ""},
		"no such package":  {func(w *install.Wanted) { w.Package = "nothing" }, "", "look up nothing in path:"},
		"no version":       {func(w *install.Wanted) { w.Package = "none" }, "", "it has no version"},
		"no name":          {func(w *install.Wanted) { w.Package = "x; y" }, "", "is no name of a package"},
	} {
		w := wanted()
		c.change(&w)
		tool, err := b.Resolve(t.Context(), w, nil)
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v; want %s", name, err, c.err)
			}
		case err != nil || tool.Version != c.want || tool.Published != old:
			t.Errorf("%s: %+v, %v; want %s", name, tool, err, c.want)
		default:
			read, err := lockfile.Parse("f", lockfile.Write(lockfile.Lock{Tools: []lockfile.Tool{tool}}))
			if err != nil || !reflect.DeepEqual(read.Tools[0], tool) {
				t.Errorf("%s: is not read as written: %v\n%#v\n%#v", name, err, read, tool)
			}
		}
	}
	b.Nixpkgs = unknown
	if _, err := b.Resolve(t.Context(), wanted(), nil); err != nil && !strings.Contains(err.Error(), "nobody knows how long ago it appeared") {
		t.Error(err)
	}
}

func resolved(t *testing.T, b *Backend) lockfile.Tool {
	t.Helper()
	w := wanted()
	w.MinAge = 0
	tool, err := b.Resolve(t.Context(), w, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tool
}

func TestInstall(t *testing.T) {
	pkgs, b, _ := bed(t)
	tool := resolved(t, b)
	dir := t.TempDir()
	bins, err := b.Install(t.Context(), tool, dir, dir, nil)
	if err != nil || !reflect.DeepEqual(bins, map[string]string{"hello": "bin/hello"}) {
		t.Fatalf("%q, %v", bins, err)
	}
	target, err := os.Readlink(filepath.Join(dir, "bin/hello"))
	if err != nil || b.in(target) == "" {
		t.Errorf("%q, %v", target, err)
	}
	if out, err := exec.Command(filepath.Join(dir, "bin/hello")).CombinedOutput(); string(out) != "hello\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "share/man/man1/hello.1")); err != nil {
		t.Error(err)
	}
	// Offline, from the store, by what the lock says.
	pkgs.Fail("", toolstest.Broken)
	if _, err := b.Install(t.Context(), tool, t.TempDir(), "", nil); err != nil {
		t.Errorf("offline: %v", err)
	}
	// What cannot be built is told.
	tool.Package = "broken"
	if _, err := b.Install(t.Context(), tool, t.TempDir(), "", nil); err == nil || !strings.Contains(err.Error(), "failed with exit code 7") {
		t.Errorf("broken: %v", err)
	}
}

// What is held is there after nix collected, and is not once the links are gone.
func TestHold(t *testing.T) {
	_, b, nix := bed(t)
	dir, links := t.TempDir(), t.TempDir()
	if _, err := b.Install(t.Context(), resolved(t, b), dir, dir, nil); err != nil {
		t.Fatal(err)
	}
	target, err := os.Readlink(filepath.Join(dir, "bin/hello"))
	if err != nil {
		t.Fatal(err)
	}
	held := b.Held([]string{target, filepath.Dir(target), "/usr/bin/node", b.store()})
	if len(held) != 1 || !strings.HasSuffix(held[0], "-hello-1.2.3") {
		t.Fatalf("%q", held)
	}
	if err := b.Hold(t.Context(), held, filepath.Join(links, "root")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for _, there := range []bool{true, false} {
		nix.Nix(t, "/", "store", "gc")
		if _, err := os.Stat(target); (err == nil) != there {
			t.Errorf("after collecting: %v; want it to be there: %v", err, there)
		}
		if err := os.RemoveAll(links); err != nil {
			t.Fatal(err)
		}
	}
}

// A server that fails is told in words, with what nix did.
func TestFaults(t *testing.T) {
	for fault, want := range map[toolstest.Fault]string{
		toolstest.Hang:     "nix took longer than 3s",
		toolstest.Broken:   "500",
		toolstest.Truncate: "install hello 1.2.3 from nixpkgs: ",
		toolstest.Tamper:   "mismatch",
	} {
		t.Run(string(fault), func(t *testing.T) {
			pkgs, b, _ := bed(t)
			tool := resolved(t, b)
			b, _ = fresh(t, pkgs)
			pkgs.Fail(".tar.gz", fault)
			if fault == toolstest.Hang {
				b.Limit = 3 * time.Second
			}
			dir := t.TempDir()
			_, err := b.Install(t.Context(), tool, dir, dir, nil)
			var e *install.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v; want %s", err, want)
			}
			if fault == toolstest.Tamper && e.Hint != install.Beware {
				t.Errorf("hint: %s", e.Hint)
			}
		})
	}
}

func TestCanceled(t *testing.T) {
	pkgs, b, _ := bed(t)
	pkgs.Fail(".tar.gz", toolstest.Hang)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-pkgs.Asked()
		cancel()
	}()
	if _, err := b.Resolve(ctx, wanted(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestUnavailable(t *testing.T) {
	var u *install.Unavailable
	b := &Backend{Host: install.Host{Environ: map[string]string{"PATH": "relative"}}}
	if _, err := b.Resolve(t.Context(), wanted(), nil); !errors.As(err, &u) || u.Program != "nix" || u.Hint == "" {
		t.Errorf("%v", err)
	}
	if err := b.Hold(t.Context(), []string{"/nix/store/x"}, "/nothing"); !errors.As(err, &u) {
		t.Errorf("%v", err)
	}
}

func TestReason(t *testing.T) {
	for text, want := range map[string]string{
		"warning: x\nerror: flake 'y' does not provide attribute 'z'\n       Did you mean a?\n":    "flake 'y' does not provide attribute 'z'",
		"error:\n       … while evaluating\n\n       error: attribute 'b' missing\n       at /x:1": "attribute 'b' missing",
		"something": "",
	} {
		if got, _ := reason("", text); got != want {
			t.Errorf("%q\nwant %q", got, want)
		}
	}
}

func TestNamed(t *testing.T) {
	for url, want := range map[string]string{
		"github:NixOS/nixpkgs/abc":                               "github:NixOS/nixpkgs/abc?narHash=sha256-a%2Bb%2F%3D#x",
		"github:NixOS/nixpkgs/abc?narHash=sha256-x":              "github:NixOS/nixpkgs/abc?narHash=sha256-a%2Bb%2F%3D#x",
		"path:/a?lastModified=1&narHash=sha256-x":                "path:/a?lastModified=1&narHash=sha256-a%2Bb%2F%3D#x",
		"git+https://e.test/x?narHash=y&ref=main&rev=0123456789": "git+https://e.test/x?ref=main&rev=0123456789&narHash=sha256-a%2Bb%2F%3D#x",
	} {
		if got := named(plain(url), "sha256-a+b/=", "x"); got != want {
			t.Errorf("%s: %s", url, got)
		}
	}
}
