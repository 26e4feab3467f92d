package format

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestOthers: what a formatter writes beside the file that it was given, and what
// it knows of the project's directory, stays in the mirror.
func TestOthers(t *testing.T) {
	b := newBed(t, `echo "$0 $PWD $HERE" >>`+"LOG"+`; for f in *.x sub/*.x; do echo "$f" | tr a-z A-Z >"$f"; done`)
	log := filepath.Join(filepath.Dir(b.root), "log")
	f := b.Choose("a.x")
	f.Argv[2] = strings.ReplaceAll(f.Argv[2], "LOG", log)
	f.Others, f.Dir = true, "in"
	f.Env = append(os.Environ(), "HERE="+b.root+"/in", "PATHS=/x:"+b.root)
	for _, name := range []string{"in/b.x", "in/c.x", "in/sub/d.x"} {
		b.write(name, "text\n")
	}
	b.write("in/pic.x", "\x00text\n")
	b.Files = []string{"in/b.x", "in/pic.x"}
	r, err := Run(t.Context(), b.Request)
	if err != nil || summary(r) != "in/b.x:changed" || b.read("in/b.x") != "B.X\n" {
		t.Errorf("%q, %v, %q", summary(r), err, b.read("in/b.x"))
	}
	for name, want := range map[string]string{"in/c.x": "text\n", "in/sub/d.x": "text\n", "in/pic.x": "\x00text\n", "a.x": "a\n"} {
		if got := b.read(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if text, err := Text(t.Context(), b.Request, "in/sub/new.x", []byte("new\n")); err != nil || string(text) != "SUB/NEW.X\n" {
		t.Errorf("%q, %v", text, err)
	}
	b.nothingLeft()
	said, err := os.ReadFile(log)
	for line := range strings.Lines(string(said)) {
		words := strings.Fields(line)
		if words[1] != words[2] || words[1] == b.root+"/in" {
			t.Errorf("it ran in, and was told, %q", words)
		}
	}
	if r.Processes != 1 || err != nil {
		t.Errorf("%d processes, %v", r.Processes, err)
	}
	if got := (&mirror{root: "/p", dir: "/m/p"}).moved([]string{"A=/p", "B=/p/x", "C=/pp", "D=/p/x:/p"}); !slices.Equal(got, []string{"A=/m/p", "B=/m/p/x", "C=/pp", "D=/p/x:/p"}) {
		t.Errorf("%q", got)
	}
}
