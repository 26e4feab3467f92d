package lockfile

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hbohlen/devsh/toolchains/document"
)

const (
	sha = "sha512-MTKKkWB7p/0E9xi1d1tHtZ5PiLkGEMIq88pK2CubZjOsLtYTLqhgIgi6zepFa+9GHZ6h05NMCkQxGKiPXMxXtQ=="
	sum = "h1:Dn6mf9WXu9iLnTftDDMb9wV0c6Se7PjzEMqP0LEe08Y="
)

func example() Lock {
	return Lock{Tools: []Tool{
		{Name: "gopls", From: Go, Package: "golang.org/x/tools/gopls", Module: "golang.org/x/tools/gopls", Version: "v0.23.0", Hash: sum, Published: time.Date(2026, 7, 7, 18, 53, 34, 0, time.UTC)},
		{Name: "npm:@scope/x", From: NPM, Package: "@scope/x", Want: ">=1, <2", Version: "1.0.0-rc.1", Hash: sha, Node: ">=18 || ^16", Scripts: []string{"@scope/x"}, With: map[string]string{"a": "<2"}, Static: map[string]string{"X_BINARY": "{dir}/node_modules/x-{cpu}/x"}, Packages: []Package{
			{Path: "node_modules/@scope/x", Version: "1.0.0-rc.1", Integrity: sha, Scripts: true, Bin: map[string]string{"x": "bin/x.js"}, Needs: map[string]string{"b": "^1 || 2", "a": "npm:c@1"}},
			{Path: "node_modules/@scope/x/node_modules/b", Version: "2.0.0", Integrity: sha + " sha1-MTKKkWB7p/0E9xi1=", Optional: true, OS: []string{"linux", "!win32"}, CPU: []string{"x64"}, Libc: []string{"glibc"}},
			{Path: "node_modules/a", Name: "c", Version: "1.2.3", Integrity: sha, OptionalNeeds: map[string]string{"d": "*"}, Peers: map[string]string{"e": "*"}, OptionalPeers: []string{"e"}},
			{Path: "node_modules/a/node_modules/f", Version: "1.0.0", Bundled: true},
		}},
		{Name: "ripgrep", From: Cargo, Package: "ripgrep", Version: "15.0.0", Hash: hex64, Scripts: []string{"ripgrep"}},
		{Name: "tool", From: UV, Package: "Tool.X", Want: ">=1", Version: "1.0", Packages: []Package{
			{Path: "colorama", Version: "0.4.6", Hashes: []string{"sha256:" + hex64}, Marker: "sys_platform == 'win32'"},
			{Path: "tool-x", Version: "1.0", Hashes: []string{"sha256:" + hex64, "sha256:" + strings.Repeat("b", 64)}},
		}},
		{Name: "x11", From: Nix, Package: "xorg.x11", Version: "1.2", Flake: "github:NixOS/nixpkgs/0000", Hash: "sha256-" + sum[3:]},
	}}
}

var hex64 = strings.Repeat("a", 64)

// What is written is read as it was, and a line is about one package.
func TestRoundTrip(t *testing.T) {
	l := example()
	text := Write(l)
	got, err := Parse("devsh.lock", text)
	if err != nil || !reflect.DeepEqual(got, l) {
		t.Fatalf("%v\n%#v\nwant\n%#v\n%s", err, got, l, text)
	}
	if again := Write(Lock{Tools: append(l.Tools[1:], l.Tools[0])}); string(again) != string(text) {
		t.Errorf("the order of tools shows:\n%s", again)
	}
	if !strings.Contains(string(text), "\n\"node_modules/@scope/x/node_modules/b\" = { version = \"2.0.0\", ") {
		t.Errorf("no line of its own for each package:\n%s", text)
	}
	if strings.Contains(string(text), "http") {
		t.Errorf("it names a host:\n%s", text)
	}
}

