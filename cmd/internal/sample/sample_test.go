package sample

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/manifest"
)

// TestTheSameForAll compares what the tools are given to do: a measure of
// different work would be none.
func TestTheSameForAll(t *testing.T) {
	dir := t.TempDir()
	if err := Project(dir, map[string]string{".envrc": Envrc(dir)}); err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Parse("devsh.toml", []byte(DevshToml()))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Env) != Vars || len(m.Lists["PATH"].Prepend) != Entries {
		t.Errorf("devsh.toml has %d variables and %d entries", len(m.Env), len(m.Lists["PATH"].Prepend))
	}
	cmd := exec.Command("bash", "-c", `PATH=/usr/bin; . ./.envrc; printf '%s\n' "$SAMPLE_69" "$PATH"; env | grep -c ^SAMPLE_`)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(out), "\n")
	if lines[0] != Value(69) || lines[2] != "70" {
		t.Errorf(".envrc sets %q variables, the last to %q, want %q", lines[2], lines[0], Value(69))
	}
	path := filepath.SplitList(lines[1])
	if len(path) != Entries+1 {
		t.Errorf(".envrc puts %d entries on PATH", len(path))
	}
	for _, p := range path {
		if _, err := os.Stat(p); err != nil {
			t.Error(err)
		}
	}
}

func TestCrowd(t *testing.T) {
	state := t.TempDir()
	known := filepath.Join(state, "devsh/v1/tree/home/me/dev/one/@devsh")
	if err := os.MkdirAll(filepath.Join(known, "e_1"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Crowd(state, "/home/me/dev/one", 1); err == nil {
		t.Error("copying a project that is not known: no error")
	}
	if err := os.WriteFile(filepath.Join(known, "e_1/check.fish"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("e_1", filepath.Join(known, "current")); err != nil {
		t.Fatal(err)
	}
	if err := Crowd(state, "/home/me/dev/one", 250); err != nil {
		t.Fatal(err)
	}
	ids, err := filepath.Glob(filepath.Join(state, "devsh/v1/tree/home/me/dev/group-*/project-*/@devsh/current/check.fish"))
	if err != nil || len(ids) != 250 {
		t.Errorf("%d projects are known, %v", len(ids), err)
	}
}
