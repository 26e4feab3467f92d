package fishtest

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
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
	f.expect(mark, "the hook says 42")
	if out, err := exec.Command("grep", "-r", "says 42", b.Home+"/state").CombinedOutput(); err == nil {
		t.Errorf("what the hook printed is on disk:\n%s", out)
	}
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

// TestReload: it is done in the background, for every shell that stands there,
// unless somebody wants to wait; «status --watch» tells how far it is.
func TestReload(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	dir := b.flake("p")
	b.open()
	f := Start(t, b.Bed, Options{})
	f.OK("cd " + dir + "; true") // waits for what allow has started
	n := b.evaluations()
	if err := os.Remove(b.gate); err != nil {
		t.Fatal(err)
	}
	nixtest.Flake(t, dir, nixtest.Shell{
		Vars: map[string]string{"FROM_FLAKE": "q"}, Builder: "PATH=/usr/bin:/bin; until [[ -e " + b.gate + " ]]; do sleep 0.02; done; echo another >$out",
	})
	b.Allow(t, dir)
	f.OK("devsh reload") // is there already, so it does not wait
	if got := f.OK("echo $FROM_FLAKE"); got != "p\n" {
		t.Errorf("while it is built FROM_FLAKE is %q", got)
	}
	mark := f.Session.Mark()
	if err := f.Session.Type("devsh status --watch\r"); err != nil {
		t.Fatal(err)
	}
	f.shows(`devsh: building dependency-1.2 \(\d of \d done\)`, mark)
	b.open()
	f.await("status --watch")
	f.shows(`layer +nix`, mark)
	f.until("echo $FROM_FLAKE", "q\n") // status may see it a moment before the shell is told
	f.OK("devsh reload --wait")
	if got := b.evaluations() - n; got != 2 {
		t.Errorf("nix was run %d times, want once for the change and once for reload --wait", got)
	}
}

// TestPromptSegment: themes can show what is going on, and nothing where all
// is well.
func TestPromptSegment(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	dir := b.flake("p")
	b.Project("new", "[env]\nA = \"1\"\n")
	f := Start(t, b.Bed, Options{})
	for _, c := range []struct{ before, want string }{
		{"cd ~", ""},
		{"cd ~/dev/new", "not-allowed not-allowed\n"},
		{"cd " + dir, "building"},
	} {
		f.OK(c.before)
		if got := f.OK("echo (devsh_prompt) (env | string replace -f DEVSH_STATE= '')"); !strings.HasPrefix(got, c.want) || c.want == "" && got != "\n" {
			t.Errorf("%s: %q, want %q", c.before, got, c.want)
		}
	}
	f.until("devsh_prompt", "building dependency-1.2 ")
	b.open()
	f.OK("devsh exec -- true")
	if got := f.OK("set -gx DEVSH_STATE building; fish -i -c 'devsh_prompt'; set -e DEVSH_STATE"); got != "" {
		t.Errorf("in another shell, where all is well: %q", got)
	}
	b.Write(dir+"/flake.nix", "{ outputs = _: throw \"no\"; }\n")
	f.OK("true")
	if got := f.OK("devsh_prompt"); got != "changed\n" {
		t.Errorf("changed: %q", got)
	}
	b.Allow(t, dir)
	_, _ = b.TryDevsh(t, "exec", "--dir", dir, "--", "true")
	f.OK("true")
	if got := f.OK("devsh_prompt; fish -c 'echo $DEVSH_STATE'; fish -i -c 'cd; echo \"<$DEVSH_STATE>\"'"); got != "failed\nfailed\n<>\n" {
		t.Errorf("failed: %q", got)
	}
}

