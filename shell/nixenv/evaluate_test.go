package nixenv

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
)

// newProject makes a directory for a project and returns it.
func newProject(t *testing.T, bed *nixtest.Bed, name string) string {
	t.Helper()
	dir := filepath.Join(bed.Dir, "work", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func request(bed *nixtest.Bed, dir, choice string) (Request, error) {
	exists := func(p string) bool { _, err := os.Lstat(p); return err == nil }
	source, err := Choose(exists, dir, choice)
	return Request{Source: source, StateDir: bed.State, Env: bed.Env()}, err
}

// evaluate evaluates what choice says in dir.
func evaluate(t *testing.T, bed *nixtest.Bed, dir, choice string) *Result {
	t.Helper()
	req, err := request(bed, dir, choice)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	req.Log = &log
	r, err := Evaluate(t.Context(), req)
	if err != nil {
		var known *Error
		errors.As(err, &known)
		t.Fatalf("%v\n%+v\n%s", err, known, log.String())
	}
	return r
}

func value(d env.Delta, name string) string {
	v, ok := d.Set[name]
	if !ok {
		return "(not set)"
	}
	text, _ := v.Literal()
	return text
}

func TestSources(t *testing.T) {
	bed := nixtest.New(t)
	dir := newProject(t, bed, "p")
	nixtest.Flake(t, dir,
		nixtest.Shell{Vars: map[string]string{"FOO": "bar baz", "version": "1"}},
		nixtest.Shell{Attr: "ci", Vars: map[string]string{"FOO": "in ci"}})
	nixtest.File(t, filepath.Join(dir, "shell.nix"), nixtest.Shell{Vars: map[string]string{"FOO": "a file"}, Nix: map[string]string{"INSIDE": `builtins.getEnv "IN_NIX_SHELL"`}})
	nixtest.Write(t, filepath.Join(dir, "two.nix"), "{ x ? 1 }: { one = "+nixtest.Shell{Vars: map[string]string{"FOO": "one"}}.Expression()+"; }")
	for _, c := range []struct{ choice, foo string }{
		{"auto", "bar baz"}, {".#ci", "in ci"}, {"./shell.nix", "a file"}, {"./two.nix#one", "one"},
	} {
		t.Run(c.choice, func(t *testing.T) {
			r := evaluate(t, bed, dir, c.choice)
			if got := value(r.Delta, "FOO"); got != c.foo {
				t.Errorf("FOO = %q, want %q", got, c.foo)
			}
			if c.choice == "./shell.nix" && value(r.Delta, "INSIDE") != "impure" {
				t.Error("the file does not see that it is evaluated for a shell")
			}
			for _, name := range []string{"HOME", "TMPDIR", "SHELL", "TERM", "out", "name", "version", "builder", "NIX_BUILD_TOP", "PWD", "PATH"} {
				if _, ok := r.Delta.Set[name]; ok {
					t.Errorf("%s = %q leaks", name, value(r.Delta, name))
				}
			}
			if path := r.Delta.Lists["PATH"].Prepend; len(path) != 3 || !strings.HasSuffix(path[0], "-stdenv/tools/bin") {
				t.Errorf("PATH gets %q", path)
			}
			if data := r.Delta.Lists["XDG_DATA_DIRS"].Prepend; len(data) != 1 || !strings.HasSuffix(data[0], "-stdenv/share") {
				t.Errorf("XDG_DATA_DIRS gets %q", data)
			}
			if value(r.Delta, "IN_NIX_SHELL") != "impure" {
				t.Error("IN_NIX_SHELL is missing")
			}
		})
	}
}

func TestForeignReference(t *testing.T) {
	bed := nixtest.New(t)
	dir, flake := newProject(t, bed, "p"), newProject(t, bed, "flake")
	nixtest.Flake(t, flake, nixtest.Shell{Attr: "dev", Vars: map[string]string{"FOO": "foreign"}, Hook: `export WHERE=$PWD`})
	for _, ref := range []string{flake + "#dev", "path:" + flake + "#dev"} {
		source, err := ParseRef(dir, ref)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Evaluate(t.Context(), Request{Source: source, StateDir: bed.State, Env: bed.Env()})
		if err != nil {
			t.Fatal(err)
		}
		if value(r.Delta, "FOO") != "foreign" {
			t.Errorf("%s: FOO = %q", ref, value(r.Delta, "FOO"))
		}
	}
}

func TestCache(t *testing.T) {
	bed := nixtest.New(t)
	dir, other := newProject(t, bed, "one"), newProject(t, bed, "two")
	shell := nixtest.Shell{Vars: map[string]string{"FOO": "bar"}, Hook: "export HERE=$PWD; echo in $PWD"}
	nixtest.Flake(t, dir, shell)
	nixtest.Flake(t, other, shell)
	first := evaluate(t, bed, dir, "auto")
	if first.FromCache || !first.HookRan || len(bed.Runs(t)) != 1 {
		t.Fatalf("the first evaluation: cached %v, nix ran %d times", first.FromCache, len(bed.Runs(t)))
	}
	again := evaluate(t, bed, dir, "auto")
	if !again.FromCache || again.HookRan || value(again.Delta, "FOO") != "bar" || value(again.Delta, "HERE") != dir {
		t.Errorf("the second evaluation: %+v", again)
	}
	elsewhere := evaluate(t, bed, other, "auto")
	if !elsewhere.FromCache || elsewhere.Key != first.Key {
		t.Error("equal contents in another directory are evaluated again")
	}
	if got := value(elsewhere.Delta, "HERE"); got != other {
		t.Errorf("the hook of %s was taken for %s", got, other)
	}
	if want := "in " + other + "\n"; !elsewhere.HookRan || elsewhere.HookOutput != want {
		t.Errorf("the hook ran (%v) and printed %q, want %q", elsewhere.HookRan, elsewhere.HookOutput, want)
	}
	if n := len(bed.Runs(t)); n != 1 {
		t.Errorf("nix ran %d times, want 1", n)
	}
	shell.Vars["FOO"] = "changed"
	nixtest.Flake(t, dir, shell)
	if r := evaluate(t, bed, dir, "auto"); value(r.Delta, "FOO") != "changed" {
		t.Error("a change is not seen")
	}
	if r := evaluate(t, bed, other, "auto"); !r.FromCache {
		t.Error("the evaluation before is forgotten")
	}
	checkModes(t, filepath.Join(bed.State, "nix"))
}

// checkModes requires that nobody else can read what is stored.
func checkModes(t *testing.T, dir string) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode()&os.ModeSymlink == 0 && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRefresh(t *testing.T) {
	bed := nixtest.New(t)
	dir := newProject(t, bed, "p")
	nixtest.Flake(t, dir, nixtest.Shell{Hook: "export STAMP=$(<token)"})
	nixtest.Write(t, filepath.Join(dir, "token"), "old")
	evaluate(t, bed, dir, "auto")
	nixtest.Write(t, filepath.Join(dir, "token"), "new")
	req, err := request(bed, dir, "auto")
	if err != nil {
		t.Fatal(err)
	}
	req.Refresh = true
	r, err := Evaluate(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if r.FromCache || value(r.Delta, "STAMP") != "new" || len(bed.Runs(t)) != 2 {
		t.Errorf("cached %v, STAMP %q, %d runs", r.FromCache, value(r.Delta, "STAMP"), len(bed.Runs(t)))
	}
}

// A file that only the evaluation itself tells of is an input, too.
func TestFilesOnlyNixKnows(t *testing.T) {
	for _, git := range []bool{false, true} {
		bed := nixtest.New(t)
		dir := newProject(t, bed, "p/sub")
		lib := filepath.Join(dir, "hidden.nix")
		nixtest.Write(t, lib, `"one"`)
		nixtest.Flake(t, dir, nixtest.Shell{Nix: map[string]string{"FOO": `import (./. + "/hidden.nix")`}})
		if git {
			bed.Git(t, filepath.Dir(dir), "sub/flake.nix", "sub/hidden.nix")
		}
		r := evaluate(t, bed, dir, "auto")
		if !slices.Contains(r.Files.Extra(), Input{Path: lib, Deciding: true}) {
			t.Errorf("git %v: inputs are %v", git, r.Files)
		}
		if !evaluate(t, bed, dir, "auto").FromCache {
			t.Errorf("git %v: evaluated again", git)
		}
		nixtest.Write(t, lib, `"two"`)
		if r := evaluate(t, bed, dir, "auto"); value(r.Delta, "FOO") != "two" {
			t.Errorf("git %v: FOO = %q after the change", git, value(r.Delta, "FOO"))
		}
	}
}

func TestCollected(t *testing.T) {
	bed := nixtest.New(t)
	dir := newProject(t, bed, "p")
	nixtest.Flake(t, dir, nixtest.Shell{Vars: map[string]string{"FOO": "bar"}})
	r := evaluate(t, bed, dir, "auto")
	bed.Nix(t, dir, "store", "gc")
	if _, err := os.Stat(r.Profile); err != nil {
		t.Fatal("the profile does not keep the environment:", err)
	}
	if removed, err := Remove(bed.State, r.Key, time.Now().Add(-time.Hour)); err != nil || removed {
		t.Fatalf("collected what was just written: %v, %v", removed, err)
	}
	// What is kept by nobody goes, whatever the entry says.
	links, _ := filepath.Glob(r.Profile + "-*-link")
	for _, l := range links {
		if err := os.Remove(l); err != nil {
			t.Fatal(err)
		}
	}
	bed.Nix(t, dir, "store", "gc")
	again := evaluate(t, bed, dir, "auto")
	if again.FromCache || value(again.Delta, "FOO") != "bar" {
		t.Error("an environment that is gone was taken from the cache")
	}
	stored, err := Evaluations(bed.State)
	if err != nil || len(stored) != 1 || stored[0].Key != r.Key || stored[0].Changed.Before(time.Now().Add(-time.Hour)) {
		t.Fatalf("stored: %+v, %v", stored, err)
	}
	lock, err := tryLock(stored[0].Dir)
	if err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	if removed, err := Remove(bed.State, r.Key, later); err != nil || removed {
		t.Fatalf("collected what is in use: %v, %v", removed, err)
	}
	lock.Close()
	for _, want := range []bool{true, false} { // the second time there is nothing
		if removed, err := Remove(bed.State, r.Key, later); err != nil || removed != want {
			t.Fatalf("collected: %v, %v", removed, err)
		}
	}
	if removed, err := Remove(bed.State, "../../home", later); err != nil || removed {
		t.Fatalf("no evaluation: %v, %v", removed, err)
	}
	if left, _ := os.ReadDir(filepath.Join(bed.State, "nix")); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}

func TestConcurrent(t *testing.T) {
	bed := nixtest.New(t)
	dir := newProject(t, bed, "p")
	nixtest.Flake(t, dir, nixtest.Shell{Hook: "echo ran >>ran; export FOO=x"})
	req, err := request(bed, dir, "auto")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if r, err := Evaluate(t.Context(), req); err != nil || value(r.Delta, "FOO") != "x" {
				t.Errorf("%v, %v", r, err)
			}
		})
	}
	group.Wait()
	if n := len(bed.Runs(t)); n != 1 {
		t.Errorf("nix ran %d times", n)
	}
	if ran, _ := os.ReadFile(filepath.Join(dir, "ran")); string(ran) != "ran\n" {
		t.Errorf("the hook ran: %q", ran)
	}
}

