package find

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hbohlen/devsh/toolchains/catalogue"
	"github.com/hbohlen/devsh/toolchains/detect"
)

// write makes executable files, or links: a text "-> target" is one.
func write(t *testing.T, top string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(text), 0o755)
		}
		if err != nil {
			t.Fatal(err)
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

const script = "#!/bin/sh\n"

// show writes programs as their origins and paths below top.
func show(top string, list ...Program) string {
	var out []string
	for _, p := range list {
		text := string(p.Origin) + ":" + strings.TrimPrefix(p.Path, top+"/")
		if p.Problem != "" {
			text += " (" + p.Problem + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

type managed map[string]string

func (m managed) Bin(tool, bin string) string { return m[tool+"/"+bin] }

func tool(t *testing.T, name string) *catalogue.Tool {
	t.Helper()
	c, err := catalogue.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return c.Tools[name]
}

// The project's own comes first, then devsh's, then the system's.
func TestOrder(t *testing.T) {
	top := scratch(t)
	write(t, top, map[string]string{
		"p/web/node_modules/.bin/biome": script, "p/node_modules/.bin/biome": script, "p/.venv/bin/biome": script, "env/biome": script, "devsh/biome": script, "usr/biome": script,
		"bin/biome": "-> ../usr/biome", "p/node_modules/.bin/gopls": script, "usr/gopls": script,
	})
	f := &Finder{
		Levels: []string{top + "/p/web", top + "/p"}, ProjectPath: []string{top + "/env"}, Managed: managed{"biome/biome": top + "/devsh/biome"},
		SystemPath: []string{"", ".", "relative", top + "/usr", top + "/bin", top + "/gone"},
	}
	found := f.Find(tool(t, "biome"), "biome")
	if got := show(top, found.Program); got != "project:p/web/node_modules/.bin/biome" {
		t.Errorf("found %s", got)
	}
	want := "project:p/node_modules/.bin/biome, project:p/.venv/bin/biome, project:env/biome, devsh:devsh/biome, system:usr/biome"
	if got := show(top, found.Shadows...); got != want {
		t.Errorf("shadows %s\nwant    %s", got, want)
	}
	// What npm does not bring is not looked for in node_modules.
	if got := show(top, f.Find(tool(t, "gopls"), "gopls").Program); got != "system:usr/gopls" {
		t.Errorf("gopls is %s", got)
	}
	for _, bin := range []string{"", "..", "../usr/gopls", "a\x00b", "gone"} {
		if found := f.Find(tool(t, "gopls"), bin); found.OK() || found.Broken != nil {
			t.Errorf("%q: %+v", bin, found)
		}
	}
}

// A project that is not allowed is not looked into, by way of PATH neither.
func TestClosed(t *testing.T) {
	top := scratch(t)
	write(t, top, map[string]string{"p/bin/gopls": script, "p-other/gopls": script, "link": "-> p/bin"})
	f := &Finder{SystemPath: []string{top + "/p/bin", top + "/link", top + "/p-other"}, Closed: top + "/p"}
	if got := show(top, f.Find(tool(t, "gopls"), "gopls").Program); got != "system:p-other/gopls" {
		t.Errorf("found %q", got)
	}
}

// What is on PATH and cannot run is told, and passed over.
func TestBroken(t *testing.T) {
	top := scratch(t)
	sh, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.ReplaceAll(sh, []byte("/ld-linux"), []byte("/ld-other"))
	write(t, top, map[string]string{
		"empty/gopls": "", "text/gopls": "postinstall did not run", "gone/gopls": "#!/nix/store/gone/bin/node\n", "env/gopls": "#!/usr/bin/env no-such-interpreter\n", "none/gopls": "#!\n",
		"link/gopls": "-> nowhere", "elf/gopls": "\x7fELF\x02rubbish", "loader/gopls": string(other), "dir/gopls/x": "", "good/gopls": string(sh), "split/gopls": "#!/usr/bin/env -S A=b sh -e\n",
	})
	if err := os.WriteFile(filepath.Join(top, "plain"), []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	path := []string{"/usr/bin", "/bin"}
	for _, dir := range []string{"empty", "text", "gone", "env", "none", "link", "elf", "loader", "dir", "good", "split"} {
		path = append(path, filepath.Join(top, dir))
	}
	found := (&Finder{SystemPath: path}).Find(tool(t, "gopls"), "gopls")
	if got := show(top, found.Program) + " / " + show(top, found.Shadows...); got != "system:good/gopls / system:split/gopls" {
		t.Errorf("found %s", got)
	}
	var reasons []string
	for _, p := range found.Broken {
		reasons = append(reasons, filepath.Base(filepath.Dir(p.Path))+": "+p.Problem)
	}
	got := strings.Join(reasons, "\n")
	for _, want := range []string{"empty: an empty file", "text: neither a program nor a script", "gone: a script of /nix/store/gone/bin/node, which does not exist",
		"env: a script of no-such-interpreter, which is not on PATH", "none: a script without an interpreter", "link: a link that leads nowhere", "elf: a damaged program", "loader: its loader"} {
		if !strings.Contains(got, want) {
			t.Errorf("nothing says %q:\n%s", want, got)
		}
	}
	if len(found.Broken) != 8 {
		t.Errorf("%d are broken:\n%s", len(found.Broken), got)
	}
}

// rustup's programs are one proxy: it is there, whatever is installed.
func TestRustup(t *testing.T) {
	top := scratch(t)
	const system = "x86_64-unknown-linux-gnu"
	write(t, top, map[string]string{
		"cargo/bin/rustup": script, "cargo/bin/rust-analyzer": "-> rustup", "cargo/bin/rustfmt": "-> rustup", "hard/rustup": script, "other/rust-analyzer": script,
		"rustup/settings.toml": "default_toolchain = 'stable-" + system + "'\n", "rustup/toolchains/stable-" + system + "/bin/rustfmt": script,
		"rustup/toolchains/nightly-" + system + "/bin/rust-analyzer": script, "rustup/toolchains/1.80.0-" + system + "/bin/rustfmt": script,
		"rustup/toolchains/nightly-2025-01-01-" + system + "/bin/rustfmt": script,
	})
	if err := os.Link(top+"/hard/rustup", top+"/hard/rust-analyzer"); err != nil {
		t.Fatal(err)
	}
	analyzer, rustfmt := tool(t, "rust-analyzer"), tool(t, "rustfmt")
	for _, tt := range []struct {
		dir, home, toolchain string
		tool                 *catalogue.Tool
		problem, hint        string
	}{
		{"cargo/bin", "rustup", "", rustfmt, "", ""},
		{"cargo/bin", "rustup", "", analyzer, "a rustup proxy; its component is not installed in stable-" + system, "rustup component add rust-analyzer"},
		{"hard", "rustup", "", analyzer, "a rustup proxy; its component", "rustup component add rust-analyzer"},
		{"other", "rustup", "", analyzer, "", ""},
		{"cargo/bin", "rustup", "nightly", analyzer, "", ""},
		{"cargo/bin", "rustup", "nightly-2025-01-01", analyzer, "a rustup proxy; its component is not installed in nightly-2025-01-01", "rustup component"},
		{"cargo/bin", "rustup", "1.80", rustfmt, "", ""},
		{"cargo/bin", "rustup", "beta", rustfmt, "a rustup proxy; the toolchain beta is not installed", "rustup toolchain install beta"},
		{"cargo/bin", "gone", "", rustfmt, "rustup has no default toolchain", "rustup default stable"},
		{"cargo/bin", "rustup", "../../cargo", rustfmt, "is not installed", ""},
	} {
		f := &Finder{SystemPath: []string{filepath.Join(top, tt.dir)}, Rustup: Rustup{Home: filepath.Join(top, tt.home), Toolchain: tt.toolchain}}
		found := f.Find(tt.tool, tt.tool.Name)
		if tt.problem == "" {
			if !found.OK() {
				t.Errorf("%+v: %+v", tt, found)
			}
			continue
		}
		if found.OK() || len(found.Broken) != 1 || !strings.Contains(found.Broken[0].Problem, tt.problem) || !strings.HasPrefix(found.Broken[0].Hint, tt.hint) {
			t.Errorf("%s of %s with %q: %+v", tt.tool.Name, tt.dir, tt.toolchain, found)
		}
	}
}

// What detect looks at leads nowhere else, and makes nobody wait.
func TestTree(t *testing.T) {
	top := scratch(t)
	write(t, top, map[string]string{
		"out/secret.json": "{}", "p/package.json": "-> ../out/secret.json", "p/go.mod": "module x\n", "p/node_modules": "-> ../out", "p/in/flake.nix": "{}", "p/shell.nix": "-> in/flake.nix", "p/a": "-> b", "p/b": "-> a",
	})
	if err := syscall.Mkfifo(top+"/p/pyproject.toml", 0o600); err != nil {
		t.Fatal(err)
	}
	tree, err := OpenTree(top + "/p")
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	c, err := catalogue.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	f := detect.Detect(c, tree, ".")
	var names []string
	for _, l := range f.Languages {
		names = append(names, l.Name)
	}
	if got := strings.Join(names, " "); got != "go nix" || len(f.Problems) != 2 {
		t.Errorf("%s, %v", got, f.Problems)
	}
	h, err := tree.Open("pyproject.toml")
	if err != nil {
		t.Fatal(err)
	}
	h.Close()
	for _, name := range []string{"../out/secret.json", "/etc/passwd", "a", "node_modules/secret.json"} {
		if h, err := tree.Open(name); err == nil {
			h.Close()
			t.Errorf("%s was opened", name)
		}
		if _, err := tree.Stat(name); err == nil {
			t.Errorf("%s was found", name)
		}
	}
}

// The real rustup, where there is one: what is said to run does.
func TestRealRustup(t *testing.T) {
	proxy, err := exec.LookPath("rustup")
	if err != nil {
		t.Skip("no rustup here")
	}
	home := os.Getenv("RUSTUP_HOME")
	if home == "" {
		home = filepath.Join(os.Getenv("HOME"), ".rustup")
	}
	dir := filepath.Dir(proxy)
	f := &Finder{SystemPath: []string{dir}, Rustup: Rustup{Home: home, Toolchain: os.Getenv("RUSTUP_TOOLCHAIN")}}
	for _, name := range []string{"rust-analyzer", "rustfmt", "cargo", "clippy"} {
		tool := tool(t, name)
		found := f.Find(tool, tool.Bins[0])
		cmd := exec.CommandContext(t.Context(), filepath.Join(dir, tool.Bins[0]), "--version")
		cmd.Dir = t.TempDir()
		if out, err := cmd.CombinedOutput(); (err == nil) != found.OK() {
			t.Errorf("%s: %+v, and it says %v: %s", name, found, err, out)
		}
	}
}
