package detect

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hbohlen/devsh/toolchains/catalogue"
)

func builtin(t testing.TB) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// tree makes a file system of names and texts.
func tree(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range files {
		out[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return out
}

// show writes what was found of languages, one per line, with their pins.
func show(f *Facts) string {
	var out []string
	for _, l := range f.Languages {
		line := l.Name + ":" + l.File
		if l.Package != "" {
			line += "(" + l.Package + ")"
		}
		for _, p := range l.Pins {
			line += fmt.Sprintf(" %s=%s", p.Tool, p.Version)
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func TestLanguages(t *testing.T) {
	c := builtin(t)
	for _, tt := range []struct {
		name, at string
		files    map[string]string
		want     string
	}{
		{"nothing", ".", nil, ""},
		{"go", ".", map[string]string{"go.mod": "module x\n\ngo 1.26.0\ntoolchain go1.26.8\n"}, "go:go.mod go=go1.26.8 go=1.26.0"},
		{"work", "a", map[string]string{"go.work": "go 1.25\nuse ./a\n", "a/go.mod": "module a\ngo 1.24\n"}, "go:a/go.mod go=1.24 go=1.25"},
		{"nearest", "api/cmd", map[string]string{"go.mod": "module x\ngo 1.20\n", "api/go.mod": "module y\ngo 1.26\n", "api/cmd/main.go": ""}, "go:api/go.mod go=1.26"},
		{"not below", ".", map[string]string{"api/go.mod": "module y\n"}, ""},
		{"mono", "web/src", map[string]string{"go.mod": "module x\n", "web/package.json": "{}", "web/src/x.js": "", ".nvmrc": "v22\n"}, "go:go.mod\nnix:\nnode:web/package.json node=v22\njavascript:web/package.json"},
		{"node", ".", map[string]string{"package.json": `{"packageManager":"pnpm@9.1.0+sha512.ab","engines":{"node":">=20 <23"},"devEngines":{"runtime":[{"name":"node","version":"^22"},{"name":"bun"}]}}`,
			".tool-versions": "# c\nnodejs 22.1.0 system\npnpm 9\n"}, "node:package.json pnpm=9.1.0 node=^22 bun= node=22.1.0 node=>=20 <23 pnpm=9\njavascript:package.json"},
		{"typescript by dependency", ".", map[string]string{"package.json": `{"devDependencies":{"typescript":"^6"},"dependencies":{"react":"19"}}`}, "node:package.json\njavascript:package.json\ntypescript:package.json(typescript)\nreact:package.json(react)"},
		{"typescript by file", ".", map[string]string{"tsconfig.build.json": "{ // a comment\n}"}, "typescript:tsconfig.build.json"},
		{"python", ".", map[string]string{"pyproject.toml": "[project]\nrequires-python = '>=3.12'\n", ".python-version": "# c\n3.13\n"}, "python:pyproject.toml python=3.13 python=>=3.12"},
		{"rust", ".", map[string]string{"Cargo.toml": "[package]\nrust-version = '1.80'\n", "rust-toolchain": "[toolchain]\nchannel = 'nightly-2025-01-01'\n"}, "rust:Cargo.toml rust=nightly-2025-01-01 rust=1.80"},
		{"rust plain", ".", map[string]string{"rust-toolchain": "stable\n"}, "rust:rust-toolchain rust=stable"},
		{"nix", ".", map[string]string{"flake.nix": "{}"}, "nix:flake.nix"},
	} {
		got := Detect(c, tree(tt.files), tt.at)
		lines := slices.DeleteFunc(strings.Split(tt.want, "\n"), func(l string) bool { return strings.HasSuffix(l, ":") })
		want := strings.Split(show(got), "\n")
		slices.Sort(lines)
		slices.Sort(want)
		if !slices.Equal(lines, want) || len(got.Problems) > 0 {
			t.Errorf("%s:\n got %q\nwant %q\n%v", tt.name, want, lines, got.Problems)
		}
	}
}

func TestConditions(t *testing.T) {
	c := builtin(t)
	f := Detect(c, tree(map[string]string{
		"package.json": `{"prettier":{}}`, "biome.json": "{}", "web/package.json": `{"eslintConfig":{}}`, "web/.prettierrc.yaml": "", ".golangci.yml": "formatters:\n  enable: [gofumpt]\n",
		"go.mod": "module x\n", "pyproject.toml": "[tool.black]\n[tool.ty.rules]\n", "pnpm-lock.yaml": "",
	}), "web")
	for text, want := range map[string]string{
		"package.json#prettier": "package.json", "biome.json": "biome.json", "package.json#eslintConfig": "web/package.json", ".prettierrc.*": "web/.prettierrc.yaml",
		".golangci.yml~gofumpt": ".golangci.yml", ".golangci.yml~goimports": "", "pyproject.toml#tool.black": "pyproject.toml", "pyproject.toml#tool.ty": "pyproject.toml",
		"pyproject.toml#tool.ruff": "", "pnpm-lock.yaml": "pnpm-lock.yaml", "yarn.lock": "",
	} {
		got := ""
		for condition, file := range f.Files {
			if condition.String() == text {
				got = file
			}
		}
		if got != want {
			t.Errorf("%s is in %q, want %q", text, got, want)
		}
	}
}

func TestVersions(t *testing.T) {
	c := builtin(t)
	manifest := func(wanted string) string { return `{"devDependencies":{"typescript":"` + wanted + `"}}` }
	for _, tt := range []struct {
		name          string
		files         map[string]string
		version, from string
	}{
		{"installed", map[string]string{"package.json": manifest("^5"), "node_modules/typescript/package.json": `{"version":"7.0.2"}`, "package-lock.json": `{}`}, "7.0.2", "node_modules/typescript/package.json"},
		{"installed above", map[string]string{"web/package.json": manifest("^5"), "node_modules/typescript/package.json": `{"version":"5.9.3"}`}, "5.9.3", "node_modules/typescript/package.json"},
		{"declared above", map[string]string{"package.json": manifest("6.0.3"), "web/package.json": `{}`}, "6.0.3", "package.json"},
		{"broken install", map[string]string{"package.json": manifest("^5"), "node_modules/typescript/package.json": `{"version":"../x"}`}, "5", "package.json"},
		{"npm lock", map[string]string{"package.json": manifest("^6"), "package-lock.json": `{"lockfileVersion":3,"packages":{"node_modules/typescript":{"version":"6.0.3"},"node_modules/x/node_modules/typescript":{"version":"7.0.0"}}}`}, "6.0.3", "package-lock.json"},
		{"npm lock 1", map[string]string{"package.json": manifest("^6"), "package-lock.json": `{"dependencies":{"typescript":{"version":"6.0.3"}}}`}, "6.0.3", "package-lock.json"},
		{"pnpm", map[string]string{"package.json": manifest("catalog:"), "pnpm-lock.yaml": "packages:\n\n  typescript@7.0.1:\n    resolution: {}\n  '@x/typescript@9.0.0':\n  not-typescript@10.0.0:\n"}, "7.0.1", "pnpm-lock.yaml"},
		{"pnpm, several", map[string]string{"package.json": manifest("~6.0"), "pnpm-lock.yaml": "  typescript@7.0.1:\n  /typescript@6.0.3(x@1):\n"}, "6.0.3", "pnpm-lock.yaml"},
		{"yarn 1", map[string]string{"package.json": manifest("^5"), "yarn.lock": "# yarn lockfile v1\n\n\"typescript@^5\", typescript@~5.1:\n  version \"5.9.3\"\n  resolved \"x\"\n\nother@1:\n  version \"8.0.0\"\n"}, "5.9.3", "yarn.lock"},
		{"yarn 4", map[string]string{"package.json": manifest("^5"), "yarn.lock": "\"typescript@npm:^5\":\n  version: 5.9.3\n  resolution: \"typescript@npm:5.9.3\"\n"}, "5.9.3", "yarn.lock"},
		{"bun", map[string]string{"package.json": manifest("latest"), "bun.lock": `{ "packages": { "typescript": ["typescript@7.0.2", "", {}, ""] } }`}, "7.0.2", "bun.lock"},
		{"alternatives", map[string]string{"package.json": manifest("^5.4 || ^7.0.0")}, "7.0.0", "package.json"},
		{"alias", map[string]string{"package.json": manifest("npm:typescript@6.0.3")}, "6.0.3", "package.json"},
		{"below", map[string]string{"package.json": manifest("<7")}, "", "package.json"},
		{"latest", map[string]string{"package.json": manifest("latest")}, "", "package.json"},
		{"git", map[string]string{"package.json": manifest("github:microsoft/TypeScript#v5")}, "", "package.json"},
		{"beta", map[string]string{"package.json": manifest("7.0.0-beta")}, "7.0.0-beta", "package.json"},
	} {
		tt.files["web/x"] = ""
		f := Detect(c, tree(tt.files), "web")
		if got := f.Packages["npm:typescript"]; got.Version != tt.version || got.From != tt.from {
			t.Errorf("%s: %+v, want %s of %s; %v", tt.name, got, tt.version, tt.from, f.Problems)
		}
	}
	f := Detect(c, tree(map[string]string{"go.mod": "module x\n\ntool mvdan.cc/gofumpt\n\nrequire mvdan.cc/gofumpt v0.9.1\n",
		"pyproject.toml": "[dependency-groups]\ndev = ['Ruff>=0.4', {include-group = 'x'}]\n[tool.poetry.group.dev.dependencies]\nblack = '*'\n", "requirements.txt": "-r x\nbasedpyright[all]==1.2 # c\n"}), ".")
	for name, want := range map[string]Package{"go:mvdan.cc/gofumpt": {"0.9.1", "go.mod"}, "pypi:ruff": {"", "pyproject.toml"}, "pypi:black": {"", "pyproject.toml"}, "pypi:basedpyright": {"", "requirements.txt"}} {
		if f.Packages[name] != want {
			t.Errorf("%s: %+v, want %+v", name, f.Packages[name], want)
		}
	}
}

// A bad file is a problem that is told, and everything else is found all the same.
func TestProblems(t *testing.T) {
	c := builtin(t)
	for _, tt := range []struct{ file, text, want string }{
		{"package.json", `{"a":`, "no JSON: unexpected end"},
		{"package.json", `[]`, ""},
		{"package.json", `{"dependencies":[],"packageManager":7,"devEngines":"x","engines":[]}`, ""},
		{"package.json", `{"packageManager":"PNPM@1"}`, "no version of a tool"},
		{"package.json", `{"packageManager":"pnpm@1\u001b[31m"}`, "no version of a tool"},
		{"package.json", `{"a":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "}", "exceeded max depth"},
		{"package.json", strings.Repeat(" ", maxFile+1), "larger than 1 MiB"},
		{"package-lock.json", `{"packages":`, "no JSON"},
		{"pyproject.toml", "[tool", "no TOML: 1: "},
		{"pyproject.toml", "a = " + strings.Repeat("[", 100), "nested deeper"},
		{"go.work", "go x\n", "no go.work"},
		{".nvmrc", "\x1b]0;x", "no version of a tool"},
		{".nvmrc", strings.Repeat("1", 5000), "no version of a tool"},
		{".nvmrc", "--help\n", "no version of a tool"},
		{"rust-toolchain", "[toolchain]\nchannel = 1", ""},
		{".tool-versions", "nodejs\n \nnodejs\t\n", ""},
	} {
		files := map[string]string{"go.mod": "module x\n", "package.json": `{"devDependencies":{"typescript":"5"}}`, tt.file: tt.text}
		f := Detect(c, tree(files), ".")
		if f.Languages[0].Name != "go" {
			t.Errorf("%s %.40q: Go is not found any more", tt.file, tt.text)
		}
		switch {
		case tt.want == "" && len(f.Problems) > 0, tt.want != "" && (len(f.Problems) != 1 || f.Problems[0].File != tt.file || !strings.Contains(f.Problems[0].Reason, tt.want)):
			t.Errorf("%s %.40q: %.300q; want %q", tt.file, tt.text, f.Problems, tt.want)
		case len(f.Problems) == 1 && len(f.Problems[0].Reason) > 400:
			t.Errorf("%s: a very long reason", tt.file)
		}
	}
	odd := fstest.MapFS{"package.json": {Mode: fs.ModeDir | 0o755}, "go.mod": {Mode: fs.ModeNamedPipe}, "flake.nix": {}, "node_modules": {}}
	if f := Detect(c, odd, "."); len(f.Languages) != 1 || f.Languages[0].Name != "nix" || len(f.Problems) != 2 {
		t.Errorf("directories and FIFOs: %+v", f)
	}
	for _, at := range []string{"..", "/", "", "a//b", "gone/away", strings.Repeat("a/", 500) + "a"} {
		Detect(c, odd, at)
	}
}

func FuzzDetect(f *testing.F) {
	f.Add("package.json", `{"packageManager":"pnpm@9","devDependencies":{"typescript":"^5 || 7"},"devEngines":{"runtime":{"name":"node"}}}`)
	f.Add("pnpm-lock.yaml", "  typescript@7.0.1:\n")
	f.Add("yarn.lock", "typescript@1:\n  version: 1.2.3\n")
	f.Add("package-lock.json", `{"packages":{"node_modules/typescript":{"version":"1"}}}`)
	f.Add("go.mod", "module x\ngo 1.2\ntool mvdan.cc/gofumpt\n")
	f.Add("pyproject.toml", "[project]\ndependencies = ['ruff']\n")
	f.Add(".tool-versions", "nodejs 1")
	f.Add("rust-toolchain", "[toolchain]\nchannel = 'x'")
	c := builtin(f)
	f.Fuzz(func(t *testing.T, name, text string) {
		if !fs.ValidPath(name) {
			return
		}
		fsys := fstest.MapFS{"package.json": {Data: []byte(`{"devDependencies":{"typescript":"5"}}`)}}
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
		facts := Detect(c, fsys, ".")
		for _, l := range facts.Languages {
			for _, p := range l.Pins {
				if !versions.MatchString(p.Version) && !(p.Named && p.Version == "") || !toolNames.MatchString(p.Tool) {
					t.Errorf("pin %+v", p)
				}
			}
		}
		for name, p := range facts.Packages {
			if p.Version != "" && catalogue.Canonical(p.Version) == "" && strings.HasPrefix(name, "npm:") {
				t.Errorf("%s: version %q", name, p.Version)
			}
		}
	})
}
