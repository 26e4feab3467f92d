package trust

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=u", "-c", "user.email=u@example.org", "-c", "init.defaultBranch=main"}, args...)...)
	cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1"}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// repository makes a repository with two worktrees besides its own.
func repository(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal(err)
	}
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	main := filepath.Join(top, "main")
	put(t, main+"/sub/devsh.toml", "x")
	git(t, top, "init", "-q", main)
	git(t, main, "add", ".")
	git(t, main, "commit", "-qm", "one")
	git(t, main, "worktree", "add", "-q", "../linked")
	git(t, main, "worktree", "add", "-q", "-b", "other", "../other name")
	return top
}

// Another worktree of an allowed repository is trusted, with the same inputs
// only, whichever of them was allowed.
func TestWorktrees(t *testing.T) {
	top := repository(t)
	same := []File{file("devsh.toml", "x")}
	for _, c := range []struct{ allowed, asked string }{
		{"main/sub", "linked/sub"}, {"linked/sub", "main/sub"}, {"linked/sub", "other name/sub"}, {"main", "linked"},
	} {
		s := newStore(t)
		allow(t, s, Inputs{Dir: filepath.Join(top, c.allowed), Files: same})
		asked := filepath.Join(top, c.asked)
		v, err := s.Check(Inputs{Dir: asked, Files: same})
		if err != nil || v.State != Allowed || v.From != filepath.Join(top, c.allowed) || v.Because != "worktree of "+v.From {
			t.Errorf("%v: %+v, %v", c, v, err)
		}
		if got := state(t, s, Inputs{Dir: asked, Files: []File{file("devsh.toml", "y")}}); got != Unknown {
			t.Errorf("%v: with other content %s", c, got)
		}
		if got := state(t, s, Inputs{Dir: asked + "/below", Files: same}); got != Unknown {
			t.Errorf("%v: another place in the worktree: %s", c, got)
		}
		if err := s.Deny(filepath.Join(top, c.allowed), now); err != nil {
			t.Fatal(err)
		}
		if got := state(t, s, Inputs{Dir: asked, Files: same}); got != Unknown {
			t.Errorf("%v: the other was denied: %s", c, got)
		}
	}
}

// What a stranger can put into a directory does not make it a worktree of an
// allowed repository.
func TestForgedWorktrees(t *testing.T) {
	same := []File{file("devsh.toml", "x")}
	for name, forge := range map[string]func(t *testing.T, top, evil string){
		"a .git file that points to the repository": func(t *testing.T, top, evil string) {
			put(t, evil+"/.git", "gitdir: "+top+"/main/.git\n")
		},
		"a .git file that points to another's entry": func(t *testing.T, top, evil string) {
			put(t, evil+"/.git", "gitdir: "+top+"/main/.git/worktrees/linked\n")
		},
		"an entry of its own that links back": func(t *testing.T, top, evil string) {
			put(t, evil+"/.git", "gitdir: "+evil+"/fake\n")
			put(t, evil+"/fake/gitdir", evil+"/.git\n")
			put(t, evil+"/fake/commondir", top+"/main/.git\n")
		},
		"a repository of its own that names the allowed one": func(t *testing.T, top, evil string) {
			put(t, evil+"/.git/worktrees/w/gitdir", top+"/main/.git\n")
		},
		"one that names the linked one": func(t *testing.T, top, evil string) {
			put(t, evil+"/.git/worktrees/w/gitdir", top+"/linked/.git\n")
		},
		"a forged repository around a forged worktree": func(t *testing.T, top, evil string) {
			put(t, evil+"/.git", "gitdir: "+evil+"/r/worktrees/w\n")
			put(t, evil+"/r/worktrees/w/gitdir", evil+"/.git\n")
			put(t, evil+"/r/worktrees/w/commondir", "../..\n")
			put(t, evil+"/r/worktrees/v/gitdir", top+"/main/.git\n")
		},
		"a link to the repository": func(t *testing.T, top, evil string) {
			if err := os.Symlink(top+"/main/.git", evil+"/.git"); err != nil {
				t.Fatal(err)
			}
		},
		"a link to a worktree's file": func(t *testing.T, top, evil string) {
			if err := os.Symlink(top+"/linked/.git", evil+"/.git"); err != nil {
				t.Fatal(err)
			}
		},
		"a copy of the worktree": func(t *testing.T, top, evil string) {
			data, err := os.ReadFile(top + "/linked/.git")
			if err != nil {
				t.Fatal(err)
			}
			put(t, evil+"/.git", string(data))
		},
	} {
		t.Run(name, func(t *testing.T) {
			top := repository(t)
			s := newStore(t)
			for _, dir := range []string{"main", "linked"} {
				allow(t, s, Inputs{Dir: filepath.Join(top, dir), Files: same})
			}
			evil := filepath.Join(top, "evil")
			if err := os.Mkdir(evil, 0o755); err != nil {
				t.Fatal(err)
			}
			forge(t, top, evil)
			if v, err := s.Check(Inputs{Dir: evil, Files: same}); err != nil || v.State != Unknown {
				t.Errorf("trusted: %+v, %v", v, err)
			}
		})
	}
}

// A worktree that git has forgotten, or that was moved without it, is none.
func TestStaleWorktrees(t *testing.T) {
	top := repository(t)
	same := []File{file("devsh.toml", "x")}
	s := newStore(t)
	allow(t, s, Inputs{Dir: top + "/main", Files: same})
	if err := os.Rename(top+"/linked", top+"/moved"); err != nil {
		t.Fatal(err)
	}
	if got := state(t, s, Inputs{Dir: top + "/moved", Files: same}); got != Unknown {
		t.Errorf("moved: %s", got)
	}
	if err := os.RemoveAll(top + "/main/.git/worktrees/other name"); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(top + "/main/.git/worktrees")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "other") {
			if err := os.RemoveAll(top + "/main/.git/worktrees/" + e.Name()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := state(t, s, Inputs{Dir: top + "/other name", Files: same}); got != Unknown {
		t.Errorf("forgotten: %s", got)
	}
}
