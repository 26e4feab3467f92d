package format

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// bed is a project with a formatter that is a shell script.
type bed struct {
	t    *testing.T
	root string
	Request
}

// upper is a formatter that makes text upper case, in place.
const upper = `for f; do tr a-z A-Z <"$f" >"$f.new" && mv "$f.new" "$f" || exit; done`

func newBed(t *testing.T, script string) *bed {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b := &bed{t: t, root: filepath.Join(root, "p")}
	b.write("a.x", "a\n")
	f := &Formatter{Name: "script", Argv: []string{"/bin/sh", "-c", script, "sh"}, Env: os.Environ(), Configs: []string{".conf"}}
	b.Request = Request{
		Root: b.root, Memory: filepath.Join(root, "cache", "memory"), Tmp: filepath.Join(root, "tmp"), Limit: time.Minute, Now: time.Now,
		Choose: func(rel string) *Formatter {
			if filepath.Ext(rel) == ".x" || filepath.Ext(rel) == ".go" || filepath.Ext(rel) == ".json" {
				return f
			}
			return nil
		},
		Write: func(path string, data []byte, mode fs.FileMode) error {
			return errors.Join(os.WriteFile(path+".tmp", data, mode), os.Rename(path+".tmp", path))
		},
	}
	return b
}

func (b *bed) write(rel, text string) {
	b.t.Helper()
	path := filepath.Join(b.root, rel)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bed) read(rel string) string {
	b.t.Helper()
	data, err := os.ReadFile(filepath.Join(b.root, rel))
	if err != nil {
		b.t.Fatal(err)
	}
	return string(data)
}

func (b *bed) run() Result {
	b.t.Helper()
	var err error
	if b.Files, err = List(b.t.Context(), b.root, []string{b.root}); err != nil {
		b.t.Fatal(err)
	}
	r, err := Run(b.t.Context(), b.Request)
	if err != nil {
		b.t.Fatal(err)
	}
	b.nothingLeft()
	return r
}

// nothingLeft sees that the mirrors are gone.
func (b *bed) nothingLeft() {
	b.t.Helper()
	if left, err := os.ReadDir(b.Tmp); err != nil || len(left) > 0 {
		b.t.Errorf("left in the directory for mirrors: %v, %v", left, err)
	}
}

func (b *bed) chtimes(rel string, at time.Time) {
	b.t.Helper()
	if err := os.Chtimes(filepath.Join(b.root, rel), at, at); err != nil {
		b.t.Fatal(err)
	}
}

// summary is what was done in few words.
func summary(r Result) string {
	var words []string
	for _, o := range r.Outcomes {
		word := "same"
		switch {
		case o.Err != nil:
			word = "error"
		case o.Changed:
			word = "changed"
		}
		words = append(words, o.File+":"+word)
	}
	return strings.Join(words, " ")
}

func TestRun(t *testing.T) {
	b := newBed(t, upper)
	for i := range 500 {
		b.write(fmt.Sprintf("d%d/f%d.x", i%7, i), "text\n")
	}
	b.write("other.txt", "text\n")
	b.write("done.x", "DONE\n")
	if err := errors.Join(os.Chmod(filepath.Join(b.root, "a.x"), 0o751), os.Symlink("a.x", filepath.Join(b.root, "link.x"))); err != nil {
		t.Fatal(err)
	}
	b.Check = true
	if r := b.run(); len(r.Outcomes) != 501 || !r.Outcomes[0].Changed || b.read("a.x") != "a\n" || r.Files != 502 || r.Known != 0 {
		t.Errorf("checking: %d outcomes, %+v", len(r.Outcomes), r.Outcomes[0])
	}
	b.Check = false
	r := b.run()
	if len(r.Outcomes) != 501 || r.Known != 1 || r.Processes < 2 || r.Processes > 20 {
		t.Errorf("%d outcomes, %d known, %d processes", len(r.Outcomes), r.Known, r.Processes)
	}
	if b.read("d3/f3.x") != "TEXT\n" || b.read("other.txt") != "text\n" || b.read("link.x") != "A\n" {
		t.Error("what is in the files is not what is to be there")
	}
	if info, err := os.Lstat(filepath.Join(b.root, "link.x")); err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Error("a link was replaced")
	}
	if info, err := os.Stat(filepath.Join(b.root, "a.x")); err != nil || info.Mode().Perm() != 0o751 {
		t.Errorf("the mode is %v", info.Mode())
	}
	if r := b.run(); r.Processes != 0 || len(r.Outcomes) != 0 || r.Known != 502 {
		t.Errorf("the second run: %+v", r)
	}
}

