package fishtest

import (
	"os"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
)

// TestQuiet: where nothing of devsh's is active, prompts and cd show nothing of
// it, not even an error of fish's (promise 3): with a runtime directory, and
// without one, as below su and in containers.
func TestQuiet(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]string{"runtime directory": "", "none": "set -e XDG_RUNTIME_DIR"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			b.ConfigFish(before, "")
			quiet(t, b)
		})
	}
}

func quiet(t *testing.T, b *Bed) {
	b.Allowed("p", "[env]\nA = \"1\"\n")
	f := Start(t, b, Options{})
	if out := Plain(f.Session.Output(0)); strings.Contains(out, "devsh_") || strings.Contains(out, "(line ") {
		t.Errorf("at the first prompt the screen shows %q", out)
	}
	for _, line := range []string{"true", "true", "cd /", "true", "cd " + Quote(b.Dev), "true", "cd " + Quote(b.Home), "true"} {
		out, status := f.Run(line)
		if status != 0 || strings.Contains(out, "devsh_") || strings.Contains(out, "(line ") {
			t.Errorf("%s: status %d, and the screen shows %q", line, status, out)
		}
	}
	// What a project's hook does to $PWD ends with its own prompt.
	b.Allowed("away", "[env]\nB = \"1\"\n[hooks]\nenter = \"cd /\"\nleave = \"cd /tmp\"\n")
	b.Allowed("only-leave", "[env]\nC = \"1\"\n[hooks]\nleave = \"set -g LEFT yes\"\n")
	for _, line := range []string{"cd " + Quote(b.Dev+"/away"), "true", "cd " + Quote(b.Dev+"/away/../p"), "true", "cd " + Quote(b.Dev+"/only-leave"), "cd " + Quote(b.Home), "true"} {
		if out, _ := f.Run(line); strings.Contains(out, "(line ") {
			t.Errorf("%s: the screen shows %q", line, out)
		}
	}
	f.OK(`not set -q A; and not set -q B; and not set -q C; and test "$LEFT" = yes`)
}

// TestQuietStart: nor does a shell that starts, in a project and out of one, at
// its first prompt and at one that an editor asks for (promise 3).
func TestQuietStart(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Allowed("p", "[env]\nA = \"1\"\n")
	for _, from := range []string{b.Home, b.Dev, dir} {
		f := Start(t, b, Options{Dir: from})
		f.OK("fish -i -c 'emit fish_prompt; cd " + Quote(dir) + "; emit fish_prompt'")
		if text := Plain(f.Session.Output(0)); strings.Contains(text, "(line ") || strings.Contains(text, "__devsh_") {
			t.Errorf("in %s the screen shows %q", from, text)
		}
	}
}

// TestHandlersStay: a function that handles events is not hidden by an alias,
// since fish could not give its handlers back.
func TestHandlersStay(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Allowed("p", "[aliases]\nbar = \"echo project\"\n")
	f := Start(t, b, Options{})
	f.OK("function bar --on-event ev; set -g TOLD $TOLD x; end")
	f.OK("cd " + Quote(dir) + "; cd " + Quote(b.Home) + "; emit ev; test (count $TOLD) = 1")
}

// TestForgedGeneration: what an environment says is active is believed only
// of the state directory itself (promise 1).
func TestForgedGeneration(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	evil := b.Dev + "/clone/@devsh/g-abc/enter.fish"
	b.Write(evil, "set -gx FORGED yes; function __devsh_adopt_abc; end\n")
	project := "/../../../../../../dev/clone"
	if _, err := os.Stat(b.Home + "/.local/state/devsh/v1/tree" + project); err != nil {
		project = "/../../../../../dev/clone"
	}
	f := Start(t, b, Options{Env: env.Env{
		"DEVSH_GENERATION": b.Home + "/.local/state/devsh/v1/tree" + project + "/@devsh/g-abc", "DEVSH_PROJECT": project,
	}})
	f.OK("not set -q FORGED; and not set -q DEVSH_GENERATION")
	// What nothing accounts for would be restored by a shell that is started in a project which sets it.
	for _, forged := range []env.Env{{"DEVSH_OLD_A": "x"}, {"DEVSH_OLD_A": "x", "DEVSH_GENERATION": "/"}, {"DEVSH_OLD_A": "x", "DEVSH_GENERATION": ""}} {
		f := Start(t, b, Options{Env: forged})
		f.OK("not set -q DEVSH_OLD_A; and not set -q DEVSH_GENERATION")
	}
}
