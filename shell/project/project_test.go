package project

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/hooks"
)

// tree makes directories, and files with a name that has no slash at its end.
func tree(t *testing.T, top string, paths ...string) {
	t.Helper()
	for _, p := range paths {
		full := top + "/" + p
		dir := full
		if !strings.HasSuffix(p, "/") {
			dir = filepath.Dir(full)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if dir != full {
			if err := os.WriteFile(full, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func scratch(t *testing.T) string {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return top
}

func TestFind(t *testing.T) {
	top := scratch(t)
	tree(t, top, "dev/plain/", "dev/a/devsh.toml", "dev/a/sub/deep/", "dev/a-evil/x/", "dev/repo/.git/", "dev/repo/cmd/", "dev/repo/web/package.json", "dev/repo/web/src/",
		"dev/mono/flake.nix", "dev/mono/.git/", "dev/mono/api/shell.nix", "dev/mono/api/src/", "dev/mono/tool/go.mod", "dev/worktree/.git", "dev/worktree/src/", "devious/p/devsh.toml", "dev/file")
	root := top + "/dev"
	for _, c := range []struct {
		dir, want string
		kind      Kind
		chain     []string
	}{
		{"dev", "dev", Root, nil},
		{"dev/plain", "dev", Root, nil},
		{"dev/a", "dev/a", Declared, []string{"dev/a"}},
		{"dev/a/sub/deep", "dev/a", Declared, []string{"dev/a"}},
		{"dev/a-evil/x", "dev", Root, nil}, // not a part of a
		{"dev/repo/cmd", "dev/repo", Repository, nil},
		{"dev/repo/web/src", "dev/repo/web", Repository, nil},
		{"dev/mono", "dev/mono", Declared, []string{"dev/mono"}},
		{"dev/mono/api/src", "dev/mono/api", Declared, []string{"dev/mono", "dev/mono/api"}},
		{"dev/mono/tool", "dev/mono", Declared, []string{"dev/mono"}}, // a deciding file above wins over a weak sign
		{"dev/worktree/src", "dev/worktree", Repository, nil},         // .git is a file there
	} {
		p, err := Find(top+"/"+c.dir, []string{root, top + "/missing"})
		if err != nil {
			t.Errorf("%s: %v", c.dir, err)
			continue
		}
		for i := range c.chain {
			c.chain[i] = top + "/" + c.chain[i]
		}
		if p.Dir != top+"/"+c.want || p.Kind != c.kind || p.Root != root || !slices.Equal(p.Chain, c.chain) {
			t.Errorf("%s: %+v, want %s, %s, %v", c.dir, *p, c.want, c.kind, c.chain)
		}
	}
	for dir, want := range map[string]error{"devious/p": ErrNotGoverned, "": ErrNotGoverned, "dev/nothing": ErrGone, "dev/a/gone/too": ErrGone} {
		if _, err := Find(top+"/"+dir, []string{root}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", dir, err, want)
		}
	}
}

// Directory names may be anything but "/" and NUL.
func TestFindOddNames(t *testing.T) {
	top := scratch(t)
	for _, name := range []string{"a b", "new\nline", "-rf", "\xff\xfe", "it's", `"`, "$(id)", "*", "日本", "@devshx", "~", "\x1b[31m", " ", "\t", "a\\", "...", strings.Repeat("n", 255)} {
		tree(t, top, name+"/devsh.toml", name+"/sub/")
		p, err := Find(top+"/"+name+"/sub", []string{top})
		if err != nil || p.Dir != top+"/"+name || p.Kind != Declared {
			t.Errorf("%q: %+v, %v", name, p, err)
		}
	}
	tree(t, top, Reserved+"/devsh.toml", "in/"+Reserved+"/deep/devsh.toml")
	for _, dir := range []string{Reserved, "in/" + Reserved + "/deep"} {
		if _, err := Find(top+"/"+dir, []string{top}); !errors.Is(err, ErrReserved) {
			t.Errorf("%s would be mistaken for devsh's own files: %v", dir, err)
		}
	}
}

// A link to a project is that project; a link out of the root is not governed.
func TestFindThroughLinks(t *testing.T) {
	top := scratch(t)
	tree(t, top, "dev/a/devsh.toml", "dev/a/sub/", "else/b/devsh.toml", "dev/nested/in/p/devsh.toml")
	for name, target := range map[string]string{
		"dev/to-a": "a", "dev/to-sub": "a/sub", "dev/out": "../else/b", "else/back": "../dev/a/sub", "linked-root": "dev", "dev/loop": "loop", "dev/dangling": "nowhere",
	} {
		if err := os.Symlink(target, top+"/"+name); err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string]string{"dev/to-a": "dev/a", "dev/to-sub": "dev/a", "else/back": "dev/a", "linked-root/a/sub": "dev/a"} {
		for _, root := range []string{"dev", "linked-root"} {
			p, err := Find(top+"/"+dir, []string{top + "/" + root})
			if err != nil || p.Dir != top+"/"+want || p.Root != top+"/dev" {
				t.Errorf("%s below %s: %+v, %v", dir, root, p, err)
			}
		}
	}
	if _, err := Find(top+"/dev/out", []string{top + "/dev"}); !errors.Is(err, ErrNotGoverned) {
		t.Errorf("a link out of the root: %v", err)
	}
	if _, err := Find(top+"/dev/dangling", []string{top + "/dev"}); !errors.Is(err, ErrGone) {
		t.Errorf("a link to nothing: %v", err)
	}
	if _, err := Find(top+"/dev/loop", []string{top + "/dev"}); err == nil {
		t.Error("a loop of links is no project")
	}
	// The innermost of several roots counts.
	p, err := Find(top+"/dev/nested/in/p", []string{top + "/dev", top + "/dev/nested", top + "/dev/nested/i"})
	if err != nil || p.Root != top+"/dev/nested" {
		t.Errorf("nested roots: %+v, %v", p, err)
	}
	// What lies above the root does not count, a devsh.toml in it included.
	tree(t, top, "devsh.toml")
	if p, err := Find(top+"/dev", []string{top + "/dev"}); err != nil || p.Kind != Root {
		t.Errorf("a file above the root: %+v, %v", p, err)
	}
}

func TestWithinAndLevels(t *testing.T) {
	for _, c := range []struct {
		path, dir string
		want      bool
	}{{"/d/a", "/d/a", true}, {"/d/a/x", "/d/a", true}, {"/d/a-evil", "/d/a", false}, {"/d", "/d/a", false}, {"/x", "/", true}, {"/d/a\n", "/d/a", false}} {
		if got := Within(c.path, c.dir); got != c.want {
			t.Errorf("Within(%q, %q) = %t", c.path, c.dir, got)
		}
	}
	if got := Levels("/a", "/a/b/c"); !slices.Equal(got, []string{"/a", "/a/b", "/a/b/c"}) {
		t.Errorf("Levels: %q", got)
	}
	if got := Levels("/", "/"); !slices.Equal(got, []string{"/"}) {
		t.Errorf("Levels: %q", got)
	}
}

// The hook looks for the same signs as the program, or one of them would
// never hear of a project.
func TestHookHasTheSameSigns(t *testing.T) {
	script := hooks.Fish("/nowhere/devsh")
	_, sign, _ := strings.Cut(script, "function __devsh_sign")
	sign, _, _ = strings.Cut(sign, "\nend")
	var got []string
	for _, word := range strings.Fields(sign) {
		if name, ok := strings.CutPrefix(word, "$in/"); ok {
			got = append(got, name)
		}
	}
	if !slices.Equal(got, Signs()) {
		t.Errorf("the hook looks for %q, the program for %q", got, Signs())
	}
	for _, name := range Deciding() {
		if !strings.Contains(script, `-e "$known/`+name+`"`) || !strings.Contains(script, "-e ./"+name) {
			t.Errorf("the hook does not look for %s", name)
		}
	}
}