// TestPromptSegmentOfTheAllowed: what was changed and allowed is being built,
// and the next prompt says so, wherever it was allowed.
func TestPromptSegmentOfTheAllowed(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	dir := b.flake("p")
	b.open()
	f := Start(t, b.Bed, Options{})
	f.OK("cd " + dir + "; true") // waits for what allow has started
	if err := os.Remove(b.gate); err != nil {
		t.Fatal(err)
	}
	nixtest.Flake(t, dir, nixtest.Shell{
		Vars: map[string]string{"FROM_FLAKE": "q"}, Builder: "PATH=/usr/bin:/bin; until [[ -e " + b.gate + " ]]; do sleep 0.02; done; echo another >$out",
	})
	f.until("devsh_prompt", "changed")
	other := Start(t, b.Bed, Options{})
	other.OK("cd " + dir)
	other.until("devsh_prompt", "changed")
	f.OK("devsh allow")
	for name, f := range map[string]*Fish{"the shell where it was allowed": f, "another": other} {
		if got := f.OK("devsh_prompt"); !strings.HasPrefix(got, "building") {
			t.Errorf("%s: being built, and the prompt says %q", name, got)
		}
	}
	if said := Plain(f.Session.Output(0)); strings.Count(said, "being built") != 1 {
		t.Errorf("to be said once: %s", said)
	}
	b.open()
	f.until("devsh_prompt; echo $FROM_FLAKE", "q\n")
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

// TestLineWaits: what goes on after the cd runs in the environment, also a
// function that only looks like a cd.
func TestLineWaits(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"cd DIR && echo got $FROM_FLAKE", "cd DIR; echo got $FROM_FLAKE", "work DIR"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			b := newBuilds(t)
			dir := b.flake("p")
			f := Start(t, b.Bed, Options{})
			f.OK("function work; cd $argv; echo got $FROM_FLAKE; end")
			mark := f.Session.Mark()
			if err := f.Session.Type(strings.ReplaceAll(line, "DIR", dir) + "\r"); err != nil {
				t.Fatal(err)
			}
			f.shows("devsh: .*", mark) // what is being done
			b.open()
			f.await(line)
			f.shows("got p\r?\n", mark)
		})
	}
}

// TestInterruptEndsTheLine: Ctrl-C while a line waits runs nothing of its rest,
// and the environment follows all the same.
func TestInterruptEndsTheLine(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"cd DIR && echo >RAN", "cd DIR; echo >RAN", "work DIR", "for d in DIR; cd $d; echo >RAN; end"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			b := newBuilds(t)
			dir := b.flake("p")
			ran := filepath.Join(b.Tmp, "ran")
			f := Start(t, b.Bed, Options{})
			f.OK("function work; cd $argv; echo >" + ran + "; end")
			arrived := b.onArrival(f)
			mark := f.Session.Mark()
			if err := f.Session.Type(strings.NewReplacer("DIR", dir, "RAN", ran).Replace(line) + "\r"); err != nil {
				t.Fatal(err)
			}
			f.shows("devsh: .*", mark)
			if err := f.Session.Type("\x03"); err != nil {
				t.Fatal(err)
			}
			f.await("Ctrl-C")
			if _, err := os.Stat(ran); err == nil {
				t.Error("the rest of the line ran")
			}
			if got := f.OK("devsh_prompt"); !strings.HasPrefix(got, "building") {
				t.Errorf("the prompt shows %q", got)
			}
			if got := f.OK("pwd"); got != dir+"\n" {
				t.Errorf("the shell is in %q", got)
			}
			b.open()
			awaitFile(t, arrived)
			if n := b.evaluations(); n != 1 {
				t.Errorf("nix was run %d times", n)
			}
		})
	}
}

// TestOneEvaluation: many shells come to a cold project, nix runs once, and
// all of them get the environment without a key being pressed.
func TestOneEvaluation(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	dir := b.flake("p")
	var files []string
	var shells []*Fish
	for range 20 {
		f := Start(t, b.Bed, Options{})
		shells, files = append(shells, f), append(files, b.onArrival(f))
		f.OK("cd " + dir)
	}
	b.open()
	for _, file := range files {
		awaitFile(t, file)
	}
	told := 0
	for _, f := range shells {
		f.OK("true") // the prompt after it tells
		f.OK("true")
		told += strings.Count(Plain(f.Session.Output(0)), "the hook says 42")
	}
	if told != 1 {
		t.Errorf("what the hook printed was shown %d times", told)
	}
	if n := b.evaluations(); n != 1 {
		t.Errorf("nix was run %d times", n)
	}
}

