package nixenv

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
)

// reading is a shell that reads files by paths that are written and by paths
// that are computed.
var reading = nixtest.Shell{Nix: map[string]string{
	"TOOLS":    `import ./nix/tools.nix`,
	"COMPUTED": `import (./. + "/computed.nix")`,
	"LISTED":   `builtins.concatStringsSep " " (map import [ ./one.nix (./. + "/two.nix") ])`,
	"SCRIPT":   `"${./. + "/run.sh"}"`,
	"DATA":     `import ./code.txt`,
}}

// readingProject writes a project with that shell as a flake, a flake in a git
// repository, or a shell.nix.
func readingProject(t *testing.T, bed *nixtest.Bed, kind string) string {
	t.Helper()
	dir := newProject(t, bed, kind)
	for name, text := range map[string]string{
		"nix/tools.nix": `import ./more.nix`, "nix/more.nix": `"tools"`, "computed.nix": `import (./nix + "/deep.nix")`, "nix/deep.nix": `"deep"`,
		"one.nix": `"1"`, "two.nix": `"2"`, "run.sh": "echo", "code.txt": `"code"`, "README": "read me", "other.nix": `"not read"`,
	} {
		nixtest.Write(t, filepath.Join(dir, name), text)
	}
	if kind == "file" {
		nixtest.File(t, filepath.Join(dir, "shell.nix"), reading)
	} else {
		nixtest.Flake(t, dir, reading)
	}
	if kind == "git" {
		bed.Git(t, dir, ".")
	}
	return dir
}

// A change of what the evaluation read evaluates, and nothing else does: not a
// README, not a new time, and not what was there before.
func TestExactInputs(t *testing.T) {
	for _, kind := range []string{"flake", "git", "file"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			bed := nixtest.New(t)
			dir := readingProject(t, bed, kind)
			first := evaluate(t, bed, dir, "auto")
			for _, name := range []string{"nix/tools.nix", "nix/more.nix", "nix/deep.nix", "computed.nix", "one.nix", "two.nix", "run.sh", "code.txt"} {
				if !slices.Contains(first.Files.Inputs(), Input{Path: filepath.Join(dir, name), Deciding: true}) {
					t.Errorf("%s is no input, or does not decide: %v", name, first.Files.Inputs())
				}
			}
			cached := func(what string, want bool) *Result {
				t.Helper()
				r := evaluate(t, bed, dir, "auto")
				if r.FromCache != want {
					t.Errorf("%s: cached %v", what, r.FromCache)
				}
				return r
			}
			for _, name := range []string{"README", "other.nix", "new.nix"} {
				nixtest.Write(t, filepath.Join(dir, name), `"changed"`)
				cached(name, true)
			}
			later := time.Now().Add(time.Hour)
			for _, name := range []string{"flake.nix", "shell.nix", "nix/tools.nix", "computed.nix"} {
				if err := os.Chtimes(filepath.Join(dir, name), later, later); err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatal(err)
				}
			}
			cached("touch", true)
			for name, variable := range map[string]string{"nix/more.nix": "TOOLS", "nix/deep.nix": "COMPUTED", "code.txt": "DATA"} {
				path := filepath.Join(dir, name)
				was, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				nixtest.Write(t, path, `"branch"`)
				if r := cached(name, false); value(r.Delta, variable) != "branch" {
					t.Errorf("%s: %s is %q", name, variable, value(r.Delta, variable))
				}
				nixtest.Write(t, path, string(was))
				if r := cached(name+" back", true); value(r.Delta, variable) != value(first.Delta, variable) {
					t.Errorf("%s back: %s is %q", name, variable, value(r.Delta, variable))
				}
				nixtest.Write(t, path, `"branch"`)
				if r := cached(name+" there again", true); value(r.Delta, variable) != "branch" {
					t.Errorf("%s there again: %s is %q", name, variable, value(r.Delta, variable))
				}
				nixtest.Write(t, path, string(was))
			}
		})
	}
}

