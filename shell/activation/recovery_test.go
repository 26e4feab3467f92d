package activation

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
)

// foo is a project whose flake sets FOO.
func (b nixBed) foo(name, value string) *Entry {
	b.t.Helper()
	b.flake(name, nixtest.Shell{Vars: map[string]string{"FOO": value}}, nil)
	return b.resolve(name)
}

// Evaluations stay while a project, one of its generations, or a shell's,
// refers to them; with the last one their root in the store goes.
func TestCollectEvaluations(t *testing.T) {
	b := newNixBed(t)
	nix := b.nix
	b.known("stays")
	first := b.foo("p", "first")
	second := b.foo("p", "second")
	other := b.foo("other", "second") // the same evaluation
	if first.Layers[0].Evaluation == "" || second.Layers[0].Evaluation != other.Layers[0].Evaluation {
		t.Fatalf("%+v, %+v, %+v", first.Layers, second.Layers, other.Layers)
	}
	root := func(e *Entry) string { return filepath.Join(b.Store.Nix(), e.Layers[0].Evaluation) }
	left := func(e *Entry, want bool) {
		t.Helper()
		if _, err := os.Stat(root(e)); (err == nil) != want {
			t.Errorf("the evaluation is left: %v", err)
		}
	}
	if went, _ := b.collect(10*days, GoneFor, 8); len(went) != 0 {
		t.Errorf("all is in use: %q", went)
	}
	notes := filepath.Join(b.Store.Shells(), fmt.Sprint(os.Getpid()))
	if err := os.WriteFile(notes, []byte(b.Store.Place(b.dev+"/p").Generation(first.Generation)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if went, _ := b.collect(10*days, GoneFor, 0); len(went) != 0 {
		t.Errorf("a shell uses it: %q", went)
	}
	if err := os.Remove(notes); err != nil {
		t.Fatal(err)
	}
	b.collect(0, GoneFor, 0)
	left(first, true) // it was made today: somebody may be about to refer to it
	b.collect(10*days, GoneFor, 0)
	left(first, false)
	left(second, true)
	nix.Nix(t, b.dev, "store", "gc")
	b.rm("p")
	b.collect(10*days, 0, 0)
	left(second, true) // the other project's
	if e := b.resolve("other"); b.value(e, "FOO") != "second" {
		t.Errorf("%+v", e)
	}
	b.rm("other")
	b.collect(10*days, 0, 0)
	left(second, false)
	nix.Nix(t, b.dev, "store", "gc")
	if kept, err := filepath.Glob(nix.Dir + "/store/*-env"); err != nil || len(kept) != 0 {
		t.Errorf("the environments are in the store: %q, %v", kept, err)
	}
}

// A garbage collection of the store, after the root was removed by hand, is
// seen as a changed input, without a process and by programs, and mended.
func TestCollectedPaths(t *testing.T) {
	b := newNixBed(t)
	nix := b.nix
	e := b.foo("p", "bar")
	profile, err := filepath.Glob(b.Store.Nix() + "/*/*/profile")
	if err != nil || len(profile) != 1 {
		t.Fatalf("%q, %v", profile, err)
	}
	checks, err := os.ReadFile(b.Store.Place(b.dev+"/p").Current() + "/check.fish")
	if err != nil || !strings.Contains(string(checks), profile[0]) {
		t.Errorf("the hook does not look at the root: %v", err)
	}
	nix.Nix(t, b.dev, "store", "gc")
	if stale := e.Stale(); len(stale) != 0 {
		t.Fatalf("it was kept, and yet: %q", stale)
	}
	links, _ := filepath.Glob(profile[0] + "-*-link")
	for _, l := range links {
		if err := os.Remove(l); err != nil {
			t.Fatal(err)
		}
	}
	nix.Nix(t, b.dev, "store", "gc")
	if stale := e.Stale(); len(stale) != 1 || stale[0] != profile[0] {
		t.Errorf("stale: %q", stale)
	}
	runs := len(nix.Runs(t))
	again := b.resolve("p")
	if len(nix.Runs(t)) != runs+1 || b.value(again, "FOO") != "bar" || again.State != OK || len(again.Stale()) != 0 {
		t.Errorf("%d runs: %+v", len(nix.Runs(t))-runs, again)
	}
	profile, err = filepath.Glob(b.Store.Nix() + "/*/*/profile")
	if err != nil || len(profile) != 1 {
		t.Fatalf("%q, %v", profile, err)
	}
	if _, err := os.Stat(profile[0]); err != nil {
		t.Errorf("it is not there: %v", err)
	}
}

// Away from the network: what is in the store is enough where it is, and else
// the last good environment stays, which is told in one line, and what failed is
// tried again when it is asked for.
func TestOffline(t *testing.T) {
	b := newNixBed(t)
	nix := b.nix
	nix.Configure(t, "substituters = http://127.0.0.1:9")
	good := b.foo("p", "good")
	started := time.Now()
	changed := b.foo("p", "changed")
	if took := time.Since(started); b.value(changed, "FOO") != "changed" || took > 4*time.Second {
		t.Errorf("it took %v: %+v", took, changed)
	}
	nixtest.Write(t, b.dev+"/p/flake.nix", fmt.Sprintf(`{ outputs = { self }: { devShells.%s.default = derivation { name = "x"; system = "x"; builder = "bash";
		far = builtins.fetchTarball { url = "http://127.0.0.1:9/x.tar.gz"; sha256 = "0000000000000000000000000000000000000000000000000000"; }; }; }; }`, nixtest.System()))
	nixtest.Write(t, b.dev+"/p/flake.lock", `{"nodes":{"root":{}},"root":"root","version":7}`)
	b.allow("p")
	started = time.Now()
	away := b.resolve("p")
	if took := time.Since(started); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
	if away.Generation != changed.Generation || away.State != Failed || strings.Contains(away.Note, "\n") ||
		!strings.Contains(away.Note, "fetching for flake.nix failed") || !strings.HasSuffix(away.Note, "the last good environment stays") {
		t.Errorf("%+v", away)
	}
	runs := len(nix.Runs(t))
	if e, err := b.Current(t.Context(), b.dev+"/p"); err != nil || e.ID != away.ID || len(nix.Runs(t)) != runs {
		t.Errorf("it was tried again unasked: %v, %v", e, err)
	}
	if _, err := b.Resolve(t.Context(), b.dev+"/p", Options{Refresh: true}); err != nil || len(nix.Runs(t)) == runs {
		t.Errorf("it was not tried again: %v", err)
	}
	if err := os.Remove(b.dev + "/p/flake.lock"); err != nil {
		t.Fatal(err)
	}
	if back := b.foo("p", "good"); back.Generation != good.Generation || back.State != OK {
		t.Errorf("back: %+v", back)
	}
}
