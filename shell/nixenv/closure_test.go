package nixenv

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// memory is a tree in memory for [closureOf].
func memory(files map[string]string) readFunc {
	return func(name string, limit int64) (treeNode, error) {
		if text, ok := files[name]; ok {
			if text == "unreadable" {
				return treeNode{}, errors.New("unreadable")
			}
			return treeNode{Present: true, Size: int64(len(text)), Data: []byte(text), ModTime: time.Unix(1, 0)}, nil
		}
		dir := treeNode{Present: true, IsDir: true}
		for f := range files {
			if rest, ok := strings.CutPrefix(f, name+"/"); ok || name == "." {
				if name == "." {
					rest = f
				}
				first, _, _ := strings.Cut(rest, "/")
				dir.Names = append(dir.Names, first)
			}
		}
		slices.Sort(dir.Names)
		dir.Names = slices.Compact(dir.Names)
		if len(dir.Names) == 0 {
			return treeNode{}, nil
		}
		return dir, nil
	}
}

func TestClosure(t *testing.T) {
	many := map[string]string{"flake.nix": ""}
	for i := range 2 * maxFiles {
		many["flake.nix"] += fmt.Sprintf(" ./f%d", i)
	}
	for _, c := range []struct {
		name  string
		files map[string]string
		start []string
		want  []string // "!" marks deciding files, "?" missing ones
		note  string
	}{
		{name: "flake", files: map[string]string{"flake.nix": "{}"}, start: []string{"flake.nix", "flake.lock"}, want: []string{"flake.lock!?", "flake.nix!"}},
		{
			name:  "transitive",
			files: map[string]string{"p/flake.nix": "import ./a.nix ./data.json", "p/a.nix": "../lib/b.nix", "lib/b.nix": "./a.nix", "lib/a.nix": "", "p/data.json": "./x.nix"},
			start: []string{"p/flake.nix"}, want: []string{"lib/a.nix!", "lib/b.nix!", "p/a.nix!", "p/data.json", "p/flake.nix!"},
		},
		{name: "cycle", files: map[string]string{"flake.nix": "./a.nix", "a.nix": "./flake.nix ./a.nix"}, start: []string{"flake.nix"}, want: []string{"a.nix!", "flake.nix!"}},
		{name: "default.nix", files: map[string]string{"s.nix": "./d", "d/default.nix": "", "d/other.nix": ""}, start: []string{"s.nix"}, want: []string{"d/default.nix!", "s.nix!"}},
		{
			name:  "whole directory",
			files: map[string]string{"s.nix": "./d", "d/a.nix": "", "d/e/b.nix": "", "d/readme": "", "d/node_modules/x.nix": "", "d/.git/x.nix": ""},
			start: []string{"s.nix"}, want: []string{"d/a.nix!", "d/e/b.nix!", "s.nix!"},
		},
		{name: "antiquotation", files: map[string]string{"s.nix": "./d/${x}.nix ./e/f${x}", "d/a.nix": "", "d/default.nix": "", "e/f.nix": ""}, start: []string{"s.nix"}, want: []string{"d/a.nix!", "d/default.nix!", "e/f.nix!", "s.nix!"}},
		{name: "the project itself", files: map[string]string{"s.nix": "./. ./${x} a/..", "b.nix": ""}, start: []string{"s.nix"}, want: []string{"s.nix!"}},
		{name: "its default.nix", files: map[string]string{"p/shell.nix": "import ./. {}", "p/default.nix": "../.", "default.nix": "", "x.nix": ""}, start: []string{"p/shell.nix"}, want: []string{"default.nix!", "p/default.nix!", "p/shell.nix!"}},
		{name: "scripts decide", files: map[string]string{"s.nix": `"source ${./env.sh}"`, "env.sh": ""}, start: []string{"s.nix"}, want: []string{"env.sh!", "s.nix!"}},
		{name: "missing", files: map[string]string{"s.nix": "./gone.nix"}, start: []string{"s.nix"}, want: []string{"gone.nix!?", "s.nix!"}},
		{name: "outside", files: map[string]string{"s.nix": "../x.nix"}, start: []string{"s.nix"}, want: []string{"s.nix!"}, note: "s.nix names ../x.nix, which is outside"},
		{name: "home", files: map[string]string{"s.nix": "~/x.nix"}, start: []string{"s.nix"}, want: []string{"s.nix!"}, note: "s.nix names ~/x.nix, which is outside"},
		{name: "absolute", files: map[string]string{"s.nix": "/etc/x.nix"}, start: []string{"s.nix"}, want: []string{"s.nix!"}, note: "s.nix names /etc/x.nix, which is outside"},
		{name: "unreadable", files: map[string]string{"s.nix": "./a.nix", "a.nix": "unreadable"}, start: []string{"s.nix"}, want: []string{"a.nix!?", "s.nix!"}, note: "a.nix: unreadable"},
		{name: "large", files: map[string]string{"s.nix": "./a", "a": strings.Repeat("x", maxFileSize+1)}, start: []string{"s.nix"}, want: []string{"a", "s.nix!"}, note: "a is larger than 1 MiB"},
		{name: "many", files: many, start: []string{"flake.nix"}, note: "more than 500 files"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := closureOf(memory(c.files), c.start...)
			var names []string
			for _, f := range got.Files {
				n := f.Path
				if f.Deciding {
					n += "!"
				}
				if !f.Present {
					n += "?"
				}
				names = append(names, n)
			}
			if c.want != nil && !slices.Equal(names, c.want) {
				t.Errorf("files %q, want %q", names, c.want)
			}
			if len(names) > maxFiles || strings.Join(got.Incomplete, "; ") != c.note {
				t.Errorf("%d files, incomplete %q, want %q", len(names), got.Incomplete, c.note)
			}
		})
	}
}