// A Nix file that is no flake may import what lies around the project, and
// what others hold; only the user's own files of these are inputs.
func TestImportsFromElsewhere(t *testing.T) {
	bed := nixtest.New(t)
	dir := newProject(t, bed, "p")
	common := filepath.Join(filepath.Dir(dir), "common")
	tools := filepath.Join(common, "tools.nix")
	nixtest.Write(t, tools, `import ./more.nix`)
	nixtest.Write(t, filepath.Join(common, "more.nix"), `"one"`)
	held := strings.TrimSpace(bed.Nix(t, dir, "eval", "--impure", "--raw", "--expr", `builtins.toFile "held.nix" "\"held\""`))
	if err := os.Symlink(held, filepath.Join(dir, "../channel.nix")); err != nil {
		t.Fatal(err)
	}
	nixtest.File(t, filepath.Join(dir, "shell.nix"), nixtest.Shell{Nix: map[string]string{"FOO": `import ../common/tools.nix`, "HELD": `import ../channel.nix`}})
	first := evaluate(t, bed, dir, "auto")
	want := []Input{{filepath.Join(common, "more.nix"), true}, {tools, true}}
	if value(first.Delta, "HELD") != "held" || !slices.Equal(first.Files.Extra(), want) {
		t.Errorf("%q, inputs %v, want %v", value(first.Delta, "HELD"), first.Files.Extra(), want)
	}
	for i, text := range []string{"two", "one", "two"} {
		nixtest.Write(t, filepath.Join(common, "more.nix"), `"`+text+`"`)
		if r := evaluate(t, bed, dir, "auto"); value(r.Delta, "FOO") != text || r.FromCache != (i > 0) {
			t.Errorf("%d: %q, cached %v", i, value(r.Delta, "FOO"), r.FromCache)
		}
	}
}

