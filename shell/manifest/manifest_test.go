package manifest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
)

const whole = `# a comment with [brackets] and "quotes
inherit = false
[env]
FOO = "bar ${HOME}"
PORT = 8080
VERSION = 1.10
BIG = 1_000
"QUOTED" = 'a $${b} $x'
LONG = """
[not a table]
NOT = "a key"
"""
file = [".env", "conf/.env"]
unset = ["GONE"]
[path]
prepend = ["bin", "~/x", "${DEVSH_PROJECT}/y"] # [lists.X]
append = []
[lists]
PYTHONPATH = { prepend = ["src"] }
[lists.MANPATH]
append = [
  "man", # comment ]
]
[aliases]
gs = "git status"
"t.all" = 'go test ./...'
[shell]
nix = ".#dev"
[watch]
files = ["config/*.yaml", "**/*.{json,toml}"]
[hooks]
enter = '''
echo hello
'''
leave = 'echo bye'
`

func TestParse(t *testing.T) {
	m, err := Parse("devsh.toml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	at := func(line, column int) Pos { return Pos{"devsh.toml", line, column} }
	want := &Manifest{
		Env: []Assignment{
			{"FOO", env.Value{{Text: "bar "}, {Ref: "HOME"}}, at(4, 1)},
			{"PORT", env.Lit("8080"), at(5, 1)},
			{"VERSION", env.Lit("1.10"), at(6, 1)},
			{"BIG", env.Lit("1000"), at(7, 1)},
			{"QUOTED", env.Lit("a ${b} $x"), at(8, 1)},
			{"LONG", env.Lit("[not a table]\nNOT = \"a key\"\n"), at(9, 1)},
		},
		EnvFiles: []Item{{".env", at(13, 9)}, {"conf/.env", at(13, 17)}},
		Unset:    []string{"GONE"},
		Lists: map[string]RawList{
			"PATH": {Prepend: []Entry{
				{env.Lit("bin"), at(16, 12)}, {env.Lit("~/x"), at(16, 19)},
				{env.Value{{Ref: "DEVSH_PROJECT"}, {Text: "/y"}}, at(16, 26)},
			}, Append: []Entry{}},
			"PYTHONPATH": {Prepend: []Entry{{env.Lit("src"), at(19, 27)}}},
			"MANPATH":    {Append: []Entry{{env.Lit("man"), at(22, 3)}}},
		},
		Aliases: map[string]string{"gs": "git status", "t.all": "go test ./..."},
		Nix:     NixChoice{NixFlake, "dev"},
		Watch:   []string{"config/*.yaml", "**/*.{json,toml}"},
		Enter:   "echo hello\n",
		Leave:   "echo bye",
	}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("got  %+v\nwant %+v", m, want)
	}
}