// TestFailureIsTold: a failure is told at the next prompt, once, and is not
// tried again until something changes.
func TestFailureIsTold(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	dir := b.flake("p")
	f := Start(t, b.Bed, Options{})
	f.OK("cd " + dir)
	b.open()
	f.OK("devsh exec -- true") // waits for it
	if got := f.OK("echo $FROM_FLAKE"); got != "p\n" {
		t.Fatalf("FROM_FLAKE is %q", got)
	}
	b.Write(dir+"/flake.nix", "{ outputs = _: { devShells = throw \"no such shell\"; }; }\n")
	b.Allow(t, dir)
	b.Devsh(t, "log", dir)
	_, _ = b.TryDevsh(t, "exec", "--dir", dir, "--", "true") // waits for it
	n := b.evaluations()
	mark := f.Session.Mark()
	for range 4 {
		f.OK("true")
	}
	f.OK("cd /; cd " + dir)
	if text := Plain(f.Session.Output(mark)); strings.Count(text, "no such shell") != 1 || !strings.Contains(text, "the last good environment stays") {
		t.Errorf("the terminal shows:\n%s", text)
	}
	if got := f.OK("echo $FROM_FLAKE"); got != "p\n" {
		t.Errorf("of the last good environment, FROM_FLAKE is %q", got)
	}
	if now := b.evaluations(); now != n {
		t.Errorf("it was tried again %d times", now-n)
	}
}

// TestWorkerKilled: one that is killed is followed by another, at the next
// prompt, and not for ever.
func TestWorkerKilled(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	dir := b.flake("p")
	f := Start(t, b.Bed, Options{})
	f.OK("cd " + dir)
	for range 3 {
		killed := b.killWorker(dir)
		for n := 0; b.worker(dir) == killed; n++ { // it is looked at in turn
			if n == 100 {
				t.Fatal("nobody noticed")
			}
			f.OK("true")
		}
	}
	f.expect(0, "was ended 3 times")
	b.open()
	f.OK("devsh reload --wait")
	if got := f.OK("echo $FROM_FLAKE"); got != "p\n" {
		t.Errorf("FROM_FLAKE is %q", got)
	}
}

// TestCaptureWaits: a shell that an editor or an agent starts has what is being
// built, or after a while what there was before.
func TestCaptureWaits(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	dir := b.flake("p")
	args := []string{"-l", "-i", "-c", "emit fish_prompt; cd " + dir + "; echo got $FROM_FLAKE >&0"}
	b.Write("config/devsh/config.toml", "[capture]\ntimeout = \"1ms\"\n")
	if got := capture(t, b.Bed, args...); string(got.Zero) != "got\n" || bytes.Contains(got.Stdout, []byte("devsh")) {
		t.Errorf("before it is built: %q %q", got.Zero, got.Stdout)
	}
	b.Write("config/devsh/config.toml", "") // 10 s
	seen := make(chan captured)
	go func() { seen <- capture(t, b.Bed, args...) }()
	b.open()
	if got := <-seen; string(got.Zero) != "got p\n" || bytes.Contains(got.Stdout, []byte("devsh")) {
		t.Errorf("when it is built: %q %q", got.Zero, got.Stdout)
	}
}

// TestCommandOnATerminalWaits: on a terminal «fish -i -c» waits as well.
func TestCommandOnATerminalWaits(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	dir := b.flake("p")
	s, err := session.Start(session.Command{
		Argv: []string{b.fish, "-i", "-c", "cd " + dir + "; echo got $FROM_FLAKE"}, Env: b.Env().List(), Dir: b.Home, Answer: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b.open()
	ctx, cancel := context.WithTimeout(t.Context(), Limit())
	defer cancel()
	if _, err := s.WaitFor(ctx, regexp.MustCompile("got p\r?\n"), 0); err != nil {
		t.Error(err)
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
