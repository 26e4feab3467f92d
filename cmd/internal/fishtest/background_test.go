package fishtest

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
	"github.com/hbohlen/devsh/shell/session"
)

// builds is a bed with a real nix, whose flakes are built only once the test
// lets them.
type builds struct {
	*Bed
	nix  *nixtest.Bed
	gate string // a file that the builders wait for
}

func newBuilds(t *testing.T) *builds {
	b := &builds{Bed: newBed(t), nix: nixtest.New(t)}
	b.gate = filepath.Join(b.Tmp, "gate")
	b.vars = env.FromList(b.nix.Env())
	maps.DeleteFunc(b.vars, func(name, _ string) bool { return !strings.HasPrefix(name, "NIX_") })
	b.vars["PATH"] = filepath.Join(b.Tmp, "bin") + ":" + filepath.Join(b.nix.Dir, "bin") + ":/usr/bin:/bin"
	return b
}

// flake makes an allowed project whose shell sets FROM_FLAKE, when it is built.
func (b *builds) flake(name string) string {
	b.t.Helper()
	dir := filepath.Join(b.Dev, name)
	nixtest.Flake(b.t, dir, nixtest.Shell{
		Vars:    map[string]string{"FROM_FLAKE": name},
		Builder: "PATH=/usr/bin:/bin; until [[ -e " + b.gate + " ]]; do sleep 0.02; done; echo >$out",
	})
	b.Allow(b.t, dir)
	return dir
}

func (b *builds) open() { b.Write(b.gate, "") }

// evaluations is how often nix was run.
func (b *builds) evaluations() (n int) {
	for _, run := range b.nix.Runs(b.t) {
		if strings.Contains(run, "print-dev-env") {
			n++
		}
	}
	return n
}

// onArrival has the shell write a file as soon as the environment is there.
func (b *builds) onArrival(f *Fish) (file string) {
	b.t.Helper()
	file = filepath.Join(f.dir, "arrived")
	f.OK("function arrived --on-variable FROM_FLAKE; set -q FROM_FLAKE; and echo $FROM_FLAKE >" + file + "; end")
	return file
}

// awaitFile waits until a file is there.
func awaitFile(t testing.TB, file string) {
	t.Helper()
	deadline := time.After(Limit())
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if info, err := os.Stat(file); err == nil && info.Size() > 0 {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%s did not come within %v", file, Limit())
		case <-tick.C:
		}
	}
}

// TestArrivesByItself: a cold project gives the prompt back, keys typed while
// it is built are kept, and the environment comes over a half-typed line; what
// is told of it waits for the next prompt.
func TestArrivesByItself(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	dir := b.flake("p")
	f := Start(t, b.Bed, Options{})
	arrived := b.onArrival(f)
	before := f.Snapshot()
	out := f.OK("cd " + dir)
	if want := "devsh: p: being built in the background"; !strings.Contains(out, want) {
		t.Errorf("the terminal shows %q, want %q", out, want)
	}
	checkSame(t, "while it is built", withoutDirectory(before), withoutDirectory(f.Snapshot()))
	mark := f.Session.Mark()
	if err := f.Session.Type("echo half"); err != nil {
		t.Fatal(err)
	}
	b.open()
	awaitFile(t, arrived)
	if shown := Plain(f.Session.Output(mark)); strings.Contains(shown, "variable") {
		t.Errorf("over a half-typed line it is told: %q", shown)
	}
	if out, _ := f.Run(" a line\x01\x05"); out != "half a line\n" {
		t.Errorf("the line that was half typed printed %q", out)
	}
	if out := f.OK("echo $FROM_FLAKE"); out != "p\n" {
		t.Errorf("FROM_FLAKE is %q", out)
	}
	f.expect(mark, `devsh: p \(flake.nix\): \d+ variables?`)
	if n := b.evaluations(); n != 1 {
		t.Errorf("nix was run %d times:\n%s", n, strings.Join(b.nix.Runs(t), "\n"))
	}
}

func withoutDirectory(s State) State {
	s.Texts = maps.Clone(s.Texts)
	delete(s.Texts, "directory")
	s.Globals, s.Env = maps.Clone(s.Globals), maps.Clone(s.Env)
	delete(s.Env, "PWD")
	return s
}

// expect looks for a pattern in what the terminal showed since.
func (f *Fish) expect(since session.Mark, pattern string) {
	f.t.Helper()
	if shown := Plain(f.Session.Output(since)); !regexp.MustCompile(pattern).MatchString(shown) {
		f.t.Errorf("the terminal does not show %q:\n%s", pattern, tail(shown, 2000))
	}
}