// TestKnown: what decides is the content of file, configuration and formatter.
func TestKnown(t *testing.T) {
	b := newBed(t, upper)
	b.write("d/b.x", "b\n")
	b.run()
	long := time.Now().Add(-time.Hour)
	b.chtimes("a.x", long)
	if r := b.run(); r.Processes != 0 {
		t.Errorf("a new time: %d processes", r.Processes)
	}
	b.write("a.x", "c\n") // as long as before, and by its time as old
	b.chtimes("a.x", long)
	if r := b.run(); summary(r) != "a.x:changed" || b.read("a.x") != "C\n" {
		t.Errorf("a new content: %q", summary(r))
	}
	for _, step := range []struct {
		file string
		n    int // files that are looked at again
	}{{"d/.conf", 1}, {".conf", 2}, {"../.conf", 2}} {
		b.write(step.file, "1")
		if r := b.run(); r.Files-r.Known != step.n {
			t.Errorf("%s: %d files are looked at again", step.file, r.Files-r.Known)
		}
		b.write(step.file, "1")
		if r := b.run(); r.Processes != 0 {
			t.Errorf("%s again: %d processes", step.file, r.Processes)
		}
	}
	b.Choose("a.x").Extra = "2"
	if r := b.run(); r.Known != 0 {
		t.Error("another version formats nothing anew")
	}
	if err := os.WriteFile(b.Memory, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := b.run(); r.Known != 0 || len(r.Outcomes) != 0 {
		t.Errorf("without a memory: %+v", r)
	}
}

// TestFails: of a batch in which one fails the others are formatted.
func TestFails(t *testing.T) {
	for _, stdin := range []bool{false, true} {
		t.Run(fmt.Sprint("stdin ", stdin), func(t *testing.T) {
			b := newBed(t, `for f; do case $(cat "$f") in bad) echo "error: $PWD/$f: bad" >&2; echo half >"$f"; exit 3; esac; done; `+upper)
			if stdin {
				f := b.Choose("a.x")
				f.Stdin = true
				f.Argv = []string{"/bin/sh", "-c", `text=$(cat); case $text in bad) echo "error: $1: bad" >&2; echo half; exit 3; esac; echo "$text" | tr a-z A-Z`, "sh", PathArg}
			}
			for i := range 40 {
				b.write(fmt.Sprintf("f%d.x", i), "text\n")
			}
			b.write("f17.x", "bad\n")
			r := b.run()
			i := slices.IndexFunc(r.Outcomes, func(o Outcome) bool { return o.Err != nil })
			if len(r.Outcomes) != 41 || strings.Count(summary(r), "error") != 1 || r.Outcomes[i].File != "f17.x" || !strings.Contains(r.Outcomes[i].Err.Error(), "f17.x: bad") || strings.Contains(r.Outcomes[i].Err.Error(), b.Tmp) {
				t.Errorf("%q %+v", summary(r), r.Outcomes[max(i, 0)])
			}
			if b.read("f17.x") != "bad\n" || b.read("f16.x") != "TEXT\n" {
				t.Error("what is in the files is not what is to be there")
			}
			if r := b.run(); summary(r) != "f17.x:error" {
				t.Errorf("again: %q", summary(r))
			}
		})
	}
}

// TestRubbish: what cannot be what a formatter makes of the file changes nothing.
func TestRubbish(t *testing.T) {
	for name, script := range map[string]string{
		"nothing": `for f; do : >"$f"; done`, "no text": `for f; do printf '\377' >"$f"; done`, "a NUL": `for f; do printf 'a\0' >"$f"; done`,
		"a link": `for f; do rm "$f"; ln -s /etc/passwd "$f"; done`, "no file": `rm "$@"`, "no Go": `for f; do echo 'package {' >"$f"; done`,
		"a failure": `for f; do echo half >"$f"; done; exit 1`, "killed": `for f; do echo half >"$f"; done; kill -9 $$`,
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t, script)
			const text = "package  a\n"
			b.write("a.go", text)
			if err := os.Remove(filepath.Join(b.root, "a.x")); err != nil {
				t.Fatal(err)
			}
			if r := b.run(); summary(r) != "a.go:error" || b.read("a.go") != text {
				t.Errorf("%q %q", summary(r), b.read("a.go"))
			}
		})
	}
}

