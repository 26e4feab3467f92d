package fishtest

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
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
	vars := env.FromList(b.nix.Env())
	maps.DeleteFunc(vars, func(name, _ string) bool { return !strings.HasPrefix(name, "NIX_") })
	vars["PATH"] = filepath.Join(b.Tmp, "bin") + ":" + filepath.Join(b.nix.Dir, "bin") + ":/usr/bin:/bin"
	b.AddEnv(vars)
	// A nix that is killed while it makes a new store leaves it broken: the tests
	// kill some, so it is there beforehand.
	b.nix.Nix(t, b.Tmp, "store", "add-path", b.Write(b.Tmp+"/stored", ""))
	return b
}

// flake makes an allowed project whose shell sets FROM_FLAKE, when it is built.
func (b *builds) flake(name string) string { return b.gated(name, b.gate) }

// gated is [builds.flake] with a gate of its own.
func (b *builds) gated(name, gate string) string {
	b.t.Helper()
	return b.gatedWith(name, gate, "echo the hook says $((6 * 7))")
}

// flakeWith is [builds.flake] with a shellHook.
func (b *builds) flakeWith(name, hook string) string {
	b.t.Helper()
	return b.gatedWith(name, b.gate, hook)
}

func (b *builds) gatedWith(name, gate, hook string) string {
	b.t.Helper()
	dir := filepath.Join(b.Dev, name)
	nixtest.Flake(b.t, dir, nixtest.Shell{
		Vars:    map[string]string{"FROM_FLAKE": name},
		Hook:    hook,
		Builder: "PATH=/usr/bin:/bin; until [[ -e " + gate + " ]]; do sleep 0.02; done; echo >$out",
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

// until runs a command until its output begins with want.
func (f *Fish) until(command, want string) {
	f.t.Helper()
	deadline := time.Now().Add(Limit())
	for got := ""; !strings.HasPrefix(got, want); got = f.OK(command) {
		if time.Now().After(deadline) {
			f.t.Fatalf("%s: %q, want %q", command, got, want)
		}
	}
}

// worker is the process that builds the project; 0 where none is known.
func (b *builds) worker(dir string) int {
	b.t.Helper()
	out, _ := b.TryDevsh(b.t, "status", "--json", "--dir", dir)
	var status struct{ Worker int }
	if err := json.Unmarshal([]byte(out), &status); err != nil {
		b.t.Fatalf("%v in %s", err, out)
	}
	return status.Worker
}

// killWorker kills the process that builds the project.
func (b *builds) killWorker(dir string) int {
	b.t.Helper()
	pid := b.worker(dir)
	if pid == 0 {
		b.t.Fatal("no worker")
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		b.t.Fatal(err)
	}
	return pid
}

// shows waits for the terminal to show a pattern.
func (f *Fish) shows(pattern string, since session.Mark) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), Limit())
	defer cancel()
	if _, err := f.Session.WaitFor(ctx, regexp.MustCompile(pattern), since); err != nil {
		f.t.Fatal(err)
	}
}
