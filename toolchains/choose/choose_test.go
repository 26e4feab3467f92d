package choose

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hbohlen/devsh/toolchains/catalogue"
	"github.com/hbohlen/devsh/toolchains/detect"
)

func builtin(t testing.TB) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// text writes the tools of a language in a role: those that stand beside behind a +.
func text(tools []Tool, role catalogue.Role) (names, because string) {
	for _, t := range tools {
		if t.Role != role {
			continue
		}
		if t.Beside {
			names += "+" + t.Name
			continue
		}
		names, because = names+t.Name, t.Because
	}
	return names, because
}

func TestChoices(t *testing.T) {
	c := builtin(t)
	deps := func(list ...string) string { return `{"devDependencies":{` + strings.Join(list, ",") + `}}` }
	type files map[string]string
	for _, tt := range []struct {
		files    files
		language string
		role     catalogue.Role
		want     string
		because  string
	}{
		// TypeScript 7 brings its server, older ones need one.
		{files{"package.json": deps(`"typescript":"^5"`), "node_modules/typescript/package.json": `{"version":"7.0.2"}`}, "typescript", "server", "typescript", "typescript 7.0.2 in node_modules"},
		{files{"package.json": deps(`"typescript":"^6"`), "node_modules/typescript/package.json": `{"version":"6.0.3"}`}, "typescript", "server", "vtsls", "typescript 6.0.3 in node_modules"},
		{files{"package.json": deps(`"typescript":"^6.0.1"`)}, "typescript", "server", "vtsls", "typescript 6.0.1 in package.json"},
		{files{"package.json": deps(`"typescript":"7.0.0-beta"`)}, "typescript", "server", "typescript", "7.0.0-beta"},
		{files{"package.json": deps(`"typescript":"4"`)}, "javascript", "server", "vtsls", "typescript 4"},
		{files{"package.json": deps(`"typescript":"4"`, `"react":"19"`)}, "react", "server", "vtsls", "typescript 4"},
		{files{"package.json": deps(`"typescript":"latest"`)}, "typescript", "server", "typescript", "by default: typescript in package.json has no version"},
		{files{"package.json": "{}"}, "javascript", "server", "typescript", "by default"},
		{files{"package.json": deps(`"@typescript/native-preview":"*"`)}, "typescript", "server", "tsgo", "native-preview in package.json"},
		{files{"deno.json": "{}"}, "typescript", "server", "deno", "deno.json is there"},
		{files{"package.json": deps(`"tailwindcss":"4"`), "eslint.config.ts": "", "biome.jsonc": ""}, "javascript", "server", "typescript+eslint-server+biome+tailwind-server", "by default"},
		// What the repository configures comes before what it only depends on.
		{files{"package.json": deps(`"prettier":"3"`), "biome.json": "{}"}, "javascript", "formatter", "biome", "biome.json is there"},
		{files{"package.json": deps(`"@biomejs/biome":"2"`), ".prettierrc.json": "{}"}, "javascript", "formatter", "prettier", ".prettierrc.json is there"},
		{files{"package.json": `{"prettier":{}}`}, "javascript", "formatter", "prettier", "package.json has prettier"},
		{files{"package.json": deps(`"oxfmt":"0.1"`)}, "javascript", "formatter", "oxfmt", "oxfmt 0.1 in package.json"},
		{files{"package.json": "{}"}, "javascript", "formatter", "prettier", "by default"},
		{files{"package.json": "{}"}, "javascript", "linter", "", ""},
		{files{"package.json": deps(`"eslint":"9"`), ".oxlintrc.json": "{}"}, "javascript", "linter", "oxlint", ".oxlintrc.json is there"},
		{files{"package.json": deps(`"eslint":"9"`)}, "javascript", "linter", "eslint", "eslint 9 in package.json"},
		// Package managers, by the pin first and then by the lock file.
		{files{"package.json": `{"packageManager":"yarn@4.1.0"}`, "pnpm-lock.yaml": ""}, "node", "manager", "yarn-berry", "packageManager in package.json asks for yarn 4.1.0"},
		{files{"package.json": `{"packageManager":"yarn@1.22.22"}`}, "node", "manager", "yarn", "asks for yarn 1.22.22"},
		{files{"package.json": `{"devEngines":{"packageManager":{"name":"pnpm"}}}`}, "node", "manager", "pnpm", "devEngines.packageManager in package.json asks for pnpm"},
		{files{"package.json": "{}", "pnpm-lock.yaml": ""}, "node", "manager", "pnpm", "pnpm-lock.yaml is there"},
		{files{"package.json": "{}", "bun.lock": ""}, "node", "manager", "bun", "bun.lock is there"},
		{files{"package.json": "{}", "yarn.lock": ""}, "node", "manager", "yarn", "yarn.lock is there"},
		{files{"package.json": "{}", "yarn.lock": "", ".yarnrc.yml": ""}, "node", "manager", "yarn-berry", ".yarnrc.yml is there"},
		{files{"package.json": "{}", "package-lock.json": "{}"}, "node", "manager", "npm", "package-lock.json is there"},
		{files{"package.json": `{"packageManager":"evil@1"}`}, "node", "manager", "npm", "by default"},
		{files{"package.json": "{}"}, "node", "runtime", "node", "by default"},
		// Python.
		{files{"pyproject.toml": ""}, "python", "server", "basedpyright+ruff", "by default"},
		{files{"pyproject.toml": "", "ty.toml": ""}, "python", "server", "ty+ruff", "ty.toml is there"},
		{files{"pyproject.toml": "[tool.pyrefly]\n"}, "python", "server", "pyrefly+ruff", "pyproject.toml has tool.pyrefly"},
		{files{"pyproject.toml": "[dependency-groups]\ndev = ['pyright']\n"}, "python", "server", "pyright+ruff", "pyright in pyproject.toml"},
		{files{"pyproject.toml": "[tool.black]\n"}, "python", "formatter", "black", "pyproject.toml has tool.black"},
		{files{"pyproject.toml": "[tool.ruff]\n", "requirements-dev.txt": "black\n"}, "python", "formatter", "ruff", "pyproject.toml has tool.ruff"},
		{files{"requirements-dev.txt": "black\n", "setup.py": ""}, "python", "formatter", "black", "black in requirements-dev.txt"},
		{files{"pyproject.toml": "", "poetry.lock": ""}, "python", "manager", "poetry", "poetry.lock is there"},
		{files{"requirements.txt": ""}, "python", "manager", "pip", "requirements.txt is there"},
		{files{"pyproject.toml": "", "uv.lock": ""}, "python", "manager", "uv", "uv.lock is there"},
		// Go.
		{files{"go.mod": "module x\n"}, "go", "server", "gopls", "by default"},
		{files{"go.mod": "module x\n"}, "go", "formatter", "gofmt", "by default"},
		{files{"go.mod": "module x\n", ".golangci.yml": "formatters: {enable: [gofumpt]}"}, "go", "formatter", "gofumpt", ".golangci.yml speaks of gofumpt"},
		{files{"go.mod": "module x\ntool mvdan.cc/gofumpt\n"}, "go", "formatter", "gofumpt", "mvdan.cc/gofumpt in go.mod"},
		{files{"go.mod": "module x\n", ".golangci.yaml": ""}, "go", "linter", "golangci-lint", ".golangci.yaml is there"},
		{files{"go.mod": "module x\n"}, "go", "linter", "go-vet", "by default"},
		// Rust and Nix.
		{files{"Cargo.toml": ""}, "rust", "server", "rust-analyzer", "by default"},
		{files{"Cargo.toml": ""}, "rust", "linter", "clippy", "by default"},
		{files{"flake.nix": ""}, "nix", "server", "nixd", "by default"},
		{files{"flake.nix": ""}, "nix", "formatter", "nixfmt", "by default"},
	} {
		fsys := fstest.MapFS{}
		for name, text := range tt.files {
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
		f := detect.Detect(c, fsys, ".")
		if len(f.Problems) > 0 {
			t.Errorf("%v: %v", tt.files, f.Problems)
		}
		found := false
		for _, l := range All(c, f) {
			found = found || l.Name == tt.language
			if l.Name != tt.language {
				continue
			}
			names, because := text(l.Tools, tt.role)
			if names != tt.want || !strings.Contains(because, tt.because) || tt.want != "" && because == "" {
				t.Errorf("%v: the %s of %s is %q, %q; want %q, %q", tt.files, tt.role, tt.language, names, because, tt.want, tt.because)
			}
		}
		if !found {
			t.Errorf("%v: %s is not detected", tt.files, tt.language)
		}
	}
}

// What somebody asked for comes before everything else; a language that was not
// detected can be served, too.
func TestPreferredAndFor(t *testing.T) {
	c, err := builtin(t).With(catalogue.File{Path: "user.toml", Data: []byte("[prefer.typescript]\nserver = 'typescript-language-server'\nformatter = 'oxfmt'\n[prefer.react]\nformatter = 'biome'\n")})
	if err != nil {
		t.Fatal(err)
	}
	f := detect.Detect(c, fstest.MapFS{"package.json": {Data: []byte(`{"dependencies":{"typescript":"7.0.0","react":"19"}}`)}, ".prettierrc": {}, ".taplo.toml": {}, "sub/pyproject.toml": {Data: []byte("[tool.black]\n")}}, "sub")
	for _, tt := range []struct{ language, role, want, because string }{
		{"typescript", "server", "typescript-language-server", "asked for in user.toml:2"},
		{"javascript", "formatter", "oxfmt", "asked for in user.toml:3"},
		{"react", "formatter", "biome", "asked for in user.toml:5"},
		{"go", "server", "gopls", "by default"},
		{"toml", "formatter", "taplo", ".taplo.toml is there"},
		{"css", "formatter", "prettier", ".prettierrc is there"},
		{"python", "formatter", "black", "sub/pyproject.toml has tool.black"},
		{"cobol", "server", "", ""},
	} {
		if names, because := text(For(c, f, tt.language), catalogue.Role(tt.role)); names != tt.want || because != tt.because {
			t.Errorf("%s: %q, %q; want %q, %q", tt.language, names, because, tt.want, tt.because)
		}
	}
}