func TestChangedMeanwhile(t *testing.T) {
	bed := nixtest.New(t)
	dir := newProject(t, bed, "p")
	next := nixtest.Shell{Vars: map[string]string{"FOO": "new"}}
	nixtest.Flake(t, dir, nixtest.Shell{Vars: map[string]string{"FOO": "old"}})
	req, err := request(bed, dir, "auto")
	if err != nil {
		t.Fatal(err)
	}
	req.Log = writerFunc(func(p []byte) {
		// The first build comes after nix has read the flake.
		if strings.HasPrefix(string(p), "building '") {
			nixtest.Flake(t, dir, next)
		}
	})
	r, err := Evaluate(t.Context(), req)
	if err != nil || value(r.Delta, "FOO") != "new" {
		t.Errorf("%v, %v", r, err)
	}
}

func TestCancelKillsBuilders(t *testing.T) {
	bed := nixtest.New(t)
	dir := newProject(t, bed, "p")
	pidFile := filepath.Join(bed.Dir, "pid")
	nixtest.Flake(t, dir, nixtest.Shell{Builder: "echo $$ >" + pidFile + "; echo started; read -t 600 <> <(:)"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := request(bed, dir, "auto")
	if err != nil {
		t.Fatal(err)
	}
	req.Log = writerFunc(func(p []byte) {
		if strings.Contains(string(p), "dependency> started") {
			cancel()
		}
	})
	_, err = Evaluate(ctx, req)
	var known *Error
	if !errors.As(err, &known) || known.Kind != Canceled || !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	pid, readErr := os.ReadFile(pidFile)
	if readErr != nil {
		t.Fatal("the builder did not run:", readErr)
	}
	gone(t, strings.TrimSpace(string(pid)))
	if r := bed.Runs(t); len(r) != 1 {
		t.Errorf("nix ran %d times", len(r))
	}
}

type writerFunc func(p []byte)

func (f writerFunc) Write(p []byte) (int, error) { f(p); return len(p), nil }

// gone requires that a process ends soon.
func gone(t *testing.T, pid string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("process %s still runs: %s", pid, stat)
		case <-tick.C:
		}
	}
}

