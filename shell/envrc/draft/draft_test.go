package draft

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/manifest"
)

// usable matches the # of lines that are ready for use.
var usable = regexp.MustCompile(`(?m)^#(\S)`)

// parse reads a draft as it is, and again with all that is ready for use made active.
func parse(t *testing.T, text string) (now, all *manifest.Manifest) {
	t.Helper()
	now, err := manifest.Parse("devsh.toml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	all, err = manifest.Parse("devsh.toml", []byte(usable.ReplaceAllString(text, "$1")))
	if err != nil {
		t.Fatalf("made active: %v\n%s", err, text)
	}
	return now, all
}

func TestEmptyDraftShowsTheWholeFormat(t *testing.T) {
	d, found := For(func(string) bool { return false })
	now, all := parse(t, d.String())
	if len(found) != 0 || len(now.Env)+len(now.EnvFiles)+len(now.Unset)+len(now.Lists)+len(now.Aliases)+len(now.Watch) != 0 ||
		now.Enter+now.Leave != "" || !now.Inherit || now.Nix != (manifest.NixChoice{}) {
		t.Errorf("an empty draft says something: %v %+v", found, now)
	}
	for what, there := range map[string]bool{
		"inherit": !all.Inherit, "env": len(all.Env) > 0, "env.file": len(all.EnvFiles) > 0, "env.unset": len(all.Unset) > 0,
		"path.prepend": len(all.Lists["PATH"].Prepend) > 0, "path.append": len(all.Lists["PATH"].Append) > 0,
		"lists": len(all.Lists) > 1, "aliases": len(all.Aliases) > 0, "shell.nix": strings.Contains(d.String(), "\n#nix = "),
		"watch": len(all.Watch) > 0, "hooks.enter": all.Enter != "", "hooks.leave": all.Leave != "",
	} {
		if !there {
			t.Errorf("the draft does not show %s", what)
		}
	}
}

// Whatever comes together, the draft is valid, and so is all that it offers.
func TestAllCombinationsOfMarkers(t *testing.T) {
	for set := range 1 << len(markers) {
		d, found := For(func(name string) bool {
			for i, m := range markers {
				if set&(1<<i) != 0 && slices.Contains(m.files, name) {
					return true
				}
			}
			return false
		})
		now, _ := parse(t, d.String())
		if slices.Contains(found, ".env") != (len(now.EnvFiles) == 1) {
			t.Fatalf("%v: %+v", found, now.EnvFiles)
		}
	}
}

func TestMarkers(t *testing.T) {
	for _, tt := range []struct {
		files, found string
		has          []string
		hasNot       []string
	}{
		{"package.json", "Node", []string{"\nappend = [\"node_modules/.bin\"]\n"}, []string{"\nprepend"}},
		{"go.mod", "Go", []string{"\n#GOBIN = ", "\n#prepend = [\".bin\"]"}, []string{"\nGOBIN"}},
		{"Cargo.toml", "Rust", []string{"\n#RUST_BACKTRACE"}, nil},
		{"pyproject.toml", "Python", []string{"\n#VIRTUAL_ENV = ", "\n#prepend = [\".venv/bin\"]"}, []string{"\nVIRTUAL_ENV"}},
		{"setup.py .venv/bin/python", "Python (.venv)", []string{"\nVIRTUAL_ENV = \"${DEVSH_PROJECT}/.venv\"\n", "\nprepend = [\".venv/bin\"]\n"}, []string{"#VIRTUAL_ENV"}},
		{"go.mod requirements.txt", "Go, Python", []string{"\n#prepend = [\".bin\", \".venv/bin\"]\n"}, nil},
		{"flake.nix shell.nix", "a Nix flake", []string{"\nnix = \"auto\"\n"}, []string{"#nix"}},
		{"shell.nix", "shell.nix", []string{"\nnix = \"auto\"\n"}, nil},
		{".env", ".env", []string{"\nfile = [\".env\"]\n"}, []string{"#file = "}},
		{".envrc", "", []string{"--from-envrc"}, nil},
		{"README.md", "", []string{"\n#nix = \"auto\"", "\n#file = "}, []string{"--from-envrc", "\nnix", "\nfile"}},
	} {
		d, found := For(func(name string) bool { return slices.Contains(strings.Fields(tt.files), name) })
		text := d.String()
		if got := strings.Join(found, ", "); got != tt.found {
			t.Errorf("%s: found %s", tt.files, got)
		}
		for _, s := range tt.has {
			if !strings.Contains(text, s) {
				t.Errorf("%s: no %q in\n%s", tt.files, s, text)
			}
		}
		for _, s := range tt.hasNot {
			if strings.Contains(text, s) {
				t.Errorf("%s: %q in\n%s", tt.files, s, text)
			}
		}
	}
}

func TestDraftHoldsWhatItIsGiven(t *testing.T) {
	odd := "a'b\"c\\d\n\t\r\x01\x7f\u202ee\u2028[x] = #"
	d := Draft{
		Title: []string{"a\nNAME = 1", "\x1b[31m\xff"}, Notes: []string{"b\r\nNAME = 1"}, Inherit: true, Nix: "false",
		Env:      []Variable{{"A", env.Lit(odd)}, {"B", env.Value{{Text: "${A} $"}, {Text: "x"}, {Ref: "A"}}}},
		EnvFiles: []string{odd}, Unset: []string{"LOG_LEVEL"}, Watch: []string{"x y"},
		Lists: map[string]env.List{"PATH": {Prepend: []string{odd}, Append: []string{strings.Repeat("x", 99), "y"}}, "PYTHONPATH": {Append: []string{"."}}},
	}
	m, err := manifest.Parse("devsh.toml", []byte(d.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, &d)
	}
	if text, _ := m.Env[0].Value.Literal(); text != odd || len(m.Env) != 2 {
		t.Errorf("%q, %+v", text, m.Env)
	}
	if !slices.Equal(m.Env[1].Value, env.Value{{Text: "${A} $x"}, {Ref: "A"}}) {
		t.Errorf("%+v", m.Env[1].Value)
	}
	if m.EnvFiles[0].Text != odd || m.Unset[0] != "LOG_LEVEL" || m.Watch[0] != "x y" || m.Nix.Kind != manifest.NixOff ||
		len(m.Lists["PATH"].Append) != 2 || len(m.Lists["PYTHONPATH"].Append) != 1 {
		t.Errorf("%+v", m)
	}
}

func TestQuoteRefuses(t *testing.T) {
	for _, s := range []string{"\xff", "a\x00b"} {
		if got, ok := Quote(s); ok {
			t.Errorf("%q came out as %s", s, got)
		}
	}
}

func TestTemplate(t *testing.T) {
	for _, tt := range []struct {
		v    env.Value
		want string
		ok   bool
	}{
		{env.Lit(""), "", true},
		{env.Lit("$${x}$"), "$$${x}$", true},
		{env.Value{{Text: "a$"}, {Text: "{b"}}, "a$${b", true},
		{env.Value{{Ref: "A"}, {}, {Text: "$"}}, "${A}$", true},
		{env.Value{{Text: "$"}, {Ref: "A"}}, "$${A}", false},
	} {
		if got, ok := Template(tt.v); got != tt.want || ok != tt.ok {
			t.Errorf("%+v: %q, %t", tt.v, got, ok)
		}
	}
}
