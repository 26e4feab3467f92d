package fishtest

import (
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
)

// TestStandsAside: where another tool has made an environment, the hook leaves
// it alone and says so in one line, once.
func TestStandsAside(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		marks func(dir string) env.Env
		aside bool
		says  string
	}{
		{"direnv in this project", func(dir string) env.Env { return env.Env{"DIRENV_DIR": "-" + dir} }, true, "direnv"},
		{"direnv elsewhere", func(dir string) env.Env { return env.Env{"DIRENV_DIR": "-" + dir + "-other"} }, false, ""},
		{"nix develop", func(string) env.Env { return env.Env{"IN_NIX_SHELL": "impure", "NIX_BUILD_TOP": "/tmp/x"} }, true, "nix"},
		{"only one of nix develop's marks", func(string) env.Env { return env.Env{"IN_NIX_SHELL": "impure"} }, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			dir := b.Allowed("p", outerToml)
			f := Start(t, b, Options{Env: tt.marks(dir)})
			before := f.Snapshot()
			from := f.Session.Mark()
			out := f.OK("cd " + dir)
			inside := f.Snapshot()
			if !tt.aside {
				checkInside(t, before, inside, dir, deltaOf(t, b, dir))
			} else {
				checkSame(t, "standing aside", before, inside)
				f.OK("cd ..")
				f.OK("cd p")
				f.OK("true")
				said := Plain(f.Session.Output(from))
				if n := strings.Count(said, "devsh: "); n != 1 || !strings.Contains(said, tt.says) {
					t.Errorf("said %d times what should be said once; cd printed %q, in all:\n%s", n, out, said)
				}
			}
			f.OK("cd " + b.Home)
			checkSame(t, "afterwards", before, f.Snapshot())
		})
	}
}

// TestDirenvComesAndGoes: direnv's own hook changes its mark while the shell stands in the project.
func TestDirenvComesAndGoes(t *testing.T) {
	t.Parallel()
	w := newWalker(t)
	dir := w.b.Allowed("p", outerToml)
	d := deltaOf(t, w.b, dir)
	w.OK("cd " + dir)
	w.in(dir, d)
	w.OK("set -gx DIRENV_DIR -" + dir)
	w.OK("true")
	got := w.Snapshot()
	if got.Env[env.ProjectVar] != "" {
		t.Errorf("direnv became active in the project, and devsh still is")
	}
	w.OK("set -eg DIRENV_DIR")
	w.OK("true")
	w.in(dir, d)
	w.home()
}

// TestNotAllowed: nothing of a project is set before it was allowed, after it
// was denied, or by the new text of one that was allowed in an old form.
func TestNotAllowed(t *testing.T) {
	t.Parallel()
	w := newWalker(t)
	dir := w.b.Project("p", outerToml)
	w.OK("cd " + dir)
	checkSame(t, "before it is allowed", w.before, w.Snapshot())
	w.OK("true")
	checkSame(t, "at the next prompt", w.before, w.Snapshot())

	w.b.Allow(t, dir)
	d := deltaOf(t, w.b, dir)
	w.OK("true")
	w.in(dir, d)

	w.b.Write(dir+"/devsh.toml", strings.ReplaceAll(outerToml, "outer", "evil"))
	w.OK("true")
	w.in(dir, d) // the last good environment
	w.home()
	w.OK("cd " + dir)
	w.in(dir, d)
	w.OK("fish")
	if got := w.Snapshot().Env["A"]; got != "outer" {
		t.Errorf("in a nested shell A is %q, want what was allowed", got)
	}
	w.Run("exit")

	w.b.Allow(t, dir)
	w.OK("true")
	w.in(dir, deltaOf(t, w.b, dir))

	w.b.Devsh(t, "deny", dir)
	w.OK("true")
	checkSame(t, "after it was denied", w.before, w.Snapshot())
	w.home()
}
