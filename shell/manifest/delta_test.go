package manifest

import (
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
)

// links resolves the paths it holds, finds everything else that begins with
// /dev/p as it is, and nothing below a "none" directory.
type links map[string]string

func (l links) eval(path string) (string, error) {
	if target, ok := l[path]; ok {
		if rest, missing := strings.CutPrefix(target, "missing "); missing {
			return "", &fs.PathError{Op: "lstat", Path: rest, Err: fs.ErrNotExist}
		}
		if target == "denied" {
			return "", &fs.PathError{Op: "lstat", Path: path, Err: fs.ErrPermission}
		}
		return target, nil
	}
	return path, nil
}

func deltaOf(t *testing.T, text string, l links, dotenv ...string) (env.Delta, error) {
	t.Helper()
	m, err := Parse("devsh.toml", []byte(text))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	var files [][]Assignment
	for _, d := range dotenv {
		a, err := ParseDotenv(".env", []byte(d))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, a)
	}
	return m.Delta(Base{Dir: "/dev/p", Home: "/home/u", EvalSymlinks: l.eval}, files)
}

func TestDeltaSet(t *testing.T) {
	ref := func(name string) env.Value { return env.Value{{Ref: name}} }
	for _, tt := range []struct {
		text   string
		dotenv []string
		want   map[string]env.Value
	}{
		{"[env]\nA='1'\nB='${A}2'\nC='${D}'\nD='x'", nil, map[string]env.Value{"A": env.Lit("1"), "B": env.Lit("12"), "C": ref("D"), "D": env.Lit("x")}},
		{"[env]\nA='a${A}'", nil, map[string]env.Value{"A": {{Text: "a"}, {Ref: "A"}}}},
		{"[env]\nA='a${A}'", []string{"A=1"}, map[string]env.Value{"A": env.Lit("a1")}},
		{"[env]\nA='${HOME}'", nil, map[string]env.Value{"A": ref("HOME")}},
		{"[env]\nA='${DEVSH_PROJECT}/x'", []string{"B=$DEVSH_PROJECT"}, map[string]env.Value{"A": env.Lit("/dev/p/x"), "B": env.Lit("/dev/p")}},
		{"[env]\nA='toml'", []string{"A=1\nB=1", "B=2\nC=$B"}, map[string]env.Value{"A": env.Lit("toml"), "B": env.Lit("2"), "C": env.Lit("2")}},
		{"[env]\nunset=['A']", []string{"A=1"}, map[string]env.Value{}},
	} {
		d, err := deltaOf(t, tt.text, nil, tt.dotenv...)
		if err != nil || !reflect.DeepEqual(d.Set, tt.want) {
			t.Errorf("%q %q: %v, %v; want %v", tt.text, tt.dotenv, d.Set, err, tt.want)
		}
	}
}

func TestDeltaWhole(t *testing.T) {
	d, err := deltaOf(t, `
[env]
V = "sub"
unset = ["GONE"]
[path]
prepend = ["bin", "./a//b/", "../x", "~/y", "${HOME}/z", "${DEVSH_PROJECT}/w", "/abs/../q", "${V}", "."]
[lists.PYTHONPATH]
append = ["src"]
[lists.EMPTY]
append = []
[aliases]
a = "b"
[hooks]
enter = "x"
leave = " \n"
`, nil)
	want := env.Delta{
		Set:   map[string]env.Value{"V": env.Lit("sub")},
		Unset: map[string]bool{"GONE": true},
		Lists: map[string]env.List{
			"PATH": {Prepend: []string{"/dev/p/bin", "/dev/p/a/b", "/dev/x", "/home/u/y", "/home/u/z",
				"/dev/p/w", "/q", "/dev/p/sub", "/dev/p"}},
			"PYTHONPATH": {Append: []string{"/dev/p/src"}},
		},
		Aliases: map[string]env.Alias{"a": {Dir: "/dev/p", Text: "b"}},
		Enter:   []env.Hook{{Dir: "/dev/p", Code: "x"}},
	}
	if err != nil || !reflect.DeepEqual(d, want) {
		t.Errorf("got  %+v, %v\nwant %+v", d, err, want)
	}
}

func TestDeltaLinks(t *testing.T) {
	for _, tt := range []struct{ entry, target, want string }{
		{"bin", "/dev/p/other", ""},
		{"bin", "/nix/store/abc/bin", ""},
		{"bin", "missing /dev/p/bin", ""},
		{"bin", "missing /nix/store/abc/bin", ""},
		{"bin", "/tmp/evil", `devsh.toml:2:12: "/dev/p/bin" is a link that leaves the project, to "/tmp/evil"`},
		{"bin", "/dev/p-evil", "leaves the project"},
		{"bin", "/nix/store", "leaves the project"},
		{"bin", "/nix/store-evil/x", "leaves the project"},
		{"bin", "missing /tmp/later", "leaves the project"},
		{"bin", "denied", "cannot be resolved"},
		{"/dev/p/bin", "/tmp/evil", "leaves the project"},
		{"/tmp/../dev/p/bin", "/tmp/evil", "leaves the project"},
		{"../../opt", "/tmp/x", ""},
	} {
		_, err := deltaOf(t, "[path]\nprepend = ['"+tt.entry+"']", links{"/dev/p/bin": tt.target, "/opt": tt.target})
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s -> %s: %v, want %q", tt.entry, tt.target, err, tt.want)
		}
	}
}

func TestDeltaErrors(t *testing.T) {
	var laughs strings.Builder
	laughs.WriteString("[env]\nA0 = '0123456789'\n")
	for i := 1; i < 40; i++ {
		laughs.WriteString("A" + itoa(i) + " = '${A" + itoa(i-1) + "}${A" + itoa(i-1) + "}'\n")
	}
	big := strings.Repeat("x", 1<<16)
	for _, tt := range []struct{ text, dotenv, want string }{
		{"[path]\nprepend = ['${X}/bin']", "", "devsh.toml:2:12: the entry refers to ${X}; an entry must not depend on the surrounding environment"},
		{"[env]\nX='${Y}'\n[path]\nprepend = ['${X}/bin']", "", "4:12: the entry refers to ${Y}; an entry must not depend"},
		{"[env]\nX=''\n[path]\nprepend = ['${X}']", "", "4:12: the entry is empty"},
		{"[env]\nX='a:b'\n[path]\nprepend = ['${X}']", "", "4:12: \"/dev/p/a:b\" contains a colon"},
		{"[path]\nprepend = ['~root/bin']", "", "2:12: \"~root/bin\": only ~/ is understood"},
		{"", "PATH=/x", ".env:1:1: PATH cannot be set in a dotenv file"},
		{"[lists.L]\nprepend=['a']", "B=1\nL=/x", ".env:2:1: L has entries in [lists.L]"},
		{laughs.String(), "", "A14 is longer than 131071 bytes"},
		{"[env]\nA='" + big + "'\nB='${A}${A}'", "", "devsh.toml:3:1: B is longer"},
		{"[env]\nA='" + big + "'\n[path]\nprepend=['" + strings.Repeat("${A}", 10000) + "']", "", "4:10: the entry is longer than 4096"},
		{"[env]\nA='" + big + "'\n" + strings.ReplaceAll(many(40), " 1", " '${A}'"), "", "together are longer than 2048 KiB"},
	} {
		_, err := deltaOf(t, tt.text, nil, tt.dotenv)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.60q: %v; want %s", tt.text, err, tt.want)
		}
	}
	if _, err := (&Manifest{}).Delta(Base{Dir: "p"}, nil); err == nil {
		t.Error("a relative project directory was taken")
	}
}
