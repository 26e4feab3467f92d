package format

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestList(t *testing.T) {
	for _, git := range []bool{false, true} {
		b := newBed(t, "")
		for _, f := range []string{"b/c.x", "b/ignored.x", "node_modules/m.x", ".gitignore", "name with\nnewline.x", "é.x"} {
			b.write(f, "ignored.x\nnode_modules\n")
		}
		want := []string{".gitignore", "a.x", "b/c.x", "b/ignored.x", "name with\nnewline.x", "é.x"}
		if git {
			want = slices.DeleteFunc(want, func(f string) bool { return f == "b/ignored.x" })
			cmd := exec.Command("git", "init", "-q", b.root)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v %s", err, out)
			}
		}
		if got, err := List(t.Context(), b.root, []string{b.root}); err != nil || !slices.Equal(got, want) {
			t.Errorf("git %v: %q, %v", git, got, err)
		}
		// What is named is meant, ignored or not, and once.
		if got, err := List(t.Context(), b.root, []string{b.root + "/b/ignored.x", b.root + "/b", b.root + "/b/c.x"}); err != nil || !slices.Equal(got, []string{"b/c.x", "b/ignored.x"}) {
			t.Errorf("git %v: %q, %v", git, got, err)
		}
		if _, err := List(t.Context(), b.root, []string{b.root + "/none"}); !os.IsNotExist(err) {
			t.Errorf("a file that is not there: %v", err)
		}
		if _, err := List(t.Context(), b.root, []string{filepath.Dir(b.root)}); err == nil || !strings.Contains(err.Error(), "is not in") {
			t.Errorf("outside: %v", err)
		}
	}
}

// TestGitRunsNothing: a repository cannot have git run a program.
func TestGitRunsNothing(t *testing.T) {
	b := newBed(t, "")
	ran := filepath.Join(t.TempDir(), "ran")
	for _, args := range [][]string{{"init", "-q", b.root}, {"-C", b.root, "config", "core.fsmonitor", "touch " + ran}} {
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
	}
	if _, err := List(t.Context(), b.root, []string{b.root}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("git ran the repository's program")
	}
}
