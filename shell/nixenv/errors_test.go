package nixenv

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
)

func TestErrors(t *testing.T) {
	drv := func(attrs string) string {
		return fmt.Sprintf("{ outputs = { self }: { devShells.%s.default = %s; }; }", nixtest.System(), attrs)
	}
	lock := `{"nodes":{"foo":{"flake":false,"locked":{"narHash":"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=","rev":"0123456789012345678901234567890123456789","type":"git","url":"http://127.0.0.1:9/x"},"original":{"type":"git","url":"http://127.0.0.1:9/x"}},"root":{"inputs":{"foo":"foo"}}},"root":"root","version":7}`
	remote := fmt.Sprintf(`{ inputs.foo = { url = "git+http://127.0.0.1:9/x"; flake = false; }; outputs = { self, foo }: { devShells.%s.default = derivation { name = "x"; system = "x"; builder = "bash"; inherit foo; }; }; }`, nixtest.System())
	for _, c := range []struct {
		name    string
		files   map[string]string
		git     []string // tracked files; nil means no repository
		choice  string
		kind    Kind
		message string
		hint    string
		change  func(*Request)
	}{
		{name: "syntax", files: map[string]string{"flake.nix": drv("{ ; }")}, kind: Evaluation, message: "syntax error"},
		{name: "throw", files: map[string]string{"flake.nix": drv(`throw "bad luck\nmore"`)}, kind: Evaluation, message: "bad luck"},
		{name: "a trace like an error", files: map[string]string{"flake.nix": drv(`builtins.trace "x\nerror: builder for nothing failed" (throw "bad luck")`)}, kind: Evaluation, message: "bad luck"},
		{name: "attribute", files: map[string]string{"flake.nix": drv("1")}, choice: ".#nope", kind: Evaluation, message: "nope"},
		{name: "a number", files: map[string]string{"flake.nix": drv("1")}, kind: NotAShell, hint: "mkShell"},
		{name: "no bash", files: map[string]string{"flake.nix": drv(`derivation { name = "x"; system = "` + nixtest.System() + `"; builder = "/bin/sh"; }`)}, kind: NotAShell, message: "bash"},
		{name: "build", files: map[string]string{"flake.nix": drv(nixtest.Shell{Builder: "echo to the log; exit 3"}.Expression())}, kind: Build, message: "builder for dependency-1.2 failed with exit code 3", hint: "devsh log"},
		{name: "untracked", files: map[string]string{"flake.nix": drv("1")}, git: []string{}, kind: Untracked, hint: "git add -N flake.nix"},
		{
			name:  "untracked import",
			files: map[string]string{"flake.nix": drv("import ./my.nix"), "my.nix": "1"},
			git:   []string{"flake.nix"}, kind: Untracked, hint: "git add -N my.nix",
		},
		{name: "no lock, away", files: map[string]string{"flake.nix": remote}, kind: NoLock, hint: "nix flake lock"},
		{name: "no lock, local", files: map[string]string{
			"../dep/x": "", "flake.nix": `{ inputs.foo.url = "path:DIR/../dep"; inputs.foo.flake = false; outputs = { self, foo }: { }; }`,
		}, kind: NoLock, hint: "nix flake lock"},
		{name: "offline", files: map[string]string{"flake.nix": remote, "flake.lock": lock}, kind: Offline, hint: "network"},
		{name: "no file", choice: "./shell.nix", kind: NoFlake},
		{name: "parent's flake", files: map[string]string{"../flake.nix": drv("1")}, choice: ".#x", kind: NoFlake},
		{
			name: "no nix", files: map[string]string{"flake.nix": drv("1")}, kind: NixMissing, hint: "install",
			change: func(r *Request) { r.Env = []string{"PATH=/nowhere:.:"} },
		},
		{
			name: "too large", files: map[string]string{"flake.nix": drv("1"), "big": strings.Repeat("x", 5000)}, kind: TooLarge, hint: "git",
			change: func(r *Request) { r.maxTree = 4000 },
		},
		{
			name: "large but tracked", files: map[string]string{"flake.nix": drv("1"), "big": strings.Repeat("x", 5000)}, kind: NotAShell,
			git: []string{"flake.nix"}, change: func(r *Request) { r.maxTree = 4000 },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bed := nixtest.New(t)
			dir := newProject(t, bed, "above/p")
			for name, text := range c.files {
				nixtest.Write(t, filepath.Join(dir, name), strings.ReplaceAll(text, "DIR", dir))
			}
			if c.git != nil {
				bed.Git(t, dir, c.git...)
			}
			req, err := request(bed, dir, c.choice)
			if err != nil {
				t.Fatal(err)
			}
			if c.change != nil {
				c.change(&req)
			}
			before := treeHash(t, dir)
			started := time.Now()
			_, err = Evaluate(t.Context(), req)
			var known *Error
			if !errors.As(err, &known) {
				t.Fatalf("error %v is not typed", err)
			}
			if known.Kind != c.kind || !strings.Contains(known.Message, c.message) || !strings.Contains(known.Hint, c.hint) {
				t.Errorf("%v: %s\nhint: %s\n%s", known.Kind, known.Message, known.Hint, known.Detail)
			}
			if strings.Contains(known.Message, "\n") {
				t.Errorf("the message has several lines: %q", known.Message)
			}
			if took := time.Since(started); took > 15*time.Second {
				t.Errorf("it took %v", took)
			}
			if after := treeHash(t, dir); after != before {
				t.Errorf("the project changed:\n%s\n---\n%s", before, after)
			}
		})
	}
}

func TestNothingIsWritten(t *testing.T) {
	bed := nixtest.New(t)
	dir, dep := newProject(t, bed, "p"), newProject(t, bed, "dep")
	nixtest.Flake(t, dep, nixtest.Shell{})
	nixtest.Flake(t, dir, nixtest.Shell{Inputs: fmt.Sprintf("inputs.dep.url = \"path:%s\"; nixConfig.substituters = [ \"http://127.0.0.1:9\" ];", dep), Args: []string{"dep"}})
	bed.Nix(t, dir, "flake", "lock")
	before := treeHash(t, dir)
	evaluate(t, bed, dir, "auto")
	if after := treeHash(t, dir); after != before {
		t.Errorf("the project changed:\n%s\n---\n%s", before, after)
	}
	// An input that the lock does not know is not added to it.
	nixtest.Flake(t, dir, nixtest.Shell{Inputs: fmt.Sprintf("inputs.dep.url = \"path:%s\"; inputs.more.url = \"path:%s\";", dep, dep), Args: []string{"dep", "more"}})
	before = treeHash(t, dir)
	req, err := request(bed, dir, "auto")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Evaluate(t.Context(), req)
	var known *Error
	if !errors.As(err, &known) || known.Kind != NoLock {
		t.Errorf("%v", err)
	}
	if after := treeHash(t, dir); after != before {
		t.Errorf("the project changed:\n%s\n---\n%s", before, after)
	}
}

// treeHash lists a tree: names, modes, times and contents.
func treeHash(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s %v %v", path, info.Mode(), info.ModTime())
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %x", sha256.Sum256(data))
		}
		b.WriteByte('\n')
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
