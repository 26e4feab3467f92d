package fishtest

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
)

// captured is what came out of a fish that ran without a terminal.
type captured struct {
	Zero           []byte // what was written to descriptor 0
	Stdout, Stderr []byte
}

// capture runs fish as an editor does that wants an environment: in a session
// of its own, without a terminal, descriptor 0 a pipe to write to.
func capture(t *testing.T, b *Bed, args ...string) captured {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithTimeout(t.Context(), Limit())
	defer cancel()
	cmd := exec.CommandContext(ctx, b.fish, args...)
	cmd.Env = b.Env().List()
	cmd.Dir = b.Home
	cmd.Stdin = w
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Start()
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	zero, readErr := io.ReadAll(r)
	if err := cmd.Wait(); err != nil || readErr != nil {
		t.Fatalf("fish %q: %v, %v\n%s%s", args, err, readErr, out.Bytes(), errs.Bytes())
	}
	return captured{Zero: zero, Stdout: out.Bytes(), Stderr: errs.Bytes()}
}

// checkCaptured compares an environment with what package env says.
func checkCaptured(t *testing.T, before, got env.Env, dir string, d env.Delta) {
	t.Helper()
	want := env.Enter(before, d, got[env.GenerationVar], dir)
	complain(t, "captured, against what package env computes", Diff(State{Env: want}, State{Env: got}))
}

const captureToml = "[env]\nA = \"inside\"\nML = \"a\\nb\"\n[path]\nprepend = [\"bin\"]\n" +
	"[hooks]\nenter = \"echo HOOK; echo HOOK >&2; echo HOOK >&0\"\nleave = \"echo HOOK; echo HOOK >&2; echo HOOK >&0\"\n"

// TestEditorsCapture: how Zed reads an environment, and VS Code nearly so.
func TestEditorsCapture(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		run  func(cd string) []string
		from func(captured) (result, other []byte)
	}{
		{
			"zed", func(cd string) []string {
				return []string{"-l", "-i", "-c", "emit fish_prompt;" + cd + "/usr/bin/env -0 >&0"}
			},
			func(c captured) ([]byte, []byte) { return c.Zero, c.Stdout },
		},
		{
			"zed, -i only", func(cd string) []string { return []string{"-i", "-c", cd + "/usr/bin/env -0 >&0"} },
			func(c captured) ([]byte, []byte) { return c.Zero, c.Stdout },
		},
		{
			"vs code", func(cd string) []string { return []string{"-i", "-l", "-c", cd + "/usr/bin/env -0"} },
			func(c captured) ([]byte, []byte) { return c.Stdout, c.Zero },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			dir := b.Allowed("p", captureToml)
			b.WithoutHook()
			bare, bareOther := tt.from(capture(t, b, tt.run("cd "+dir+";")...))
			b.ConfigFish("", "")
			for range 2 { // cold and warm
				result, other := tt.from(capture(t, b, tt.run("cd "+dir+";")...))
				if !bytes.Equal(other, bareOther) { // fish writes there itself
					t.Errorf("on the other descriptor there is %q, without the hook %q", other, bareOther)
				}
				if !bytes.HasSuffix(result, []byte{0}) || bytes.Contains(result, []byte("HOOK")) {
					t.Errorf("not only an environment: %q", result)
				}
				if head, bareHead := firstEscapes.Find(result), firstEscapes.Find(bare); !bytes.Equal(head, bareHead) {
					t.Errorf("the environment is preceded by %q, without the hook by %q", head, bareHead)
				}
				checkCaptured(t, parseCaptured(bare), parseCaptured(result), dir, deltaOf(t, b, dir))
			}
		})
	}
}

// firstEscapes is what fish itself tells the terminal that it thinks it has.
var firstEscapes = regexp.MustCompile(`^(?:` + escapes.String() + `)*`)

func parseCaptured(b []byte) env.Env { return ParseEnviron(firstEscapes.ReplaceAll(b, nil)) }

// TestCaptureStartedInside: the editor starts the shell in the project.
func TestCaptureStartedInside(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Allowed("p", captureToml)
	bare := capture(t, b, "-l", "-i", "-c", "/usr/bin/env -0 >&0")
	got := capture(t, b, "-l", "-i", "-c", "cd "+dir+"; cd ..; cd p; /usr/bin/env -0 >&0")
	checkCaptured(t, ParseEnviron(bare.Zero), ParseEnviron(got.Zero), dir, deltaOf(t, b, dir))
}

// TestNotAllowedIsNotCaptured: nor is a byte said on the descriptors.
func TestNotAllowedIsNotCaptured(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Project("p", captureToml)
	b.WithoutHook()
	bare := capture(t, b, "-l", "-i", "-c", "emit fish_prompt; cd "+dir+"; /usr/bin/env -0 >&0")
	b.ConfigFish("", "")
	got := capture(t, b, "-l", "-i", "-c", "emit fish_prompt; cd "+dir+"; /usr/bin/env -0 >&0")
	complain(t, "captured before it was allowed", Diff(State{Env: ParseEnviron(bare.Zero)}, State{Env: ParseEnviron(got.Zero)}))
	if !bytes.Equal(got.Stdout, bare.Stdout) {
		t.Errorf("on descriptor 1 there is %q, without the hook %q", got.Stdout, bare.Stdout)
	}
}

// TestScriptsAreLeftAlone: they have devsh exec.
func TestScriptsAreLeftAlone(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Allowed("p", captureToml)
	script := b.Write("script.fish", "cd $argv; /usr/bin/env -0\n")
	for _, args := range [][]string{
		{"-c", "cd DIR; /usr/bin/env -0"},
		{"-l", "-c", "cd DIR; /usr/bin/env -0"},
		{script, "DIR"},
	} {
		last := len(args) - 1
		text := args[last]
		args[last] = strings.ReplaceAll(text, "DIR", b.Home)
		bare := capture(t, b, args...)
		args[last] = strings.ReplaceAll(text, "DIR", dir)
		got := capture(t, b, args...)
		complain(t, strings.Join(args, " "), Diff(State{Env: ParseEnviron(bare.Stdout)}, State{Env: ParseEnviron(got.Stdout)}))
		if len(got.Stderr)+len(got.Zero) > 0 {
			t.Errorf("%q: said %q %q", args, got.Stderr, got.Zero)
		}
	}
}

// TestScriptInsideKeepsTheEnvironment: a script started in the project has what
// it was started with, wherever it goes.
func TestScriptInsideKeepsTheEnvironment(t *testing.T) {
	t.Parallel()
	w := newWalker(t)
	dir := w.b.Allowed("p", outerToml)
	w.OK("cd " + dir)
	inside := w.Snapshot()
	out := w.b.Tmp + "/out"
	w.OK("fish -c 'cd; /usr/bin/env -0' >" + out)
	seen, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	got := ParseEnviron(seen)
	delete(got, "SHLVL")
	delete(inside.Env, "SHLVL")
	complain(t, "a script that went elsewhere", Diff(State{Env: inside.Env}, State{Env: got}))
}
