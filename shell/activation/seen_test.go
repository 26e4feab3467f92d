package activation

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/nixenv"
	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
	"github.com/hbohlen/devsh/shell/trust"
)

// nixBed is a bed whose programs include a nix with a private store.
type nixBed struct {
	*bed
	nix *nixtest.Bed
}

func newNixBed(t *testing.T) nixBed {
	t.Helper()
	b := nixBed{newBed(t), nixtest.New(t)}
	b.Env = b.nix.Env()
	return b
}

// flake writes a project with a flake, and allows it.
func (b nixBed) flake(name string, shell nixtest.Shell, files map[string]string) {
	b.t.Helper()
	for file, text := range files {
		b.write(name+"/"+file, text)
	}
	nixtest.Flake(b.t, filepath.Join(b.dev, name), shell)
	b.allow(name)
}

// check resolves a project and requires a value and that nix ran so often.
func (b nixBed) check(what, name, variable, want string, runs int) *Entry {
	b.t.Helper()
	before := len(b.nix.Runs(b.t))
	e := b.resolve(name)
	if got := b.value(e, variable); got != want || e.State != OK {
		b.t.Errorf("%s: %s is %q, want %q; %s", what, variable, got, want, e.Note)
	}
	if n := len(b.nix.Runs(b.t)) - before; n != runs {
		b.t.Errorf("%s: nix ran %d times, want %d", what, n, runs)
	}
	return e
}

// changed requires that the project counts as changed by exactly these files,
// with the last good environment.
func (b nixBed) changed(what string, e *Entry, variable, want string, files ...string) {
	b.t.Helper()
	own, _ := e.Own()
	if own.State != trust.Changed || !slices.Equal(own.Changed, files) {
		b.t.Errorf("%s: %s, changed %q, want %q", what, own.State, own.Changed, files)
	}
	if got := b.value(e, variable); got != want {
		b.t.Errorf("%s: %s is %q, want %q", what, variable, got, want)
	}
}

var computed = nixtest.Shell{Hook: "echo $FOO >>ran", Nix: map[string]string{"FOO": `import (./. + "/x.nix")`, "README": `"${./. + "/data.txt"}"`}}

func ran(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "ran"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(data), "\n", " ")
}

// A computed import comes with the permission of the place the first time, and
// from then on it is judged like all other deciding files.
func TestComputedImport(t *testing.T) {
	for _, git := range []bool{false, true} {
		b := newNixBed(t)
		if git {
			b.nix.Git(t, b.mkdir(b.dev+"/p"))
		}
		b.flake("p", computed, map[string]string{"x.nix": `"one"`, "data.txt": "data", "README": "read me"})
		if git {
			b.nix.Git(t, b.dev+"/p", ".")
		}
		b.check("first", "p", "FOO", "one", 1)
		memory := hash(t, b.Store.trust())
		e := b.check("again", "p", "FOO", "one", 0)
		if _, err := b.Resolve(t.Context(), b.dev+"/p", Options{Judge: true}); err != nil || hash(t, b.Store.trust()) != memory {
			t.Errorf("a second run changed what is remembered: %v", err)
		}
		for _, name := range []string{"x.nix", "data.txt"} {
			if !slices.ContainsFunc(b.resolve("p").Inputs, func(f inputs.File) bool { return f.Path == b.dev+"/p/"+name }) {
				t.Errorf("%s is no input of %v", name, e.Inputs)
			}
		}

		b.write("p/README", "changed")
		if stale := e.Stale(); len(stale) != 0 {
			t.Errorf("README is an input: %q", stale)
		}
		b.check("README", "p", "FOO", "one", 0)
		later := time.Now().Add(time.Hour)
		if err := os.Chtimes(b.dev+"/p/x.nix", later, later); err != nil {
			t.Fatal(err)
		}
		b.check("touch", "p", "FOO", "one", 0)
		if again := b.check("touch", "p", "FOO", "one", 0); again.Generation != e.Generation {
			t.Error("touching made another generation")
		}
		b.write("p/data.txt", "other data")
		b.check("what does not decide", "p", "FOO", "one", 1)

		b.write("p/x.nix", `"two"`)
		b.changed("x.nix changed", b.resolve("p"), "FOO", "one", "x.nix")
		if got := ran(t, b.dev+"/p"); strings.Contains(got, "two") {
			t.Errorf("the hook ran before it was allowed: %q", got)
		}
		b.allow("p")
		two := b.check("x.nix allowed", "p", "FOO", "two", 1)
		b.check("again", "p", "FOO", "two", 0)

		b.write("p/x.nix", `"one"`)
		b.changed("back", b.resolve("p"), "FOO", "two", "x.nix")
		b.allow("p")
		if back := b.check("back", "p", "FOO", "one", 0); back.Generation == two.Generation {
			t.Error("the generation is the other's")
		}
		b.write("p/x.nix", `"two"`)
		b.allow("p")
		if again := b.check("there again", "p", "FOO", "two", 0); again.Generation != two.Generation {
			t.Error("the generation was not found again")
		}
	}
}

