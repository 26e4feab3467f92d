package fishtest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
	"github.com/hbohlen/devsh/shell/session"
)

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

// TestToldOfNow: what happens while a shell waits at its prompt is told as it is
// at the next one, without what it was in between.
func TestToldOfNow(t *testing.T) {
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
	waiting := b.Home + "/waiting"
	f.OK("function waiting --on-variable __devsh_later; string match -q '*being built*' -- $__devsh_later; and echo >" + waiting + "; end")
	arrived := b.onArrival(f)
	mark := f.Session.Mark()
	b.Allow(t, dir)
	awaitFile(t, waiting)
	b.open()
	awaitFile(t, arrived)
	f.OK("true")
	if got := f.OK("echo $FROM_FLAKE"); got != "q\n" {
		t.Errorf("FROM_FLAKE is %q", got)
	}
	f.expect(mark, `devsh: p \(flake.nix\): \d+ variables?`)
	if said := Plain(f.Session.Output(mark)); strings.Contains(said, "being built") {
		t.Errorf("it is built, and is told to be being built:\n%s", said)
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
			f.shows("devsh: p: still being built in the background; «devsh status --watch» shows it", mark)
			if _, err := os.Stat(ran); err == nil {
				t.Error("the rest of the line ran")
			}
			if got := f.OK("devsh_prompt"); !strings.HasPrefix(got, "building") {
				t.Errorf("the prompt shows %q", got)
			}
			if got := f.OK("pwd"); got != dir+"\n" {
				t.Errorf("the shell is in %q", got)
			}
			if said := Plain(f.Session.Output(mark)); strings.Contains(said, "interrupted") || strings.Count(said, "being built") != 1 {
				t.Errorf("to be said once: %s", said)
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

// TestFailureComesToAnIdleShell: one that waits for what fails is woken, and asks
// for nothing more by that, or once where an input is another already: else it would
// be evaluated, fail, wake it, for ever.
func TestFailureComesToAnIdleShell(t *testing.T) {
	t.Parallel()
	for name, stale := range map[string]string{
		"as recorded":              "",
		"never as it was recorded": "functions -c __devsh_stale stale; function __devsh_stale --no-scope-shadowing; test \"$state\" = failed; or stale; end",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failureComes(t, stale)
		})
	}
}

func failureComes(t *testing.T, stale string) {
	b := newBuilds(t)
	dir := b.Project("p", "")
	b.Write(dir+"/flake.nix", "{ outputs = _: { devShells = throw \"no such shell\"; }; }\n")
	f := Start(t, b.Bed, Options{})
	asked, failed := filepath.Join(f.dir, "asked"), filepath.Join(f.dir, "failed")
	f.OK("functions -c __devsh_run run; function __devsh_run; echo $argv >>" + asked + "; run $argv; end")
	f.OK("function failing --on-variable DEVSH_STATE; test \"$DEVSH_STATE\" = failed; and echo >" + failed + "; end")
	f.OK("cd " + dir)
	before, err := os.ReadFile(asked)
	if err != nil {
		t.Fatal(err)
	}
	f.OK("true; " + stale)
	b.Allow(t, dir)
	awaitFile(t, failed)
	for n := 0; n < 6 && stale == ""; n++ { // each turn; prompts may ask where it is stale
		f.OK("true")
	}
	// That it is allowed, another process has seen to.
	want := string(before)
	evaluated := 1
	if stale != "" {
		want += "enter --abi 1 --wait soon -- " + dir + "\n"
		evaluated = 2
	}
	if now, err := os.ReadFile(asked); err != nil || string(now) != want {
		t.Errorf("the shell asked:\n%s%v", now, err)
	}
	if n := b.evaluations(); n != evaluated {
		t.Errorf("it was evaluated %d times", n)
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
	f.OK("true") // the prompt after it tells
	f.shows("was ended 3 times", 0)
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