func TestParseDefaults(t *testing.T) {
	m, err := Parse("devsh.toml", nil)
	if err != nil || !m.Inherit || m.Nix.Kind != NixAuto {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestNixChoice(t *testing.T) {
	for text, want := range map[string]NixChoice{
		`"auto"`: {NixAuto, ""}, `true`: {NixAuto, ""}, `false`: {NixOff, ""},
		`".#a-b.c"`: {NixFlake, "a-b.c"}, `"./shell.nix"`: {NixFile, "shell.nix"},
		`"./nix//dev.nix"`: {NixFile, "nix/dev.nix"},
	} {
		m, err := Parse("f", []byte("[shell]\nnix = "+text))
		if err != nil || m.Nix != want {
			t.Errorf("%s: %+v, %v", text, m, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ text, want, hint string }{
		// syntax
		{"a = ", "1:4: ", ""},
		{"[env]\nA = \"x\nB = 1", "2:", ""},
		{"[env]\nA = \"1\"\nA = \"2\"", "3:", ""},
		{"[env]\nÄ = \"\\q\"", "2:", ""},
		{"\xef\xbb\xbf[env]", "1:1: the file begins with a byte order mark", "without BOM"},
		{"[env]\nA = \"\x00\"", "2:6: the file contains a NUL byte", "UTF-8"},
		{"[env]\nA = \"\\u0000\"", "2:1: env.A contains a NUL character", ""},
		{"[env]\nA = '\xff'", "2:", ""},
		{strings.Repeat("#", maxFile+1), "1:1: the file is larger than 1024 KiB", ""},
		{"a = " + strings.Repeat("[", 100000), "1:21: arrays and tables are nested deeper than 16", ""},
		{"a = " + strings.Repeat("{a=", 100000), ": arrays and tables are nested deeper than 16", ""},
		{strings.Repeat("a.", 100000) + "a = 1", "1:17: the key has more than 8 parts", ""},
		{"[" + strings.Repeat("a.", 100000) + "a]", "1:18: the key has more than 8 parts", ""},
		{strings.Repeat("a", 600) + " = 1", "1:1: the key, with the tables around it, is longer than 512 bytes", ""},
		{"a = [" + strings.Repeat("1,", 40000) + "]", "more than 32768 keys and array elements", ""},
		// unknown keys
		{"[pth]\nprepend = []", `1:2: unknown key "pth"`, `did you mean "path"?`},
		{"inherits = true", `1:1: unknown key "inherits"`, `did you mean "inherit"?`},
		{"frobnicate = 1", `1:1: unknown key "frobnicate"`, "known here: inherit, env,"},
		{"[path]\n  prepnd = []", `2:3: unknown key "prepnd" in [path]`, `did you mean "prepend"?`},
		{"[lists.X]\n'add' = []", `2:1: unknown key "add" in [lists.X]`, "prepend, append"},
		{"lists = { X = { prepend = [], apend = [] } }", `1:31: unknown key "apend" in [lists.X]`, `"append"`},
		{"[shell]\nnixx = 'auto'", `2:1: unknown key "nixx" in [shell]`, `"nix"`},
		{"[watch]\nfile = []", `2:1: unknown key "file" in [watch]`, `"files"`},
		{"[hooks]\nentry = ''", `2:1: unknown key "entry" in [hooks]`, `"enter"`},
		// types
		{"inherit = 'no'", "1:1: inherit must be true or false, not a string", ""},
		{"env = 1", "1:1: env must be a table, not an integer", "[env]"},
		{"[[env]]\nA = 'x'", "1:3: env must be a table, not an array of tables", ""},
		{"[env]\nA = true", "2:1: env.A must be a string, not a boolean", `"true" in quotes`},
		{"[env]\nA = ['x']", "2:1: env.A must be a string, not an array", "[lists.A]"},
		{"[env]\nA = 2020-01-01", "2:1: env.A must be a string, not a date or time", ""},
		{"[env.A]\nB = 'x'", "1:2: env.A must be a string, not a table", ""},
		{"[env]\nfile = 1", "2:1: env.file must be an array of strings, not an integer", ""},
		{"[path]\nprepend = 'bin'", "2:1: path.prepend must be an array of strings, not a string", ""},
		{"[path]\nprepend = ['a',\n 1]", "3:2: path.prepend must hold strings, not an integer", ""},
		{"[lists]\nX = ['a']", "2:1: lists.X must be a table, not an array", "[lists.X]"},
		{"[aliases]\na = 1", "2:1: aliases.a must be a string, not an integer", ""},
		{"[hooks]\nenter = []", "2:1: hooks.enter must be a string, not an array", ""},
		{"[shell]\nnix = 1", "2:1: shell.nix must be \"auto\"", ""},
		// names
		{"[env]\n'A-B' = 'x'", `2:1: "A-B" is not a variable name`, ""},
		{"[env]\nDEVSH_X = 'x'", "2:1: DEVSH_X: names that begin with DEVSH_", ""},
		{"[env]\nPATH = 'x'", "2:1: PATH cannot be set as a whole", "[path] prepend"},
		{"[env]\nunset = ['PATH']", "2:10: PATH cannot be taken away", "[path]"},
		{"[env]\nunset = ['A', 'A']", "2:15: A is named twice", ""},
		{"[lists.PATH]\nprepend = []", "1:2: PATH has a table of its own", "[path]"},
		{"[env]\nA = 'x'\n[lists.A]\nprepend = []", "3:2: A is already in [env]", ""},
		{"[lists.A]\nprepend = []\n[env]\nA = 'x'", "4:1: A is already in [lists.A]", ""},
		{"[env]\nA = 'x'\nunset = ['A']", "3:10: A is already in [env]", ""},
		// templates
		{"[env]\nA = 'é${x'", "2:7: env.A: ${ without a closing }", ""},
		{"[env]\nA = '''\nx\ny ${a b}'''", `4:3: env.A: "a b" is not a variable name`, ""},
		{"[env]\nA = \"\\t${\"", "2:5: env.A: ${ without a closing }", ""},
		{"[path]\nappend = ['a', 'b${1}']", `2:18: path.append.1: "1" is not a variable name`, ""},
		// entries, files, patterns
		{"[path]\nprepend = ['']", "2:12: an entry is empty", `"."`},
		{"[path]\nprepend = ['a:b']", `2:12: "a:b" contains a colon`, "of its own"},
		{"[env]\nfile = ['a', '']", `2:14: "" is not the name of a file`, ""},
		{"[env]\nfile = '/etc/env'", "2:1: \"/etc/env\": dotenv files are named relative to devsh.toml", ""},
		{"[env]\nfile = ['.env', '../.env']", `2:17: "../.env" leaves the project`, "places around"},
		{"[env]\nfile = 'a/../../p/.env'", `2:1: "a/../../p/.env" leaves the project`, ""},
		{"[env]\nfile = [" + strings.Repeat("'a',", maxEnvFiles+1) + "]", "2:1: env.file names more than 64 files", ""},
		{"[env]\nfile = ['a', './a']", `2:14: "./a" is named twice`, ""},
		{"[watch]\nfiles = ['/x']", "2:10: the pattern \"/x\" is absolute", ""},
		{"[watch]\nfiles = ['a/../x']", "2:10: the pattern \"a/../x\" leaves the project", ""},
		{"[watch]\nfiles = ['{a,..}/x']", "leaves the project", ""},
		{"[watch]\nfiles = ['\\.\\./x']", "leaves the project", ""},
		{"[watch]\nfiles = ['[']", "2:10: \"[\" is not a pattern", ""},
		// nix
		{"[shell]\nnix = 'yes'", `2:1: shell.nix is "yes"`, `".#attribute"`},
		{"[shell]\nnix = '.#a b'", `2:1: shell.nix is ".#a b"`, ""},
		{"[shell]\nnix = './../x.nix'", "2:1: shell.nix is", ""},
		{"[shell]\nnix = './/etc/x.nix'", "2:1: shell.nix is", ""},
		{"[shell]\nnix = './x.sh'", "2:1: shell.nix is", ""},
		{"[shell]\nhook = 'always'", `2:1: shell.hook is "always"`, `"every-entry"`},
		{"[shell]\nhook = true", "2:1: shell.hook must be", ""},
		// aliases and hooks
		{"[aliases]\ncd = 'x'", "2:1: cd belongs to fish", ""},
		{"[aliases]\npushd = 'x'", "2:1: pushd belongs to fish", ""},
		{"[aliases]\n\"up-or-search\" = 'x'", "2:1: up-or-search belongs to fish", ""},
		{"[aliases]\necho = 'x'", "2:1: echo belongs to fish", ""},
		{"[aliases]\nfish_prompt = 'x'", "2:1: fish_prompt: a project cannot", ""},
		{"[aliases]\n__x = 'x'", "2:1: __x: a project cannot", ""},
		{"[aliases]\ndevsh = 'x'", "2:1: devsh: a project cannot", ""},
		{"[aliases]\n'a b' = 'x'", `2:1: "a b" cannot name a command`, ""},
		{"[aliases]\n-x = 'x'", `2:1: "-x" cannot name a command`, ""},
		{"[aliases]\na = ' '", "2:1: the alias a is empty", ""},
		{"[aliases]\na = '" + strings.Repeat("x", maxAlias+1) + "'", "2:1: the alias a is longer than 4096 bytes", ""},
		{"[hooks]\nenter = '" + strings.Repeat("x", maxHook+1) + "'", "2:1: hooks.enter is longer than 64 KiB", ""},
		{"[env]\n" + many(maxItems+1), "more than 4096 variables", ""},
		// of several, the first
		{"[aliases]\ncd = ''\n[env]\nPATH = ''\nx = true", "2:1: cd belongs", ""},
	} {
		_, err := Parse("f", []byte(tt.text))
		name := tt.text[:min(len(tt.text), 40)]
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: %v is no *Error", name, err)
			continue
		}
		if !strings.Contains(e.Error(), tt.want) || !strings.HasPrefix(e.Error(), "f:") {
			t.Errorf("%q:\n got %s\nwant %s", name, e, tt.want)
		}
		if !strings.Contains(e.Hint, tt.hint) {
			t.Errorf("%q:\n got hint %s\nwant %s", name, e.Hint, tt.hint)
		}
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "V%d = 1\n", i)
	}
	return b.String()
}

func TestParseTable(t *testing.T) {
	const text = "[s]\nflake = 'x'\n[s.env]\nA = 'x'\n[s.path]\nprepend = ['~/bin', '/opt/bin']\n"
	parse := func(text string) (*Manifest, error) {
		d, err := ParseDocument("c", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return ParseTable(d, []string{"s"}, "flake")
	}
	m, err := parse(text)
	if err != nil || len(m.Env) != 1 || m.Env[0].Pos != (Pos{"c", 4, 1}) || len(m.Lists["PATH"].Prepend) != 2 {
		t.Errorf("%+v, %v", m, err)
	}
	for text, want := range map[string]string{
		"[s]\nflak = 1":                   `c:2:1: unknown key "flak" in [s]`,
		"[s.hooks]\nenter = 'x'":          `unknown key "hooks" in [s]`,
		"[s.env]\nfile = '.env'":          "c:2:1: s.env.file: dotenv files belong to a project",
		"[s.env]\nPATH = 'x'":             "c:2:1: PATH cannot be set",
		"[s.path]\nprepend = ['bin']":     `c:2:12: "bin" is relative`,
		"[s.env]\nA = ''\n[s.lists.A]":    "",
		"[s]\nflake = ''\n[s.aliases]\nx": "",
	} {
		d, err := ParseDocument("c", []byte(text))
		if err == nil {
			_, err = ParseTable(d, []string{"s"}, "flake")
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"prepend", "append", "env", "nix"}
	for name, want := range map[string]string{
		"prepnd": "prepend", "apend": "append", "Env": "env", "evn": "env", "zzz": "", "": "", "frobnicate": "",
		strings.Repeat("x", 1000): "",
	} {
		if got := Nearest(name, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestTouchesCode(t *testing.T) {
	for _, name := range strings.Fields(`PATH LD_PRELOAD LD_LIBRARY_PATH DYLD_INSERT_LIBRARIES BASH_ENV ENV NODE_OPTIONS
		JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS EDITOR VISUAL PAGER GIT_SSH_COMMAND GIT_DIR PYTHONPATH PYTHONSTARTUP
		PERL5LIB PERL5OPT RUBYOPT RUBYLIB NPM_CONFIG_REGISTRY npm_config_prefix CARGO_HOME RUSTC_WRAPPER RUSTFLAGS GOFLAGS
		GOPROXY GOTOOLCHAIN SHELL BROWSER LESSOPEN PROMPT_COMMAND IFS NIX_PATH NIX_CONFIG HGEDITOR CFLAGS MAKEFLAGS
		PSQL_PAGER JAVA_OPTS XDG_CONFIG_HOME BASH_FUNC_x RIPGREP_CONFIG_PATH BAT_CONFIG_PATH RSYNC_RSH RSYNC_CONNECT_PROG
		CVS_RSH PSQLRC CLOUDSDK_PYTHON BASH_LOADABLES_PATH AWS_SHARED_CREDENTIALS_FILE CMAKE_C_COMPILER_LAUNCHER CCACHE_PREFIX
		ESBUILD_BINARY_PATH LIBCLANG_PATH DIRENV_DIFF`) {
		if !TouchesCode(name) {
			t.Errorf("%s can make code run", name)
		}
	}
	for _, name := range strings.Fields("DATABASE_URL PORT API_KEY LOG_LEVEL GOOGLE_KEY FEATURE_FLAGS AWS_REGION RAILS_ENV HIGH DEBUG") {
		if TouchesCode(name) {
			t.Errorf("%s cannot make code run", name)
		}
	}
}
