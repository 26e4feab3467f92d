package toolproof

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTreefmt: the real treefmt, with formatters of which one also writes what a
// file refers to, changes nothing but what it is to change.
func TestTreefmt(t *testing.T) {
	b := newBed(t, "treefmt")
	if _, err := exec.LookPath("treefmt"); !b.had(t, "treefmt") && err != nil {
		t.Skip("the Go proxy in reach does not have treefmt, nor has the system")
	}
	const rust, ugly = "fn main() {\n    a::f()\n}\n", "pub fn f( ) { }\n"
	files := map[string]string{
		"treefmt.toml": "excludes = [\"vendor/*\"]\n[formatter.go]\ncommand = \"gofmt\"\noptions = [\"-w\"]\nincludes = [\"*.go\"]\n",
		"b.go":         "package  b\n", "bad.go": "package {\n", "vendor/c.go": "package  c\n",
		"main.rs": "mod a;\n" + rust, "a.rs": ugly, "image.bin": "\x00go",
	}
	if _, err := exec.LookPath("rustfmt"); err == nil {
		files["treefmt.toml"] += "[formatter.rust]\ncommand = \"rustfmt\"\nincludes = [\"*.rs\"]\n"
	}
	u := b.user(t)
	u.env["XDG_CACHE_HOME"] = filepath.Join(filepath.Dir(u.dir), "cache")
	u.write(t, files)
	same := func(when string, names ...string) {
		t.Helper()
		for _, name := range names {
			if text, err := os.ReadFile(filepath.Join(u.dir, name)); err != nil || string(text) != files[name] {
				t.Errorf("%s, %s is %q, %v", when, name, text, err)
			}
		}
	}
	code, out, errs := u.devsh(t, "fmt", "--check")
	if code != 1 || !strings.Contains(out, "b.go\n") || strings.Contains(out, "c.go") || !strings.Contains(errs, "bad.go:1:9: expected") {
		t.Errorf("checked: exit code %d, %s%s", code, out, errs)
	}
	same("checked", "b.go", "a.rs", "main.rs", "bad.go")
	if code, out, errs := u.devsh(t, "fmt", "--no-cache", "main.rs"); code != 0 || out != "" {
		t.Errorf("one file: exit code %d, %s%s", code, out, errs)
	}
	same("one file formatted", "a.rs", "main.rs")
	u.devsh(t, "fmt")
	same("formatted", "bad.go", "vendor/c.go", "main.rs", "image.bin")
	if text, err := os.ReadFile(filepath.Join(u.dir, "b.go")); err != nil || string(text) != "package b\n" {
		t.Errorf("formatted, b.go is %q, %v", text, err)
	}
	if code, out, errs := u.devshIn(t, files["b.go"], "fmt", "--stdin", "--path", "new.go"); code != 0 || out != "package b\n" {
		t.Errorf("by standard input: exit code %d, %q, %s", code, out, errs)
	}
}