// Names are any bytes, though nix's log is JSON.
func TestInputsWithOddNames(t *testing.T) {
	listed := `toString (map (f: import (./. + "/mods/${f}")) (builtins.attrNames (builtins.readDir (./. + "/mods"))))`
	names := []string{"bad\xff.nix", "bad\xfe\xff.nix", "it's.nix", "new\nline.nix", "ü\ufffd.nix", "a' -> 'b.nix"}
	for _, dirName := range []string{"plain", "odd\xffdir"} {
		for _, kind := range []string{"flake", "file"} {
			bed := nixtest.New(t)
			dir := newProject(t, bed, dirName)
			shell := nixtest.Shell{Nix: map[string]string{"FOO": listed}}
			if kind == "file" {
				nixtest.File(t, filepath.Join(dir, "shell.nix"), shell)
			} else {
				nixtest.Flake(t, dir, shell)
			}
			var want []Input
			for _, name := range names {
				file := filepath.Join(dir, "mods", name)
				nixtest.Write(t, file, `"x"`)
				want = append(want, Input{Path: file, Deciding: true})
			}
			got := evaluate(t, bed, dir, "auto").Files.Extra()
			for _, in := range want {
				if !slices.Contains(got, in) {
					t.Errorf("%q %s: %q is no input of %v", dirName, kind, in.Path, got)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%q %s: inputs are %v", dirName, kind, got)
			}
		}
	}
}

// What is kept of evaluations that differ in computed imports is bounded, and
// keeps nothing that was killed.
func TestSlotsAreBounded(t *testing.T) {
	bed := nixtest.New(t)
	dir := newProject(t, bed, "p")
	nixtest.Flake(t, dir, nixtest.Shell{Nix: map[string]string{"FOO": `import (./. + "/hidden.nix")`}})
	var last *Result
	for i := range maxSlots + 3 {
		nixtest.Write(t, filepath.Join(dir, "hidden.nix"), `"`+strings.Repeat("x", i+1)+`"`)
		last = evaluate(t, bed, dir, "auto")
		killed := filepath.Join(filepath.Dir(filepath.Dir(last.Profile)), "killed")
		nixtest.Write(t, filepath.Join(killed, "profile-1-link"), "")
	}
	kept := slots(filepath.Dir(filepath.Dir(last.Profile)))
	if len(kept) > maxSlots+1 || kept[0] != filepath.Dir(last.Profile) { // and the last that was killed
		t.Errorf("kept: %q", kept)
	}
	req, err := request(bed, dir, "auto")
	if err != nil {
		t.Fatal(err)
	}
	req.Refresh = true
	for range 2 {
		if _, err := Evaluate(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	same := 0
	for _, slot := range slots(filepath.Dir(filepath.Dir(last.Profile))) {
		if stored, err := readEntry(slot); err == nil && stored.Shell.Exported["FOO"] == value(last.Delta, "FOO") {
			same++
		}
	}
	if same != 1 {
		t.Errorf("the same evaluated anew is kept %d times", same)
	}
}

// Files that only nix told of are judged before the hook runs, and the
// evaluation is there when they have been.
func TestUnjudged(t *testing.T) {
	for _, kind := range []string{"flake", "git", "file", "no hook"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			bed := nixtest.New(t)
			dir := newProject(t, bed, kind)
			nixtest.Write(t, filepath.Join(dir, "hidden.nix"), `"x"`)
			nixtest.Write(t, filepath.Join(dir, "data.txt"), "data")
			shell := nixtest.Shell{Hook: "echo ran >>ran", Nix: map[string]string{"FOO": `import (./. + "/hidden.nix")`, "BAR": `"${./. + "/data.txt"}"`}}
			if kind == "no hook" {
				shell.Hook = ""
			}
			if kind == "file" {
				nixtest.File(t, filepath.Join(dir, "shell.nix"), shell)
			} else {
				nixtest.Flake(t, dir, shell)
			}
			if kind == "git" {
				bed.Git(t, dir, ".")
			}
			req, err := request(bed, dir, "auto")
			if err != nil {
				t.Fatal(err)
			}
			judged, err := req.Source.Files()
			if err != nil {
				t.Fatal(err)
			}
			no := errors.New("no")
			var asked Files
			req.Judged, req.Unjudged = &judged, func(f Files) error { asked = f; return no }
			for range 2 { // evaluated, and from the cache
				if _, err := Evaluate(t.Context(), req); !errors.Is(err, no) {
					t.Fatalf("%v", err)
				}
			}
			want := []Input{{Path: filepath.Join(dir, "data.txt")}, {Path: filepath.Join(dir, "hidden.nix"), Deciding: true}}
			if !slices.Equal(asked.Extra(), want) {
				t.Errorf("asked for %v", asked.Extra())
			}
			if _, err := os.Lstat(filepath.Join(dir, "ran")); err == nil {
				t.Error("the hook ran")
			}
			if judged, err = req.Source.Files(asked.Extra()...); err != nil {
				t.Fatal(err)
			}
			r, err := Evaluate(t.Context(), req)
			if err != nil || value(r.Delta, "FOO") != "x" || len(bed.Runs(t)) != 1 {
				t.Errorf("%v, %v, %d runs", r, err, len(bed.Runs(t)))
			}
			nixtest.Write(t, filepath.Join(dir, "hidden.nix"), `"y"`)
			if _, err := Evaluate(t.Context(), req); err == nil {
				t.Error("what was judged is not what would be evaluated")
			}
		})
	}
}

// What is recorded of a file is what was evaluated, though it is another by
// the end.
func TestComputedChangedMeanwhile(t *testing.T) {
	for _, git := range []bool{false, true} {
		bed := nixtest.New(t)
		dir := newProject(t, bed, "p")
		hidden := filepath.Join(dir, "hidden.nix")
		nixtest.Write(t, hidden, `"old"`)
		nixtest.Flake(t, dir, nixtest.Shell{Nix: map[string]string{"FOO": `import (./. + "/hidden.nix")`}})
		if git {
			bed.Git(t, dir, ".")
		}
		req, err := request(bed, dir, "auto")
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		req.Log = writerFunc(func(p []byte) {
			log.Write(p)
			if bytes.HasPrefix(p, []byte("building '")) {
				nixtest.Write(t, hidden, `"new"`)
			}
		})
		r, err := Evaluate(t.Context(), req)
		if err != nil || value(r.Delta, "FOO") != "new" || len(bed.Runs(t)) != 2 {
			t.Errorf("git %v: %v, %v, %d runs\n%s", git, r, err, len(bed.Runs(t)), log.String())
		}
	}
}

// Git's filters make the copy differ from the work tree for good: that is no
// change, and what is stored holds.
func TestFilteredByGit(t *testing.T) {
	bed := nixtest.New(t)
	dir := newProject(t, bed, "p")
	nixtest.Write(t, filepath.Join(dir, ".gitattributes"), "x.nix filter=shout\n")
	nixtest.Write(t, filepath.Join(dir, "x.nix"), "\"ONE\"\n")
	nixtest.Flake(t, dir, nixtest.Shell{Nix: map[string]string{"FOO": `import (./. + "/x.nix")`}})
	bed.Git(t, dir)
	for _, args := range [][]string{
		{"config", "filter.shout.clean", "tr A-Z a-z"}, {"config", "filter.shout.smudge", "tr a-z A-Z"}, {"config", "filter.shout.required", "true"},
		{"config", "user.name", "x"}, {"config", "user.email", "x"}, {"add", "."}, {"commit", "-qm", "x"},
	} {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Env = dir, bed.Env()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v: %s", args, err, out)
		}
	}
	// Which of them nix evaluates depends on its version.
	if r := evaluate(t, bed, dir, "auto"); !strings.EqualFold(value(r.Delta, "FOO"), "one") || len(bed.Runs(t)) > maxAttempts {
		t.Errorf("FOO is %q after %d runs", value(r.Delta, "FOO"), len(bed.Runs(t)))
	}
	if r := evaluate(t, bed, dir, "auto"); !r.FromCache {
		t.Error("evaluated again")
	}
}