// A file that comes up while the judged ones are the same is a change, however
// it came: nothing of it is taken over, its shellHook does not run.
func TestFileComesUp(t *testing.T) {
	listed := `builtins.concatStringsSep " " (map (f: import (./. + "/mods/${f}")) (builtins.attrNames (builtins.readDir (./. + "/mods"))))`
	for name, c := range map[string]struct {
		expression, file string
		more             map[string]string
		gone             string
	}{
		"in a directory that is read": {expression: listed, file: "mods/evil.nix"},
		"in the place of another":     {expression: listed, file: "mods/evil.nix", gone: "mods/a.nix"},
		"by a name that is read":      {expression: `import (./. + "/${builtins.readFile ./which}.nix")`, file: "evil.nix", more: map[string]string{"which": "evil"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newNixBed(t)
			b.flake("p", nixtest.Shell{Hook: "echo $FOO >>ran", Nix: map[string]string{"FOO": c.expression}},
				map[string]string{"mods/a.nix": `"good"`, "which": "mods/a"})
			b.check("first", "p", "FOO", "good", 1)
			b.write("p/"+c.file, `"evil"`)
			for file, text := range c.more {
				b.write("p/"+file, text)
			}
			if c.gone != "" {
				if err := os.Remove(b.dev + "/p/" + c.gone); err != nil {
					t.Fatal(err)
				}
			}
			e, err := b.Resolve(t.Context(), b.dev+"/p", Options{Refresh: true})
			if err != nil {
				t.Fatal(err)
			}
			b.changed("evaluated anew", e, "FOO", "good", c.file)
			b.changed("and looked at again", b.resolve("p"), "FOO", "good", c.file)
			if got := ran(t, b.dev+"/p"); got != "good " {
				t.Errorf("the hook ran: %q", got)
			}
			req, err := b.Ask(b.dev + "/p")
			if err != nil || !slices.ContainsFunc(req.Files, func(f trust.File) bool { return f.Path == c.file }) {
				t.Errorf("allow does not show it: %v, %v", req, err)
			}
			b.allow("p")
			before := len(b.nix.Runs(t))
			if e := b.resolve("p"); !strings.Contains(b.value(e, "FOO"), "evil") || len(b.nix.Runs(t)) != before {
				t.Errorf("allowed: %q, %d runs", b.value(e, "FOO"), len(b.nix.Runs(t))-before)
			}
		})
	}
}

// A file that is only named lazily is judged too, once its importer is known,
// and makes no change of its own.
func TestWhatComputedImportsName(t *testing.T) {
	b := newNixBed(t)
	b.flake("p", nixtest.Shell{Nix: map[string]string{"FOO": `(import (./. + "/x.nix")).a`}},
		map[string]string{"x.nix": `{ a = "one"; b = import ./lazy.nix; }`, "lazy.nix": `"lazy"`})
	b.check("first", "p", "FOO", "one", 1)
	b.check("again", "p", "FOO", "one", 0)
	b.write("p/lazy.nix", `"other"`)
	b.changed("lazy.nix changed", b.resolve("p"), "FOO", "one", "lazy.nix")
}

// What was not taken of an evaluation, and why inputs may be missing, is told.
func TestNotesOfAnEvaluation(t *testing.T) {
	b := newNixBed(t)
	outside := []string{`"one"`}
	for i := range maxIncomplete + 2 {
		outside = append(outside, fmt.Sprintf("../outside-%d", i))
	}
	b.flake("p", nixtest.Shell{Vars: map[string]string{"fish_greeting": "x"}, Nix: map[string]string{"FOO": "builtins.head [" + strings.Join(outside, " ") + "]"}}, nil)
	e := b.check("first", "p", "FOO", "one", 1)
	got := strings.Join(e.Layers[0].Notes, "\n")
	for _, want := range []string{"not taken: fish_greeting", "inputs may be missing: flake.nix names ../outside-0, which is outside", "for 2 more reasons"} {
		if !strings.Contains(got, want) || strings.Count(got, "inputs may") != maxIncomplete+1 {
			t.Errorf("the notes do not tell %q:\n%s", want, got)
		}
	}
	if again := b.check("again", "p", "FOO", "one", 0); strings.Join(again.Layers[0].Notes, "\n") != got {
		t.Errorf("of a stored evaluation: %q", again.Layers[0].Notes)
	}
}

// What a shell.nix imports from around the project is judged as well.
func TestImportFromElsewhere(t *testing.T) {
	b := newNixBed(t)
	b.write("common/tools.nix", `"one"`)
	nixtest.File(t, b.mkdir(b.dev+"/p")+"/shell.nix", nixtest.Shell{Hook: "echo $FOO >>ran", Nix: map[string]string{"FOO": `import ../common/tools.nix`}})
	b.allow("p")
	e := b.check("first", "p", "FOO", "one", 1)
	b.write("common/tools.nix", `"two"`)
	if stale := e.Stale(); !slices.Equal(stale, []string{b.dev + "/common/tools.nix"}) {
		t.Errorf("stale: %q", stale)
	}
	b.changed("changed", b.resolve("p"), "FOO", "one", "../common/tools.nix")
	b.allow("p")
	b.check("allowed", "p", "FOO", "two", 1)
}