func TestKey(t *testing.T) {
	base := map[string]string{"flake.nix": "./a.nix ./b", "a.nix": "1", "b": "x"}
	flake := Source{Dir: "/p", File: "flake.nix"}
	file := Source{Dir: "/p", File: "shell.nix"}
	key := func(s Source, files map[string]string, nixPath string) string {
		f := closureOf(memory(files), "flake.nix", "flake.lock")
		f.Root = s.Dir
		return keyOf(s, f, nixPath, "")
	}
	with := func(name, text string) map[string]string {
		files := map[string]string{name: text}
		for n, t := range base {
			if n != name {
				files[n] = t
			}
		}
		return files
	}
	seen := map[string]string{}
	for name, k := range map[string]string{
		"base": key(flake, base, ""), "attr": key(Source{Dir: "/p", File: "flake.nix", Attr: "x"}, base, ""),
		"sub": key(Source{Dir: "/p", File: "x/flake.nix"}, base, ""), "lock": key(flake, with("flake.lock", ""), ""),
		"a": key(flake, with("a.nix", "2"), ""), "b": key(flake, with("b", "y"), ""),
		"ref": key(Source{Ref: "github:a/b"}, base, ""), "ref 2": key(Source{Ref: "github:a/c"}, base, ""),
		"file": key(file, base, ""), "file elsewhere": key(Source{Dir: "/q", File: "shell.nix"}, base, ""), "NIX_PATH": key(file, base, "nixpkgs=/x"),
	} {
		if other, dup := seen[k]; dup {
			t.Errorf("%s and %s have the same key", name, other)
		}
		seen[k] = name
	}
	if key(flake, base, "") != key(Source{Dir: "/q", File: "flake.nix"}, base, "y") {
		t.Error("the key of a flake depends on its place")
	}
	if key(flake, base, "") != key(flake, with("unrelated", "z"), "") {
		t.Error("the key depends on a file that is not read")
	}
}

func TestRealFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("repo/.git", "gitdir: elsewhere")
	write("repo/bad\xff/flake.nix", "../lib.nix ./fifo.nix ./link.nix ./out.nix")
	write("repo/lib.nix", "")
	write("secret.nix", "")
	for name, target := range map[string]string{"link.nix": "../lib.nix", "out.nix": "../../secret.nix"} {
		if err := os.Symlink(target, filepath.Join(dir, "repo/bad\xff", name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mkfifo(filepath.Join(dir, "repo/bad\xff/fifo.nix"), 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := Source{Dir: filepath.Join(dir, "repo/bad\xff"), File: "flake.nix"}.Files()
	if err != nil {
		t.Fatal(err)
	}
	present := map[string]bool{}
	for _, f := range files.Files {
		present[f.Path] = f.Present
	}
	want := map[string]bool{"bad\xff/flake.nix": true, "bad\xff/flake.lock": false, "lib.nix": true, "bad\xff/link.nix": true, "bad\xff/fifo.nix": false, "bad\xff/out.nix": false}
	if fmt.Sprint(present) != fmt.Sprint(want) || len(files.Incomplete) != 2 {
		t.Errorf("files %v, incomplete %q", present, files.Incomplete)
	}
}
