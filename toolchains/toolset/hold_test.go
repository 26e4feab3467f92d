package toolset

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
	"github.com/hbohlen/devsh/toolchains/catalogue"
	"github.com/hbohlen/devsh/toolchains/lockfile"
	"github.com/hbohlen/devsh/toolchains/toolstest"
)

// nixBed is a bed with a nix of its own, whose nixpkgs has x-nix and the node of
// this system.
func nixBed(t *testing.T) (*bed, *nixtest.Bed) {
	t.Helper()
	b, nix := newBed(t), nixtest.New(t)
	for k, v := range env.FromList(nix.Env()) {
		if strings.HasPrefix(k, "NIX_") {
			b.Environ[k] = v
		}
	}
	node, err := exec.LookPath("node")
	if err == nil {
		node, err = filepath.EvalSymlinks(node)
	}
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	nixtest.Write(t, filepath.Join(dir, "flake.nix"), toolstest.NixFlake(map[string][2]string{
		"x-nix": {"1.0.0", toolstest.Says("nix", "nix 1.0.0")},
		"node":  {"1", "mkdir -p $out/bin; cp " + node + " $out/bin/node"},
	}))
	if err := os.Chtimes(filepath.Join(dir, "flake.nix"), old, old); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(dir, old, old); err != nil {
		t.Fatal(err)
	}
	b.Nixpkgs = "path:" + dir
	return b, nix
}

// A tool of nix's stays when nix collects, as long as a kept set has it; then it goes.
func TestHeldByNix(t *testing.T) {
	b, nix := nixBed(t)
	s := b.open(t)
	must(t)(s.Install(t.Context(), []Request{program("nix")}, Options{}))
	nix.Nix(t, "/", "store", "gc")
	if b.says(t, "nix") != "nix 1.0.0" {
		t.Error("it was collected")
	}
	real, err := filepath.EvalSymlinks(filepath.Join(b.Dir, "tools/user/current/bin/nix"))
	if err != nil {
		t.Fatal(err)
	}
	// Without its roots it is not whole, and is mended.
	if err := os.RemoveAll(filepath.Join(b.Dir, "tools/roots")); err != nil {
		t.Fatal(err)
	}
	s = b.open(t)
	must(t)(s.Install(t.Context(), nil, Options{}))
	if links, err := filepath.Glob(filepath.Join(b.Dir, "tools/roots/*/*")); err != nil || len(links) == 0 {
		t.Errorf("it has no roots: %v", err)
	}
	must(t)(s.Remove(t.Context(), []string{"nix"}))
	for range 6 { // until no kept set has it
		must(t)(s.Install(t.Context(), []Request{program("a")}, Options{}))
		must(t)(s.Remove(t.Context(), []string{"a"}))
	}
	if _, err := s.Store.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	nix.Nix(t, "/", "store", "gc")
	if _, err := os.Stat(real); err == nil {
		t.Error("it is there for ever")
	}
	b.whole(t)
}

// What npm installs runs by the node that is on PATH; nix keeps that.
func TestNodeIsHeld(t *testing.T) {
	b, nix := nixBed(t)
	b.others(t, "")
	link := filepath.Join(t.TempDir(), "node")
	nix.Nix(t, "/", "build", "--out-link", link, b.Nixpkgs+"#node")
	b.Environ["PATH"] = filepath.Join(link, "bin") + ":" + b.Environ["PATH"]
	must(t)(b.open(t).Install(t.Context(), []Request{program("npm")}, Options{}))
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	nix.Nix(t, "/", "store", "gc")
	if b.says(t, "npm") != "npm 1.0.0" {
		t.Error("its node was collected")
	}
	// Where nobody can keep it, people are told.
	b.Environ["PATH"] = strings.ReplaceAll(b.Environ["PATH"], link, filepath.Dir(nodeOf(t, b)))
	s := b.open(t)
	s.Keeper = gone{s.Keeper}
	if err := os.RemoveAll(filepath.Join(b.Dir, "tools/roots")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(b.Dir, "tools/roots"), 0o700); err != nil {
		t.Fatal(err)
	}
	r := must(t)(s.Install(t.Context(), nil, Options{}))
	if notes := r.Outcomes[0].Entry.Notes; len(notes) != 1 || !strings.Contains(notes[0], "until nix collects") {
		t.Errorf("%q", notes)
	}
}

// nodeOf is the node that the installed tool is bound to.
func nodeOf(t *testing.T, b *bed) string {
	t.Helper()
	entries, err := b.open(t).Entries()
	if err != nil || len(entries) != 1 || len(entries[0].Needs) != 1 {
		t.Fatal(entries, err)
	}
	return filepath.Dir(entries[0].Needs[0])
}

// gone is a keeper that cannot keep.
type gone struct{ Keeper }

func (gone) Hold(ctx context.Context, _ []string, _ string) error { return os.ErrPermission }

// The order of sources is stated: the first that can be used is taken.
func TestOrder(t *testing.T) {
	tool := &catalogue.Tool{Name: "x", From: map[string]catalogue.Source{
		lockfile.Nix: {Package: "x"}, lockfile.Cargo: {Package: "x"}, lockfile.NPM: {Package: "x"},
	}}
	for starts, want := range map[bool]string{true: "npm nix cargo", false: "nix npm cargo"} {
		o := OrderFor(starts)
		if got := strings.Join(o.Of(tool), " "); got != want || o.Because == "" {
			t.Errorf("%v: %s, %q", starts, got, o.Because)
		}
	}
	b := newBed(t)
	s := b.open(t)
	s.Order = OrderFor(false)
	if r, err := s.source(t.Context(), Request{}, tool); err != nil || r.From != lockfile.Nix {
		t.Errorf("%+v, %v", r, err)
	}
	b.Environ["PATH"] = toolstest.Programs(t, "cargo", "rustc")
	if r, err := b.open(t).source(t.Context(), Request{}, tool); err != nil || r.From != lockfile.Cargo {
		t.Errorf("%+v, %v", r, err)
	}
}
