package fishtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWrongSettings: what is wrong in config.toml is told once in each shell, in
// one line that says where, by one that starts and by one that is open; the
// environments stay, and all goes on when it is mended.
func TestWrongSettings(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.Write("config/devsh/config.toml", "message = \"normal\"\n")
	dir := b.Allowed("p", "[env]\nA = \"1\"\n")
	open := Start(t, b, Options{})
	open.OK("cd " + dir)
	b.Write("config/devsh/config.toml", "# roots:\nroots = [\"here\"]\n")
	starts := Start(t, b, Options{})
	for what, f := range map[string]*Fish{"open": open, "starts": starts} {
		for range 6 {
			f.OK("true")
		}
		for range 2 {
			if got := f.OK("cd; cd " + dir + "; echo $A"); !strings.HasSuffix(got, "1\n") {
				t.Errorf("%s: A is %q", what, got)
			}
		}
		said := Plain(f.Session.Output(0))
		if strings.Count(said, "is not absolute") != 1 || strings.Contains(said, "hint:") ||
			!strings.Contains(said, "devsh: ~/config/devsh/config.toml:2:10: roots: \"here\" is not absolute (write an absolute path, or one that begins with ~/)") {
			t.Errorf("%s: the terminal shows %s", what, said)
		}
	}
	if err := os.Remove(b.Home + "/config/devsh/config.toml"); err != nil {
		t.Fatal(err)
	}
	mark := starts.Session.Mark()
	if got := starts.OK("cd; cd " + dir + "; echo $A"); !strings.HasSuffix(got, "1\n") {
		t.Errorf("mended: A is %q", got)
	}
	if said := Plain(starts.Session.Output(mark)); strings.Contains(said, "config.toml") {
		t.Errorf("mended: %s", said)
	}
}

// TestNewRoot: shells that stand outside of all roots notice a new one when they
// come to a project in it: the first, which has the settings read, and others.
func TestNewRoot(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := filepath.Join(b.Home, "work/p")
	b.Write(dir+"/devsh.toml", "[env]\nA = \"1\"\n")
	shells := []*Fish{Start(t, b, Options{}), Start(t, b, Options{})}
	for _, f := range shells {
		if got := f.OK("cd " + dir + "; cd; set -q A; or echo none"); got != "none\n" {
			t.Fatalf("before: %q", got)
		}
	}
	b.Write("config/devsh/config.toml", "roots = [\"~/dev\"\n")
	shells[0].OK("cd " + dir + "; cd; cd " + dir + "; cd")
	if said := Plain(shells[0].Session.Output(0)); strings.Count(said, "config.toml:1:") != 1 {
		t.Errorf("what is wrong is to be told once: %s", said)
	}
	b.Write("config/devsh/config.toml", "roots = [\"~/dev\", \"~/work\"]\n")
	b.Allow(t, dir)
	for i, f := range shells {
		if got := f.OK("cd " + dir + "; echo $A"); !strings.HasSuffix(got, "1\n") {
			t.Errorf("shell %d: A is %q", i, got)
		}
		if got := f.OK("cd; set -q A; or echo none"); got != "none\n" {
			t.Errorf("shell %d, outside again: %q", i, got)
		}
	}
}