// odd are names that a reference to a flake would read as something else.
var odd = []string{
	"plain", "with space", "it's", `d"q`, "ha#sh", "que?ry", "per%20cent", "a&b=c", "semi;colon", "do$lar",
	"-dash", `back\slash`, "new\nline", "bad\xffutf8", "ü", "a:b", "[br]", "~tilde", "st*r", "dir=x", "a^b", ".hidden",
}

func TestOddDirectories(t *testing.T) {
	bed := nixtest.New(t)
	old := strings.Contains(bed.Nix(t, bed.Dir, "--version"), " 2.8.")
	for _, name := range odd {
		for _, kind := range []string{"flake", "git", "file"} {
			dir := newProject(t, bed, kind+"/"+name)
			// Another value in each, so that each is evaluated.
			shell := nixtest.Shell{Vars: map[string]string{"FOO": kind}, Hook: "export HERE=$PWD"}
			choice := "auto"
			if kind == "file" {
				nixtest.File(t, filepath.Join(dir, "shell.nix"), shell)
			} else {
				nixtest.Flake(t, dir, shell)
			}
			if kind == "git" {
				bed.Git(t, dir, "flake.nix")
			}
			req, err := request(bed, dir, choice)
			if err != nil {
				t.Fatal(err)
			}
			req.Refresh = true
			r, err := Evaluate(t.Context(), req)
			var known *Error
			if old && kind == "git" && errors.As(err, &known) && known.Kind == BadPath && known.Hint != "" {
				continue // that version cannot, and it is said
			}
			if err != nil {
				t.Errorf("%s %q: %v", kind, name, err)
				continue
			}
			if value(r.Delta, "FOO") != kind || value(r.Delta, "HERE") != dir {
				t.Errorf("%s %q: FOO %q, HERE %q", kind, name, value(r.Delta, "FOO"), value(r.Delta, "HERE"))
			}
		}
	}
}

func BenchmarkCached(b *testing.B) {
	bed := nixtest.New(b)
	dir := filepath.Join(bed.Dir, "work")
	nixtest.Flake(b, dir, nixtest.Shell{Hook: "export FOO=x"})
	req, err := request(bed, dir, "auto")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Evaluate(b.Context(), req); err != nil {
			b.Fatal(err)
		}
	}
}
