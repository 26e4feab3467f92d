package settings

import (
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/manifest"
)

const file = "/home/u/.config/devsh/config.toml"

func load(text string, vars map[string]string, flags Flags) (*Settings, error) {
	return Load(Options{
		Home: "/home/u", Flags: flags,
		Getenv: func(name string) string { return vars[name] },
		ReadFile: func(path string) ([]byte, error) {
			if path != file {
				return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
			}
			return []byte(text), nil
		},
	})
}

func TestDefaults(t *testing.T) {
	s, err := Load(Options{Home: "/home/u", ConfigHome: "/conf", ReadFile: func(path string) ([]byte, error) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}})
	want := &Settings{File: "/conf/devsh/config.toml", Roots: []string{"/home/u/dev"}, Message: Normal,
		LayersOff: map[string]bool{}, ShellHookTimeout: 30 * time.Second, CaptureTimeout: 10 * time.Second, Missing: "tell"}
	if s != nil && len(s.TrustedRoots) == 0 {
		s.TrustedRoots = nil
	}
	if err != nil || !reflect.DeepEqual(s, want) {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestWholeFile(t *testing.T) {
	s, err := load(`
roots = ["~/dev", "/srv/code/", "~/dev/."]
message = "quiet"
[trust]
roots = ["~/dev/mine"]
[layers]
off = ["nix", "devsh.toml"]
[shell_hook]
timeout = "1m30s"
[tools]
missing = "install"
prefixes = true
[daemon]
enabled = true
on_battery = true
[default_shell]
flake = "~/dotfiles#dev"
[default_shell.env]
GoFlags = "-mod=mod"
"A" = 1.10
[default_shell.path]
prepend = ["~/bin"]
[default_shell.lists.MANPATH]
append = ["/opt/man"]
[default_shell.aliases]
"G.s" = "git status"
`, nil, Flags{})
	if err != nil {
		t.Fatal(err)
	}
	at := func(line int) manifest.Pos { return manifest.Pos{Path: file, Line: line, Column: 1} }
	wantEnv := []manifest.Assignment{{Name: "GoFlags", Value: env.Lit("-mod=mod"), Pos: at(19)}, {Name: "A", Value: env.Lit("1.10"), Pos: at(20)}}
	m := s.Default.Manifest
	if m == nil || !reflect.DeepEqual(m.Env, wantEnv) || m.Aliases["G.s"] != "git status" || len(m.Lists) != 2 {
		t.Errorf("manifest: %+v", m)
	}
	s.Default.Manifest = nil
	if len(s.Digest) != 64 {
		t.Errorf("digest %q", s.Digest)
	}
	want := &Settings{File: file, Digest: s.Digest, Roots: []string{"/home/u/dev", "/srv/code"}, Message: Quiet,
		TrustedRoots: []string{"/home/u/dev/mine"}, LayersOff: map[string]bool{"nix": true, "devsh.toml": true},
		ShellHookTimeout: 90 * time.Second, CaptureTimeout: 10 * time.Second, Missing: "install", Prefixes: true, Daemon: true, DaemonOnBattery: true, Default: Default{Flake: "/home/u/dotfiles#dev"}}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
}

func TestPrecedence(t *testing.T) {
	const text = "roots = ['/file']\nmessage = 'quiet'\n[layers]\noff = ['nix']\n[trust]\nroots = ['/t']\n"
	vars := map[string]string{"DEVSH_ROOTS": "/env:~/e", "DEVSH_MESSAGE": "loud", "DEVSH_LAYERS_OFF": "default, devsh.toml",
		"DEVSH_TRUST_ROOTS": "/evil"}
	for _, tt := range []struct {
		vars  map[string]string
		flags Flags
		roots []string
		off   map[string]bool
		apart []string
	}{
		{nil, Flags{}, []string{"/file"}, map[string]bool{"nix": true}, nil},
		{vars, Flags{}, []string{"/env", "/home/u/e"}, map[string]bool{"default": true, "devsh.toml": true}, []string{"DEVSH_ROOTS", "DEVSH_LAYERS_OFF"}},
		{vars, Flags{Roots: []string{"/flag"}, LayersOff: []string{}}, []string{"/flag"}, map[string]bool{}, []string{"--root", "--layers-off"}},
		{map[string]string{"DEVSH_ROOTS": "/file:/file/."}, Flags{LayersOff: []string{"nix"}}, []string{"/file"}, map[string]bool{"nix": true}, nil},
	} {
		s, err := load(text, tt.vars, tt.flags)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(s.Roots, tt.roots) || s.Message != Quiet || !reflect.DeepEqual(s.LayersOff, tt.off) || !reflect.DeepEqual(s.Apart, tt.apart) ||
			!reflect.DeepEqual(s.TrustedRoots, []string{"/t"}) {
			t.Errorf("%+v", s)
		}
	}
}

func TestFileErrors(t *testing.T) {
	for _, tt := range []struct{ text, want, hint string }{
		{"a = ", ":1:4: ", ""},
		{"root = []", `:1:1: unknown key "root"`, `"roots"`},
		{"Roots = []", `:1:1: unknown key "Roots"`, `"roots"`},
		{"\n[trust]\n  root = []", `:3:3: unknown key "root" in [trust]`, `"roots"`},
		{"[trust]\nroots.x = 1", ":2:1: trust.roots must be an array of strings, not a table", ""},
		{"trust = 1", ":1:1: trust must be a table, not an integer", "[trust]"},
		{"default_shell = 'x'", ":1:1: default_shell must be a table, not a string", ""},
		{"[[default_shell]]\nflake = 'x'", ":1:3: default_shell must be a table", ""},
		{"roots = '~/dev'", ":1:1: roots must be an array of strings, not a string", ""},
		{"roots = ['/a', 1]", ":1:16: roots must be an array of strings, not an integer", ""},
		{"roots = ['/a', 'dev']", `:1:16: roots: "dev" is not absolute`, "~/"},
		{"roots = ['~u/dev']", `"~u/dev" is not absolute`, ""},
		{"roots = ['']", `"" is not absolute`, ""},
		{"roots = ['/']", `:1:10: roots: "/" holds the whole home`, "~/dev"},
		{"roots = ['/x/..']", `"/" holds the whole home`, ""},
		{"roots = ['~/..']", `"/home" holds the whole home`, ""},
		{"[trust]\nroots = ['/home']", `:2:10: trust.roots: "/home" holds`, ""},
		{"roots = ['/a\\u0000']", "", ""},
		{"roots = [\"/a\\u0000\"]", "is not a path", ""},
		{"message = 'quite'", `:1:1: message: "quite" is none of quiet, normal, verbose`, `did you mean "quiet"?`},
		{"message = 1", ":1:1: message must be a string, not an integer", ""},
		{"[layers]\noff = ['nix', 'direnv']", `:2:15: layers.off: "direnv" is none of`, ""},
		{"[shell_hook]\ntimeout = 30", ":2:1: shell_hook.timeout must be a string", ""},
		{"[shell_hook]\ntimeout = '30'", `:2:1: shell_hook.timeout: "30" is not a duration`, "unit"},
		{"[shell_hook]\ntimeout = '-1s'", "is not between", ""},
		{"[shell_hook]\ntimeout = '2h'", "is not between", ""},
		{"[daemon]\nenabled = 'yes'", ":2:1: daemon.enabled must be true or false, not a string", ""},
		{"[daemon]\non_batery = true", `:2:1: unknown key "on_batery" in [daemon]`, `"on_battery"`},
		{"[tools]\nnixpkgs = 'nixpkgs#x'", `:2:1: tools.nixpkgs: "nixpkgs#x" names something in a flake`, "alone"},
		{"[tools]\nnixpkgs = './x'", `tools.nixpkgs: "./x" is not a flake reference`, ""},
		{"[default_shell]\nflak = 'x'", `:2:1: unknown key "flak" in [default_shell]`, `"flake"`},
		{"[default_shell]\nflake = 1", ":2:1: default_shell.flake must be a string", ""},
		{"[default_shell]\nflake = './x'", ":2:1: default_shell.flake: \"./x\" is not a flake reference", "github:"},
		{"[default_shell]\nflake = '--impure'", "is not a flake reference", ""},
		{"[default_shell]\nflake = ''", "is not a flake reference", ""},
		{"[default_shell.env]\nA = 'x'\nB = true", ":3:1: default_shell.env.B must be a string, not a boolean", ""},
		{"[default_shell.env]\nPATH = 'x'", ":2:1: PATH cannot be set", "[default_shell.path]"},
		{"[default_shell.path]\nprepend = ['bin']", ":2:12: \"bin\" is relative", "~/"},
		{"[default_shell.aliases]\ncd = 'x'", ":2:1: cd belongs to fish", ""},
	} {
		_, err := load(tt.text, nil, Flags{})
		if tt.want == "" {
			if err != nil {
				t.Errorf("%q: %v", tt.text, err)
			}
			continue
		}
		var e *manifest.Error
		if !errors.As(err, &e) || e.Path != file || !strings.Contains(e.Error(), tt.want) || !strings.Contains(e.Hint, tt.hint) {
			t.Errorf("%q: %v; want %s", tt.text, err, tt.want)
		}
	}
}

func TestSourceErrors(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		flags       Flags
		want        string
	}{
		{"DEVSH_ROOTS", "dev", Flags{}, `DEVSH_ROOTS: "dev" is not absolute`},
		{"DEVSH_ROOTS", "/a::/b", Flags{}, `DEVSH_ROOTS: "" is not absolute`},
		{"DEVSH_LAYERS_OFF", "nix,x", Flags{}, `DEVSH_LAYERS_OFF: "x" is none of`},
		{"", "", Flags{Roots: []string{"/"}}, `--root: "/" holds`},
		{"", "", Flags{LayersOff: []string{"x"}}, `--layers-off: "x" is none of`},
	} {
		_, err := load("", map[string]string{tt.name: tt.value}, tt.flags)
		var e *SourceError
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s=%s %v: %v; want %s", tt.name, tt.value, tt.flags, err, tt.want)
		}
	}
}

func TestUnreadable(t *testing.T) {
	o := Options{Home: "/home/u", ReadFile: func(path string) ([]byte, error) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	}}
	if _, err := Load(o); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), file) {
		t.Errorf("%v", err)
	}
	o.Home = "u"
	if _, err := Load(o); err == nil {
		t.Error("a relative home directory was taken")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("roots = ['~/dev']\nmessage = 'quiet'\n[layers]\noff = ['nix']\n[shell_hook]\ntimeout = '1s'")
	f.Add("[default_shell]\nflake = 'x'\n[default_shell.env]\nA = 1\n[default_shell.lists.B]\nappend = ['~/x']")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := load(text, nil, Flags{})
		if err != nil {
			var e *manifest.Error
			if !errors.As(err, &e) || e.Line < 1 || e.Column < 1 || e.Path != file {
				t.Errorf("an error without a place: %#v", err)
			}
			return
		}
		for _, root := range append(s.Roots, s.TrustedRoots...) {
			if root == "" || root[0] != '/' || strings.HasPrefix("/home/u", root+"/") || root == "/" {
				t.Errorf("root %q", root)
			}
		}
		if s.ShellHookTimeout <= 0 {
			t.Errorf("timeout %v", s.ShellHookTimeout)
		}
	})
}