// TestMeanwhile: what somebody writes while the formatter works stays.
func TestMeanwhile(t *testing.T) {
	b := newBed(t, "")
	b.Choose("a.x").Argv[2] = "echo mine >" + b.root + "/a.x; " + upper
	r := b.run()
	if summary(r) != "a.x:error" || !errors.Is(r.Outcomes[0].Err, errMeanwhile) || b.read("a.x") != "mine\n" {
		t.Errorf("%q %q", summary(r), b.read("a.x"))
	}
}

// TestSurroundings: in the mirror a formatter finds what it finds beside the file.
func TestSurroundings(t *testing.T) {
	b := newBed(t, `for f; do dir=$(dirname "$f"); cat "$dir/../conf/base" "$dir/.conf" ../.conf node_modules/n >"$f"; done`)
	b.write("conf/base", "base ")
	b.write("src/.conf", "near ")
	b.write("../.conf", "above ")
	b.write("node_modules/n", "module\n")
	b.write("src/b.x", "b\n")
	if err := os.Remove(filepath.Join(b.root, "a.x")); err != nil {
		t.Fatal(err)
	}
	if r := b.run(); summary(r) != "src/b.x:changed" || b.read("src/b.x") != "base near above module\n" {
		t.Errorf("%+v %q", r.Outcomes, b.read("src/b.x"))
	}
}

func TestInterrupted(t *testing.T) {
	b := newBed(t, `sleep 1000 & echo $! >"$STARTED.new"; mv "$STARTED.new" "$STARTED"; wait`)
	started := filepath.Join(t.TempDir(), "started")
	f := b.Choose("a.x")
	f.Env = append(f.Env, "STARTED="+started)
	b.Files = []string{"a.x"}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("Ctrl-C")
	go func() {
		for _, err := os.Stat(started); err != nil; _, err = os.Stat(started) {
		}
		cancel(why)
	}()
	if _, err := Run(ctx, b.Request); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
	b.nothingLeft()
	if b.read("a.x") != "a\n" {
		t.Error("the file was changed")
	}
	pid, err := os.ReadFile(started)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); exec.Command("kill", "-0", strings.TrimSpace(string(pid))).Run() == nil; {
		if stat, _ := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat"); strings.Contains(string(stat), ") Z ") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("what the formatter started lives")
		}
	}
	b.Limit = 50 * time.Millisecond
	if r := b.run(); summary(r) != "a.x:error" || !strings.Contains(r.Outcomes[0].Err.Error(), "did not end within 50ms") {
		t.Errorf("%+v", r.Outcomes)
	}
}

// TestNoProgram: a formatter that is not there is nobody's file's fault.
func TestNoProgram(t *testing.T) {
	b := newBed(t, "")
	f := b.Choose("a.x")
	f.Argv = []string{filepath.Join(b.root, "none")}
	b.Files = []string{"a.x"}
	if _, err := Run(t.Context(), b.Request); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	f.Argv = []string{filepath.Join(b.root, "a.x")} // no program
	if _, err := Run(t.Context(), b.Request); !errors.Is(err, errCannotRun) {
		t.Errorf("%v", err)
	}
	b.nothingLeft()
}

// TestLeftovers: what a killed process left goes after a day.
func TestLeftovers(t *testing.T) {
	b := newBed(t, upper)
	old := filepath.Join(b.Tmp, tmpPrefix+"old")
	if err := errors.Join(os.MkdirAll(old+"/x", 0o700), os.Chtimes(old, time.Time{}, time.Now().Add(-2*tmpAge))); err != nil {
		t.Fatal(err)
	}
	b.run()
}

func TestGofmt(t *testing.T) {
	gofmt, err := exec.LookPath("gofmt")
	if err != nil {
		t.Fatal(err)
	}
	b := newBed(t, "")
	f := b.Choose("a.x")
	f.Argv = []string{gofmt, "-w"}
	b.write("a.go", "package  a\nfunc  f( ) { }\n")
	b.write("b/b.go", "package b\nfunc {\n")
	b.Files = []string{"a.go", "b/b.go"}
	r, err := Run(t.Context(), b.Request)
	if err != nil || summary(r) != "a.go:changed b/b.go:error" || b.read("a.go") != "package a\n\nfunc f() {}\n" {
		t.Errorf("%v %q %q", err, summary(r), b.read("a.go"))
	}
	if got := r.Outcomes[1].Err.Error(); !strings.HasPrefix(got, "script: b/b.go:2:6: ") {
		t.Errorf("the error is %q", got)
	}
}