// With another salt it is another evaluation, and back again the first.
func TestSalt(t *testing.T) {
	bed := nixtest.New(t)
	dir := newProject(t, bed, "p")
	data := filepath.Join(dir, "data")
	nixtest.Flake(t, dir, nixtest.Shell{Nix: map[string]string{"FOO": `builtins.readFile (./. + "/data")`}})
	for i, text := range []string{"one", "two", "one"} {
		nixtest.Write(t, data, text)
		req, err := request(bed, dir, "auto")
		if err != nil {
			t.Fatal(err)
		}
		req.Salt = text
		r, err := Evaluate(t.Context(), req)
		if err != nil || value(r.Delta, "FOO") != text || r.FromCache != (i == 2) {
			t.Errorf("%d: %v, %v", i, r, err)
		}
	}
}

// What nix is at is told while it is at it, by a callback that may hang; and
// the log is for people.
func TestProgressAndLog(t *testing.T) {
	bed := nixtest.New(t)
	dir := newProject(t, bed, "p")
	seen := filepath.Join(bed.Dir, "seen")
	nixtest.Flake(t, dir, nixtest.Shell{Hook: "export A=1", Builder: `echo one; until [ -e ` + seen + ` ]; do read -t 0.05 <> <(:); done; printf 'two\n\e[2Jthree\n' >&2; echo >$out`})
	req, err := request(bed, dir, "auto")
	if err != nil {
		t.Fatal(err)
	}
	var told []Progress
	finished := make(chan bool)
	req.Progress = func(p Progress) {
		told = append(told, p)
		if p.Phase == "building" {
			nixtest.Write(t, seen, "")
			<-finished // nix goes on meanwhile
		}
	}
	var log bytes.Buffer
	req.Log = writerFunc(func(p []byte) {
		log.Write(p)
		if bytes.Contains(p, []byte("-sample-shell-env.drv'...")) {
			close(finished)
		}
	})
	if _, err := Evaluate(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if told[0].String() != "evaluating flake.nix" || !slices.ContainsFunc(told, func(p Progress) bool {
		return p.Phase == "building" && p.What == "dependency-1.2" && p.Expected == 3
	}) {
		t.Errorf("told %v", told)
	}
	text := log.String()
	for _, want := range []string{"building '", "dependency> one\n", "dependency> two\n", "dependency> \x1b[2Jthree\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, noise := range []string{"@nix", `{"action"`, "evaluating file", "instantiated", "using builder args"} {
		if strings.Contains(text, noise) {
			t.Errorf("there is %q", noise)
		}
	}
	if t.Failed() {
		t.Logf("%q", text)
	}
}

// A message of any length is read with bounded memory, and what follows it.
func TestHugeMessages(t *testing.T) {
	var log bytes.Buffer
	w := newStderr("flake.nix", &log, func(Progress) {})
	big := strings.Repeat("x", maxLine)
	for _, text := range []string{
		`@nix {"action":"msg","level":0,"msg":"` + big + `"}` + "\n", "plain " + big + "\n",
		`@nix {"action":"msg","level":0,"msg":"\u001b[31;1merror:\u001b[0m the reason"}` + "\n",
	} {
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if reason, _ := realError(w.text()); reason != "the reason" {
		t.Errorf("the reason is %q", reason)
	}
	if !strings.HasPrefix(log.String(), "(a message of more than 4 MiB is left out)\nplain xxx") {
		t.Errorf("the log begins %q", log.String()[:100])
	}
}
