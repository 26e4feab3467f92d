package catalogue

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/toolchains/document"
)

func builtin(t testing.TB) *Catalogue {
	t.Helper()
	c, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What devsh brings is whole: every tool comes from somewhere, can be proved in
// each of its uses, and serves a language.
func TestBuiltin(t *testing.T) {
	c := builtin(t)
	used := map[string]bool{}
	for _, l := range c.Languages {
		shown := len(l.Files)+len(l.Packages) > 0
		if l.Title == "" || len(l.Extensions) == 0 && (!shown || l.Name != "node") {
			t.Errorf("language %s says too little: %+v", l.Name, l)
		}
		for _, choice := range l.Choices {
			used[choice.Tool] = true
		}
		for _, role := range []Role{Server, Formatter} {
			defaults := 0
			for _, choice := range c.Choices(l, role) {
				if choice.Default && !choice.Beside {
					defaults++
				}
			}
			want := min(1, len(c.Choices(l, role)))
			if !shown && role == Formatter {
				want = 0 // nobody has to format it
			}
			if defaults != want {
				t.Errorf("language %s has %d %ss by default, not %d", l.Name, defaults, role, want)
			}
		}
	}
	for name, tool := range c.Tools {
		if !used[name] {
			t.Errorf("tool %s serves no language", name)
		}
		if (len(tool.From) == 0) == (tool.Unavailable == "") || tool.Summary == "" {
			t.Errorf("tool %s has no source and no reason for that, or both, or no summary: %+v", name, tool)
		}
		for role, use := range tool.Uses {
			if use.Proof.Kind == "" {
				t.Errorf("tool %s has no proof that it works as %s", name, role)
			}
			if role == Server && use.Proof.Kind != ByServer || role == Formatter && use.Proof.Kind != ByFormat {
				t.Errorf("tool %s is proved as %s by %s", name, role, use.Proof.Kind)
			}
		}
	}
}

// check is the error of a file over the built-in catalogue.
func check(t testing.TB, c *Catalogue, text string) (*Catalogue, error) {
	t.Helper()
	n, err := c.With(File{Path: "f.toml", Data: []byte(text)})
	var at *document.Error
	if err != nil && (!errors.As(err, &at) || at.Line < 1 && at.Path == "f.toml") {
		t.Errorf("an error without a place: %#v", err)
	}
	return n, err
}

// TestProject: what runs an interpreter or plugins of the project is known to.
func TestProject(t *testing.T) {
	tools := builtin(t).Tools
	for name, want := range map[string]bool{
		"pyrefly": true, "basedpyright": true, "pyright": false, "ty": false, "ruff": false,
		"gopls": true, "rust-analyzer": true, "nixd": true, "nil": false, "eslint": true, "prettier": true, "biome": false,
	} {
		if tools[name] == nil || tools[name].Project != want {
			t.Errorf("%s: want project = %v", name, want)
		}
	}
}

func TestOverride(t *testing.T) {
	c := builtin(t)
	n, err := check(t, c, `
[tool.gopls]
from = { go = "example.com/gopls" }
server = { command = ["gopls", "-remote=auto"] }
[tool.mine]
from = { npm = "@me/mine >=2, <3" }
server = { command = ["mine-ls"] }
[language.go]
extensions = [".go", ".tmpl"]
[[language.go.linter]]
tool = "go-vet"
[language.mine]
files = ["mine.json"]
[[language.mine.server]]
tool = "mine"
default = true
[prefer.go]
formatter = "gofumpt"
`)
	if err != nil {
		t.Fatal(err)
	}
	gopls := n.Tools["gopls"]
	if got := gopls.Uses[Server].Command; !slices.Equal(got, []string{"gopls", "-remote=auto"}) || gopls.From[NPM].Package != "" || gopls.From[Go].Package != "example.com/gopls" {
		t.Errorf("the tool was not replaced: %+v", gopls)
	}
	golang := n.Language("go")
	if len(golang.Extensions) != 2 || golang.Title != "Go" || len(n.Choices(golang, Linter)) != 1 || len(n.Choices(golang, Formatter)) != len(c.Choices(c.Language("go"), Formatter)) {
		t.Errorf("the language: %+v", golang)
	}
	mine := n.Tools["mine"]
	if mine.From[NPM].Constraint.String() != ">=2.0.0, <3.0.0" || !slices.Equal(mine.Bins, []string{"mine-ls"}) || n.Languages[len(n.Languages)-1].Name != "mine" {
		t.Errorf("the new tool: %+v", mine)
	}
	if n.Prefer["go"][Formatter].Tool != "gofumpt" || n.Prefer["go"][Formatter].At.String() != "f.toml:18" {
		t.Errorf("preference: %+v", n.Prefer)
	}
	if c.Tools["mine"] != nil || c.Language("mine") != nil || len(c.Language("go").Extensions) != 1 || len(c.Prefer) != 0 {
		t.Error("the catalogue below was changed")
	}
}

func TestErrors(t *testing.T) {
	c := builtin(t)
	const tool = "[tool.x]\nfrom = { npm = 'x' }\n"
	for text, want := range map[string]string{
		"tols = 1": `f.toml:1: unknown key "tols"`,
		tool + "server = { command = ['x'] }\nsumary = ''":                                            `f.toml:4: unknown key "sumary" in [tool.x]`,
		tool + "[tool.x.server]\ncomand = ['x']":                                                      `unknown key "comand" in [tool.x.server]`,
		"[tool.x]\nserver = { command = ['x'] }":                                                      "f.toml:1: x comes from nowhere",
		tool:                                                                                          "f.toml:1: x has no use",
		tool + "server = { command = [] }":                                                            "command must be a program",
		tool + "server = { command = ['x'] }\nbins = ['y']":                                           `"x" is not among the programs of x: y`,
		tool + "server = { command = ['../x'] }":                                                      `"../x" is no name for a program`,
		"[tool.'../x']\nfrom = { npm = 'x' }\nserver = { command = ['x'] }":                           `"../x" is no name for a tool`,
		"[tool.x]\nfrom = { pip = 'x' }\nserver = { command = ['x'] }":                                `f.toml:2: there is no backend "pip"`,
		"[tool.x]\nfrom = { npm = '--global' }\nserver = { command = ['x'] }":                         `"--global" is no name for a package`,
		"[tool.x]\nfrom = { npm = 'x 7' }\nserver = { command = ['x'] }":                              `"7" is no version constraint`,
		"[tool.x]\nfrom = { npm = 'x >=y' }\nserver = { command = ['x'] }":                            `"y" is no version`,
		tool + "scripts = ['-x']\nserver = { command = ['x'] }":                                       `"-x" is no name for a package`,
		tool + "static = { 'A=B' = '' }\nserver = { command = ['x'] }":                                `"A=B" is no name of a variable`,
		tool + "[tool.x.server]\ncommand = ['x']\nproof = { kind = 'lps' }":                           `f.toml:5: "lps" is no kind of proof`,
		tool + "[tool.x.server]\ncommand = ['x']\nproof = { kind = 'lsp', file = 'a', want = ['b'] }": `"a" is not among the files`,
		tool + "[tool.x.server]\ncommand = ['x']\nproof = { kind = 'lsp', file = '../a', files = { '../a' = '' }, want = ['b'] }": `"../a" is no name for a file`,
		tool + "[tool.x.server]\ncommand = ['x']\nproof = { kind = 'lsp', fixture = 'go', file = 'main.go', want = ['b'] }":       "only devsh's own catalogue",
		tool + "[tool.x.server]\ncommand = ['x']\nproof = { kind = 'run' }":                                                       "a proof wants something",
		"[[language.go.server]]\ntool = 'goplz'":                                                                                  `f.toml:1: there is no tool "goplz"`,
		"\n[[language.go.server]]\ntool = 'gofmt'":                                                                                "f.toml:2: gofmt is no server",
		"[[language.go.server]]\ntool = 'gopls'\nfiles = ['/etc/passwd']":                                                         `"/etc/passwd" is no condition`,
		"[[language.go.server]]\ntool = 'gopls'\nfiles = ['../x']":                                                                `"../x" is no condition`,
		"[[language.go.server]]\ntool = 'gopls'\nfiles = ['[']":                                                                   `"[" is no condition`,
		"[[language.go.server]]\ntool = 'gopls'\npackages = { typescript = '7' }":                                                 `f.toml:3: "7" is no version constraint`,
		"[[language.go.server]]\ntool = 'gopls'\npackages = { typescript = '*' }":                                                 `"typescript" is no package`,
		"[language.go]\nlike = 'x'":                                                                                               `f.toml:1: language go is like "x"`,
		"[language.x]\nlike = 'go'\n[[language.x.server]]\ntool = 'gopls'":                                                        "f.toml:3: language x is like go and has",
		"[language.go]\nextensions = ['go']":                                                                                      `"go" is no extension`,
		"[language.go.pins]\nx = ['a']":                                                                                           `language go pins "x", and there is no such tool`,
		"[language.go.pins]\ngo = ['*.x']":                                                                                        `"*.x" is no place of a pin`,
		"[prefer.go]\nserver = 'gofmt'":                                                                                           "f.toml:2: gofmt is no server",
		"[prefer.rost]\nserver = 'gopls'":                                                                                         `f.toml:2: there is no language "rost"`,
		"[prefer.go]\nsrver = 'gopls'":                                                                                            `f.toml:2: unknown key "srver"`,
		"prefer = 1":                                                                                                              "f.toml:1: prefer must be a table",
	} {
		if _, err := check(t, c, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestConstraint(t *testing.T) {
	for _, tt := range []struct {
		constraint, version string
		want                bool
	}{
		{">=7", "7.0.0", true}, {">=7", "6.9.9", false}, {">=7", "7.0.0-beta", false}, {"<7", "7.0.0-beta", true}, {">=7", "10", true}, {"<7", "6.0.3", true},
		{">=5, <7", "6", true}, {">=5, <7", "4.9", false}, {"=6.0.3", "v6.0.3", true}, {"*", "what", true}, {"", "", true}, {">=7", "what", false}, {">1", "1", false}, {"<=1", "1", true},
	} {
		c, err := ParseConstraint(tt.constraint)
		if err != nil || c.Holds(tt.version) != tt.want {
			t.Errorf("%q of %q: %t, %v", tt.constraint, tt.version, c.Holds(tt.version), err)
		}
	}
}

func FuzzWith(f *testing.F) {
	f.Add("[tool.x]\nfrom = { npm = 'x >=2' }\nserver = { command = ['x'], proof = { kind = 'run', want = ['x'] } }\n[language.x]\nfiles = ['a#b', '*~c']\n[[language.x.server]]\ntool = 'x'\npackages = { 'npm:a' = '<1' }\n[prefer.x]\nserver = 'x'")
	f.Add("[language.y]\nlike = 'go'\npins = { '*' = ['package.json#packageManager'] }")
	c := builtin(f)
	f.Fuzz(func(t *testing.T, text string) {
		n, err := check(t, c, text)
		if err != nil {
			return
		}
		for _, l := range n.Languages {
			for _, role := range Roles() {
				for _, choice := range n.Choices(l, role) {
					if _, ok := n.Tools[choice.Tool].Uses[role]; !ok {
						t.Errorf("%s: %+v", l.Name, choice)
					}
				}
			}
			n.Pins(l)
		}
	})
}

// What the README shows can be written.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(readme), "```toml\n[prefer.typescript]")
	text, _, ok := strings.Cut(text, "```")
	if _, err := check(t, builtin(t), "[prefer.typescript]"+text); err != nil || !ok {
		t.Errorf("%v: %s", err, text)
	}
}