func TestErrors(t *testing.T) {
	good := string(Write(example()))
	for _, c := range []struct{ old, now, want string }{
		{"version = 1\n", "version = 2\n", "devsh.lock:2: this devsh reads version 1"},
		{"version = 1\n", "", "this devsh reads version 1"},
		{`name = "gopls"`, `name = "../gopls"`, `devsh.lock:5: "../gopls" is no name for a tool`},
		{`name = "gopls"`, `name = "npm:@scope/x"`, "npm:@scope/x is there twice"},
		{`from = "go"`, `from = "pip"`, `there is no backend "pip"`},
		{`package = "@scope/x"`, `package = "--global"`, `"--global" is no name of a package of npm`},
		{`package = "golang.org/x/tools/gopls"`, `package = "-x"`, `"-x" is no name of a package of go`},
		{`module = "golang.org/x/tools/gopls"`, `module = "example.com/other"`, "is not in example.com/other"},
		{`version = "v0.23.0"`, `version = "--x"`, `devsh.lock:9: "--x" is no version`},
		{sum, "h1:x", `"h1:x" is no sum of a module`},
		{`hash = "sha512-`, `hash = "md5-`, "is no integrity"},
		{`hash = "sha512-`, `hash = "sha512-AA`, "is not among its packages, by the same hash"},
		{`published = "2026`, `published = "yesterday 2026`, "is no time"},
		{`scripts = ["@scope/x"]`, `scripts = ["-x"]`, `"-x" is no name of a package of npm`},
		{`"node_modules/a/node_modules/f"`, `"node_modules/a/../f"`, "devsh.lock:28: \"node_modules/a/../f\" is no path of a package"},
		{`"X_BINARY"`, `"LD_PRELOAD"`, "is no program of the installation"},
		{`{dir}/node_modules/x`, `{dir}/node_modules/../../x`, "is no program of the installation"},
		{`with = { "a"`, `with = { "-a"`, `"-a" is no name of a package of npm`},
		{`with = { "a"`, `with = { "b"`, "b is not among its packages"},
		{`"node_modules/a/node_modules/f"`, `"f"`, "begins with node_modules/"},
		{`"bin/x.js"`, `"../../x.js"`, "is no program of the package"},
		{`"x" = "bin`, `"../x" = "bin`, "is no program of the package"},
		{hex64, "aa", `"aa" is no SHA-256`},
		{`scripts = ["ripgrep"]`, `scripts = ["--x"]`, `"--x" is no name of a package of cargo`},
		{"sha256:" + hex64, "md5:" + hex64, "is no SHA-256"},
		{`, marker = `, `, url = `, `unknown key "url"`},
		{`sys_platform ==`, `x --index-url=`, "is no marker"},
		{`hashes = ["sha256:` + hex64 + `"]`, `hashes = []`, "nothing proves what colorama is"},
		{`"tool-x" = {`, `"other" = {`, "Tool.X 1.0 is not among its packages"},
		{`"colorama" =`, `"-r" =`, `"-r" is no name of a package of uv`},
		{`"xorg.x11"`, `"x\"y"`, "is no name of a package of nix"},
		{`"github:NixOS/nixpkgs/0000"`, `"--impure"`, "is no reference of a locked flake"},
		{`"github:NixOS/nixpkgs/0000"`, `"github:NixOS/nixpkgs#x"`, "is no reference of a locked flake"},
		{`hash = "sha256-`, `hash = "sha256-x`, "is no narHash"},
		{`optional = true`, `optional = 1`, "must be true or false"},
		{`bundled = true`, `bundle = true`, `devsh.lock:28: unknown key "bundle"`},
		{`want = ">=1`, `want = "\u001b[31m>=1`, "control character"},
		{`node = "`, `node = "` + strings.Repeat("1", 2001), "longer than 2000 bytes"},
	} {
		text := strings.Replace(good, c.old, c.now, 1)
		_, err := Parse("devsh.lock", []byte(text))
		var at *document.Error
		if text == good || !errors.As(err, &at) || at.Line < 1 || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60s → %.60s: %v\nwant %s", c.old, c.now, err, c.want)
		}
	}
	many := "version = 1\n" + strings.Repeat("[[tool]]\n", maxTools+1)
	if _, err := Parse("f", []byte(many)); err == nil || !strings.Contains(err.Error(), "more than 500 tools") {
		t.Errorf("many tools: %v", err)
	}
}

func TestCompare(t *testing.T) {
	old := example()
	gopls, other := old.Tools[0], old.Tools[0]
	gopls.Version, other.Name = "v0.24.0", "gofumpt"
	now := old.Without("npm:@scope/x").With(gopls, other)
	var said []string
	for _, c := range Compare(old, now) {
		said = append(said, c.String())
	}
	if got, want := strings.Join(said, "; "), "gofumpt v0.23.0 added; gopls v0.23.0 → v0.24.0; npm:@scope/x 1.0.0-rc.1 removed"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if c := Compare(old, example()); len(c) != 0 || old.Tools[0].Version != "v0.23.0" {
		t.Errorf("equal locks differ: %v", c)
	}
	gopls.Version, gopls.Hash = "v0.23.0", "h1:other"
	if c := Compare(old, old.With(gopls)); len(c) != 1 || !strings.Contains(c[0].String(), "what it consists of changed") {
		t.Errorf("%v", c)
	}
}

func TestDigest(t *testing.T) {
	tool := example().Tools[1]
	seen := map[string]bool{tool.Digest(): true, tool.Digest("a", "b"): true, tool.Digest("ab"): true}
	tool.Packages[1].Integrity = sha
	seen[tool.Digest()] = true
	if len(seen) != 4 {
		t.Errorf("%d digests of 4 things", len(seen))
	}
}

// Whatever is read is written so that it is read as the same.
func FuzzParse(f *testing.F) {
	f.Add(string(Write(example())))
	f.Add("version = 1\n[[tool]]\nname = 'x'\nfrom = 'go'\npackage = 'a.b/c'\nmodule = 'a.b'\nversion = 'v1.0.0'\nhash = '" + sum + "'\nwant = \"\\\"\\\\\\u00e9\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := Parse("f", []byte(text))
		if err != nil {
			if at, ok := errors.AsType[*document.Error](err); !ok || at.Line < 1 {
				t.Errorf("an error without a line: %#v", err)
			}
			return
		}
		written := Write(l)
		again, err := Parse("f", written)
		if err != nil || !reflect.DeepEqual(again, l) || string(Write(again)) != string(written) {
			t.Errorf("%v\n%#v\n%#v\n%s", err, l, again, written)
		}
	})
}