// The state can be deleted, but for what the user has decided: that a computed
// import decides is part of it.
func TestSeenOutlivesTheState(t *testing.T) {
	b := newNixBed(t)
	b.flake("p", computed, map[string]string{"x.nix": `"one"`, "data.txt": ""})
	b.check("first", "p", "FOO", "one", 1)
	for _, dir := range []string{"tree", "nix", "settings", "shells"} {
		if err := os.RemoveAll(filepath.Join(b.Store.Dir, dir)); err != nil {
			t.Fatal(err)
		}
	}
	b.write("p/x.nix", `"two"`)
	b.changed("x.nix changed", b.resolve("p"), "FOO", "-", "x.nix")
	b.write("p/x.nix", `"one"`)
	b.check("back", "p", "FOO", "one", 1)
}

// Another worktree is trusted with the same computed imports only.
func TestWorktreeWithComputedImports(t *testing.T) {
	b := newNixBed(t)
	b.nix.Git(t, b.mkdir(b.dev+"/main"))
	b.flake("main", computed, map[string]string{"x.nix": `"one"`, "data.txt": ""})
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=x", "-c", "user.email=x", "-C", b.dev + "/main"}, args...)...)
		cmd.Env = b.Env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	git("add", ".")
	git("commit", "-qm", "x")
	b.check("main", "main", "FOO", "one", 1)
	for _, name := range []string{"same", "other"} {
		git("worktree", "add", "-q", "-b", name, b.dev+"/"+name)
	}
	b.check("the same", "same", "FOO", "one", 0)
	b.check("the same again", "same", "FOO", "one", 0)
	b.write("other/x.nix", `"two"`)
	for range 2 {
		e := b.resolve("other")
		if own, _ := e.Own(); own.State != trust.Unknown || b.value(e, "FOO") != "-" || ran(t, b.dev+"/other") != "" {
			t.Errorf("the other: %s, FOO %q, the hook ran %q", own.State, b.value(e, "FOO"), ran(t, b.dev+"/other"))
		}
	}
	b.allow("other")
	b.check("the other allowed", "other", "FOO", "two", 0)
}

// What nix does not tell of is for [watch].
func TestWatchedFilesEvaluate(t *testing.T) {
	b := newNixBed(t)
	b.write("p/devsh.toml", "[watch]\nfiles = [\"mods/*\", \"data\"]\n")
	b.flake("p", nixtest.Shell{Nix: map[string]string{
		"FOO":  `builtins.readFile (./. + "/data")`,
		"LIST": `toString (builtins.attrNames (builtins.readDir (./. + "/mods")))`,
	}}, map[string]string{"data": "one", "mods/a": ""})
	b.check("first", "p", "FOO", "one", 1)
	b.write("p/data", "two")
	b.check("data", "p", "FOO", "two", 1)
	b.write("p/mods/b", "")
	b.check("a new file", "p", "LIST", "a b", 1)
	b.write("p/data", "one")
	b.check("data back", "p", "FOO", "one", 1)
	b.write("p/data", "two")
	b.check("data there again", "p", "FOO", "two", 0)
}

// Replaced by an older file, an input is seen to have changed.
func TestOlderFile(t *testing.T) {
	b := newNixBed(t)
	b.flake("p", nixtest.Shell{Nix: map[string]string{"FOO": `import ./nix/tools.nix`}}, map[string]string{"nix/tools.nix": `"new"`})
	b.check("first", "p", "FOO", "new", 1)
	old := b.write("p/old", `"old"`)
	longAgo := time.Unix(1000, 0)
	if err := errors.Join(os.Chtimes(old, longAgo, longAgo), os.Rename(old, b.dev+"/p/nix/tools.nix")); err != nil {
		t.Fatal(err)
	}
	b.changed("an older file", b.resolve("p"), "FOO", "new", "nix/tools.nix")
	b.allow("p")
	b.check("allowed", "p", "FOO", "old", 1)
}

// A file that is another by the time it is recorded is recorded as changed.
func TestEvaluatedFilesAsTheyWere(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"shell.nix", "same.nix", "other.nix", "gone.nix"} {
		write(name, "./"+name)
	}
	write("shell.nix", "./same.nix ./other.nix ./gone.nix ./new.nix")
	files, err := nixenv.Source{Dir: dir, File: "shell.nix"}.Files()
	if err != nil {
		t.Fatal(err)
	}
	write("other.nix", "x")
	write("new.nix", "x")
	if err := os.Remove(filepath.Join(dir, "gone.nix")); err != nil {
		t.Fatal(err)
	}
	e := Entry{Inputs: evaluated(files)}
	var stale []string
	for _, path := range e.Stale() {
		stale = append(stale, filepath.Base(path))
	}
	if want := []string{"gone.nix", "new.nix", "other.nix"}; !slices.Equal(stale, want) {
		t.Errorf("stale: %q, want %q", stale, want)
	}
}
