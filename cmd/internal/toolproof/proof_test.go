package toolproof

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/toolchains/catalogue"
	"github.com/hbohlen/devsh/toolchains/toolstest"
)

// TestCatalogue proves each server and each formatter by its entry. Those that
// devsh cannot install yet are proved where the system has them.
func TestCatalogue(t *testing.T) {
	c, err := catalogue.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	names, installed := proved(c)
	wanted := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !installed[name] })
	b := newBed(t, wanted...)
	for _, name := range names {
		for _, role := range []catalogue.Role{catalogue.Server, catalogue.Formatter} {
			use, ok := c.Tools[name].Uses[role]
			if !ok {
				continue
			}
			t.Run(name+" "+string(role), func(t *testing.T) {
				installed := installed[name] && b.had(t, name)
				l := languageOf(t, c, name, role)
				if role == catalogue.Server {
					b.server(t, l, name, use, installed)
				} else {
					b.formatter(t, l, name, use.Proof, installed)
				}
			})
		}
	}
}

// server proves that devsh shakes hands with a server, and finds the symbols.
func (b *bed) server(t *testing.T, l *catalogue.Language, name string, use catalogue.Use, installed bool) {
	code, out, errs := b.user(t).devsh(t, "lsp", "--check", "--json", "--server", name, l.Name)
	var report struct {
		Servers []struct {
			Name, Path, Error string
			Works             bool
			Symbols           []string
			Took              float64 `json:"took_ms"`
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || len(report.Servers) != 1 {
		t.Fatalf("exit code %d, %v\n%s%s", code, err, out, errs)
	}
	s := report.Servers[0]
	if s.Path == "" && !installed {
		t.Skipf("not here: %s", s.Error)
	}
	if code != 0 || !s.Works || s.Name != name || installed && !strings.HasPrefix(s.Path, b.state) {
		t.Fatalf("exit code %d, %s%s", code, out, errs)
	}
	for _, want := range use.Proof.Want {
		if !slices.Contains(s.Symbols, want) {
			t.Errorf("%q is not among the symbols %q", want, s.Symbols)
		}
	}
	t.Logf("%.0f ms, %d symbols", s.Took, len(s.Symbols))
}

// formatter proves that devsh formats the fixture by a formatter, by file and by
// standard input, and that there is nothing to do the second time.
func (b *bed) formatter(t *testing.T, l *catalogue.Language, name string, proof catalogue.Proof, installed bool) {
	u := b.user(t)
	u.env["XDG_CACHE_HOME"] = filepath.Join(filepath.Dir(u.dir), "cache")
	u.write(t, proof.Files)
	u.write(t, map[string]string{"../config/devsh/catalogue.toml": fmt.Sprintf("[prefer.%s]\nformatter = %q\n", l.Name, name)})
	code, out, errs := u.devsh(t, "fmt", "--json", proof.File)
	var report struct {
		Files   int
		Changed []struct{ File, Formatter string }
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("exit code %d, %v\n%s%s", code, err, out, errs)
	}
	if report.Files == 0 && !installed {
		t.Skip("not here")
	}
	if code != 0 || len(report.Changed) != 1 || report.Changed[0].Formatter != name {
		t.Fatalf("exit code %d, %s%s", code, out, errs)
	}
	text, err := os.ReadFile(filepath.Join(u.dir, proof.File))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range proof.Want {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
	if code, out, errs := u.devsh(t, "fmt", "--check", "--no-cache", proof.File); code != 0 {
		t.Errorf("the second time: exit code %d, %s%s", code, out, errs)
	}
	code, out, errs = u.devshIn(t, proof.Files[proof.File], "fmt", "--stdin", "--path", proof.File)
	if code != 0 || out != string(text) {
		t.Errorf("by standard input: exit code %d, %q, not %q\n%s", code, out, text, errs)
	}
}

// TestBeside: what lies beside JavaScript in a project can be formatted by
// whatever the catalogue says that a project may choose for it.
func TestBeside(t *testing.T) {
	c, err := catalogue.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	files := c.Tools["css-server"].Uses[catalogue.Server].Proof.Files
	var tools []string
	for _, l := range c.Languages {
		for _, choice := range c.Choices(l, catalogue.Formatter) {
			if len(l.Files)+len(l.Packages) == 0 {
				tools = append(tools, choice.Tool)
			}
		}
	}
	slices.Sort(tools)
	b := newBed(t, slices.Compact(tools)...)
	for file := range files {
		for _, l := range c.Languages {
			if !l.Has(filepath.Ext(file)) || l.Has(catalogue.AnyExtension) {
				continue
			}
			for _, choice := range c.Choices(l, catalogue.Formatter) {
				if len(choice.Files) > 0 {
					t.Run(file+" "+choice.Tool, func(t *testing.T) {
						b.formatter(t, l, choice.Tool, catalogue.Proof{Files: files, File: file}, b.had(t, choice.Tool))
					})
				}
			}
		}
	}
}

// TestTypeScript: which server a project has depends on its TypeScript, and the
// one that is chosen works. Both are the project's own, installed by npm.
func TestTypeScript(t *testing.T) {
	toolstest.NPM(t)
	for _, c := range []struct {
		manifest, server, program string
	}{
		{`{"devDependencies": {"typescript": "^7.0.0"}}`, "typescript", "tsc"},
		{`{"devDependencies": {"typescript": "^6.0.0", "@vtsls/language-server": "*"}}`, "vtsls", "vtsls"},
	} {
		t.Run(c.server, func(t *testing.T) {
			t.Parallel()
			u := (&bed{state: filepath.Join(t.TempDir(), "state")}).user(t)
			u.env["DEVSH_ROOTS"] = filepath.Dir(u.dir)
			u.write(t, map[string]string{"package.json": c.manifest, "tsconfig.json": "{}", "devsh.toml": ""})
			u.npmInstall(t)
			u.allow(t)
			code, out, errs := u.devsh(t, "lsp", "typescript", "--check", "--json")
			var report struct {
				Servers []struct {
					Name, Path string
					Works      bool
					Symbols    []string
				}
			}
			if err := json.Unmarshal([]byte(out), &report); err != nil || code != 0 || len(report.Servers) != 1 {
				t.Fatalf("exit code %d, %v\n%s%s", code, err, out, errs)
			}
			s := report.Servers[0]
			if s.Name != c.server || s.Path != filepath.Join(u.dir, "node_modules/.bin", c.program) || !s.Works || !slices.Contains(s.Symbols, "greet") {
				t.Error(out)
			}
		})
	}
}

// npmInstall installs what the project depends on, as people do.
func (u *user) npmInstall(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline")
	cmd.Dir = u.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm install: %v\n%s", err, out)
	}
}

// allow allows the project, by the digest that status shows.
func (u *user) allow(t *testing.T) {
	t.Helper()
	_, out, _ := u.devsh(t, "status", "--json") // 1: it is not allowed yet
	var status struct{ Trust struct{ Digest string } }
	if err := json.Unmarshal([]byte(out), &status); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := u.devsh(t, "allow", "--digest", status.Trust.Digest); code != 0 {
		t.Fatalf("allow: exit code %d\n%s%s", code, out, errs)
	}
}
