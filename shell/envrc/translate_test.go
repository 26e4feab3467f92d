package envrc

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/manifest"
)

// active returns the lines of a devsh.toml that count, on one line.
var comments = regexp.MustCompile(`(?m)^(#.*)?\n`)

func active(t *testing.T, toml string) string {
	t.Helper()
	if _, err := manifest.Parse("devsh.toml", []byte(toml)); err != nil {
		t.Fatalf("%v\n%s", err, toml)
	}
	text := comments.ReplaceAllString(toml, "")
	for _, empty := range []string{"env", "path", "aliases", "shell", "watch", "hooks"} {
		text = regexp.MustCompile(`(?m)^\[`+empty+`\]\n(\[|\z)`).ReplaceAllString(text, "$1")
	}
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "; ")
}

func translate(t *testing.T, text string, files ...string) Result {
	t.Helper()
	r, err := Translate(".envrc", []byte(text), func(name string) bool {
		return strings.Contains(" "+strings.Join(files, " ")+" ", " "+name+" ")
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTranslated(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", ""},
		{"#!/usr/bin/env bash\n# a comment ' \" $(\n\n", ""},
		{"strict_env; set -euo pipefail\nlog_status \"hello $(date)\"; direnv_version 2.30.0 || true; :", ""},
		// values
		{"export A=b", `[env]; A = "b"`},
		{"export A=b C=d # e", `[env]; A = "b"; C = "d"`},
		{"export A=", `[env]; A = ""`},
		{"export A='$b' B=\"a\\\"\\$\\c\"", `[env]; A = "$b"; B = 'a"$\c'`},
		{"export A=a\\ b'c d'\"e f\"$'\\t\\x41\\u00e9'", `[env]; A = "a bc de f\tAé"`},
		{"export A=\"x\ny\" B=x\\\ny", `[env]; A = "x\ny"; B = "xy"`},
		{"export A=$B C=\"${D}x$E\"", `[env]; A = "${B}"; C = "${D}x${E}"`},
		{"export A='${B}'", `[env]; A = "$${B}"`},
		{"export A=$PWD/x B=$(pwd) C=`pwd`/y", `[env]; A = "${DEVSH_PROJECT}/x"; B = "${DEVSH_PROJECT}"; C = "${DEVSH_PROJECT}/y"`},
		{"export A=~/x:~ B=a~ C='~'", `[env]; A = "${HOME}/x:${HOME}"; B = "a~"; C = "~"`},
		{"export A=*.go B=http://x/?a#b", `[env]; A = "*.go"; B = "http://x/?a#b"`},
		{"export \"A=b $C\" 'D=e'", `[env]; A = "b ${C}"; D = "e"`},
		{"declare -x A=b; typeset -x C=d", `[env]; A = "b"; C = "d"`},
		{"A=b; export A C=$A", `[env]; A = "b"; C = "${A}"`},
		{"A=b\nexport C=${A}d", `[env]; C = "bd"`},
		{"set -a; A=b; set +a; C=d", `[env]; A = "b"`},
		{"export A=1 && export B=2 && \\\n export C=3; export D=4 || true", `[env]; A = "1"; B = "2"; C = "3"; D = "4"`},
		{"export A=1 2>/dev/null >&2", `[env]; A = "1"`},
		{"export A=a; A+=b; export A+=c", `[env]; A = "abc"`},
		// one after the other
		{"export A=1; export B=$A; export C=$B", `[env]; A = "1"; B = "${A}"; C = "${B}"`},
		{"export A=1; export B=$A; export A=2", `[env]; B = "1"; A = "2"`},
		{"export A=1; export A=$A$A", `[env]; A = "11"`},
		{"export A=\"$A -O2\"", `[env]; A = "${A} -O2"`},
		{"export A=\"$A x\"; export B=$A; export A=\"y $A\"", `[env]; B = "${A} x"; A = "y ${A} x"`},
		{"export A=1; export B=$A; unset A; export C=\"x$A\"", `[env]; B = "1"; C = "x"; unset = ["A"]`},
		{"export UID_=1 HOSTNAME=x; export HOSTNAME=$HOSTNAME.y", `[env]; UID_ = "1"; HOSTNAME = "x.y"`},
		{"unset A B; export A=$A.", `[env]; A = "."; unset = ["B"]`},
		{"x=1; export A=$x; unset x", `[env]; A = "1"`},
		// lists
		{"PATH_add bin; PATH_add a b", `[path]; prepend = ["a", "b", "bin"]`},
		{"PATH_add bin; PATH_add x; PATH_add bin", `[path]; prepend = ["bin", "x"]`},
		{"PATH_add \"$PWD/bin\"; PATH_add $HOME/x; PATH_add ~/y/z; PATH_add .; PATH_add $PWD", `[path]; prepend = [".", "~/y/z", "~/x", "bin"]`},
		{"PATH_add '~x' ; PATH_add $PWD/~y; PATH_add 'a b'", `[path]; prepend = ["a b", "./~y", "./~x"]`},
		{"PATH_add 'a${b}'", `[path]; prepend = ["a$${b}"]`},
		{"D=$HOME/d; export E=$D/e; PATH_add $E/bin", `[env]; E = "${HOME}/d/e"; [path]; prepend = ["~/d/e/bin"]`},
		{"path_add PYTHONPATH src lib; MANPATH_add man", `[lists.MANPATH]; prepend = ["man"]; [lists.PYTHONPATH]; prepend = ["src", "lib"]`},
		{"export PATH=$PWD/bin:$PATH:/opt/x", `[path]; prepend = ["bin"]; append = ["/opt/x"]`},
		{"PATH=\"a:b:${PATH}\"; export PATH", `[path]; prepend = ["a", "b"]`},
		{"PATH+=:/opt/bin; PATH_add x", `[path]; prepend = ["x"]; append = ["/opt/bin"]`},
		{"export PYTHONPATH=$PWD:$PYTHONPATH LIBS=$PWD/a${LIBS:+:$LIBS}", `[lists.LIBS]; prepend = ["a"]; [lists.PYTHONPATH]; prepend = ["."]`},
		{"export X=b${X:+:${X}}; export Y=${Y:+${Y}:}/z", `[lists.X]; prepend = ["b"]; [lists.Y]; append = ["/z"]`},
		{"export X=a:$X", `[env]; X = "a:${X}"`},
		{"export GOPATH=/x; path_add GOPATH y", `[env]; GOPATH = "${DEVSH_PROJECT}/y:/x"`},
		{"path_add X y; export X=z", `[env]; X = "z"`},
		{"unset X; path_add X y", `[env]; X = "${DEVSH_PROJECT}/y"`},
		// layouts
		{"layout node", `[path]; prepend = ["node_modules/.bin"]`},
		{"layout_node; layout php", `[path]; prepend = ["vendor/bin", "node_modules/.bin"]`},
		{"layout go", `[path]; prepend = [".direnv/go/bin"]; [lists.GOPATH]; prepend = [".direnv/go"]`},
		{"layout ruby", `[env]; BUNDLE_BIN = "${DEVSH_PROJECT}/.direnv/bin"; GEM_HOME = "${DEVSH_PROJECT}/.direnv/ruby"; [path]; prepend = [".direnv/bin", ".direnv/ruby/bin"]`},
		{"layout julia", `[env]; JULIA_PROJECT = "${DEVSH_PROJECT}"`},
		{"load_prefix /opt/x", `[path]; prepend = ["/opt/x/bin"]; [lists.CPATH]; prepend = ["/opt/x/include"]; [lists.LD_LIBRARY_PATH]; prepend = ["/opt/x/lib"]; ` +
			`[lists.LIBRARY_PATH]; prepend = ["/opt/x/lib"]; [lists.MANPATH]; prepend = ["/opt/x/share/man", "/opt/x/man"]; [lists.PKG_CONFIG_PATH]; prepend = ["/opt/x/lib/pkgconfig"]`},
		// Nix
		{"use flake", `[shell]; nix = "auto"`},
		{"use_flake .", `[shell]; nix = "auto"`},
		{"use flake .#ci; use flake \"$PWD#ci\"", `[shell]; nix = ".#ci"`},
		{"use nix", `[shell]; nix = "./shell.nix"`},
		{"use nix ./nix/dev.nix", `[shell]; nix = "./nix/dev.nix"`},
		{"if ! has nix_direnv_version || ! nix_direnv_version 3.0.6; then\n  source_url \"https://raw.githubusercontent.com/nix-community/nix-direnv/3.0.6/direnvrc\" \"sha256-x=\"\nfi\nuse flake", `[shell]; nix = "auto"`},
		{"source_url https://raw.githubusercontent.com/nix-community/nix-direnv/3.0.6/direnvrc sha256-x=", ""},
		// files
		{"dotenv; dotenv_if_exists .env.local; dotenv $PWD/x/", `[env]; file = [".env", ".env.local", "x/.env"]`},
		{"dotenv; dotenv b; dotenv ./.env", `[env]; file = ["b", "./.env"]`},
		{"watch_file a.txt nix/*.nix 'b*' ./c.{json,toml}; watch_dir conf; nix_direnv_watch_file a.txt", `[watch]; files = ["a.txt", "nix/*.nix", 'b\*', "c.{json,toml}", "conf/**"]`},
		{"source_up_if_exists; source_up || true", "inherit = true"},
	} {
		r := translate(t, tt.text)
		if got := active(t, r.TOML); got != tt.want || len(r.Left) > 0 {
			t.Errorf("%q:\n got %s\nwant %s\nleft %+v", tt.text, got, tt.want, r.Left)
		}
	}
}

func TestLeft(t *testing.T) {
	for _, tt := range []struct{ text, want, left string }{
		// values that only running tells
		{"export A=$(date)", "", "1: export A=$(date): it is what a command prints"},
		{"export A=`date` B=c", `[env]; B = "c"`, "1: export A=`date` B=c: A: it is what a command prints"},
		{"export A=$((1+2))", "", "1: export A=$((1+2)): it is computed"},
		{"export A=${B:-c}", "", "only ${NAME} is understood"},
		{"export A=${B:+:$B}x", "", "only ${NAME} is understood"},
		{"export A=\"$1\" B=$?", "", "$1 is known only while it runs"},
		{"export A=(b c)", "", "an array"},
		{"export A={b,c}", "", "several words of { }"},
		{"export A=~root/x", "", "only ~/ is understood"},
		{"export A=$HOSTNAME", "", "$HOSTNAME is bash's own"},
		{"export A=$PATH", "", "the list PATH comes together only in the shell"},
		{"export A=$'\\xff'", "", "not UTF-8"},
		{"export A='$'$B", "", "a $ directly before a reference"},
		{"export A=$DEVSH_PROJECT", "", "devsh's own"},
		{"export $A", "", "does not say NAME=value"},
		{"export A=1 B=$A", `[env]; A = "1"`, "1: export A=1 B=$A: B: $A is here what it was before this command"},
		{"export -f f", "", "options of export"},
		{"A=1 make", "", "for one command only"},
		// names
		{"export DEVSH_X=1", "", "DEVSH_X: names that begin with DEVSH_"},
		{"export file=x", "", "a word of devsh.toml's own"},
		{"export PWD=/x", "", "belongs to the shell"},
		{"export PATH=/bin", "", "PATH cannot be set as a whole"},
		{"unset PATH", "", "PATH cannot be taken away"},
		// what depends on what is left
		{"export A=1\nexport A=$(x)\nexport B=$A\nexport C=2", `[env]; C = "2"`, "2: export A=$(x): it is what a command prints, and nothing is run\n3: export B=$A: the value of A is not known since line 2"},
		{"export A=1\nif x; then\n export A=2\nfi\nexport B=$A", `[env]; A = "1"`, "2: if x; then| export A=2|fi: it depends on a condition, and a devsh.toml has none\n5: export B=$A: the value of A is not known since line 2"},
		{"read A <f; PATH_add $A/bin", "", "1: read A <f: it reads or writes a file or a text, and nothing is run\n1: PATH_add $A/bin: the value of A is not known since line 1"},
		{"cd sub\nPATH_add bin\nPATH_add /x\nexport A=$PWD", `[path]; prepend = ["/x"]`, "1: cd sub: what follows is meant for another directory\n2: PATH_add bin: line 1 changed the directory\n4: export A=$PWD: line 1 changed the directory"},
		// lists
		{"PATH_add $X/bin", "", "must not depend on the environment, here on $X"},
		{"export PATH=$X/bin:$PATH", "", "must not depend on the environment, here on $X"},
		{"PATH_add a:b", "", "contains a colon"},
		{"PATH_add \xff; watch_file \xff; use nix \xff; dotenv \xff", "", "1: PATH_add \xff: it is not UTF-8, and TOML holds nothing else\n1: watch_file \xff: it is not UTF-8, and TOML holds nothing else\n1: use nix \xff: it is not UTF-8, and TOML holds nothing else\n1: dotenv \xff: it is not UTF-8"},
		{"PATH_add ''", "", "an entry is empty"},
		{"PATH_add *", "", "a pattern"},
		{"PATH_add", "", "names no directory"},
		{"A='x y'; PATH_add $A", "", "$A without quotes is not one argument"},
		{"export PATH=$PATH:$PATH", "", "one $PATH in it"},
		{"export PATH=a$PATH", "", "one $PATH in it"},
		{"PATH_rm x", "", "takes no entries away"},
		// the shell's language
		{"if has nix; then use flake; fi", "", "1: if has nix; then use flake; fi: it depends on a condition, and a devsh.toml has none"},
		{"[ -f .env ] && dotenv", "", "1: [ -f .env ] && dotenv: it depends on a condition"},
		{"[[ -f a && ( -f b || c < d ) ]] && export A=1\nexport B=2", `[env]; B = "2"`, "1: [[ -f a && ( -f b || c < d ) ]] && export A=1: it depends on a condition"},
		{"export A=1 && foo && export B=2", `[env]; A = "1"`, "1: foo && export B=2: it is a program or function"},
		{"use flake || use nix", "", "1: use flake || use nix: it depends on a condition"},
		{"for f in a b; do\n  export A=$f\ndone; export B=1", `[env]; B = "1"`, "1: for f in a b; do|  export A=$f|done: it is a loop"},
		{"case $X in\n (a|b) export A=1;;\n *) if x; then y; fi;; esac\nexport B=1", `[env]; B = "1"`, "1: case $X in| (a|b) export A=1;;| *) if x; then y; fi;; esac: it depends"},
		{"f() {\n  export A=1; }\nfunction g\n{ export B=1; }\nf\nexport C=1", `[env]; C = "1"`, "1: f() {|  export A=1; }: it defines a function, and nothing is run\n3: function g|{ export B=1; }: it defines a function, and nothing is run\n5: f: f is a function of this file"},
		{"layout_node() { x; }; layout node; use_flake() { y; }; use flake", "", "layout_node is a function of this file\n1: use_flake() { y; }: it defines a function, and nothing is run\n1: use flake: use_flake is a function of this file"},
		{"( export A=1 )\n{ export B=2; }", "", "1: ( export A=1 ): it is a group of commands\n2: { export B=2; }: it is a group"},
		{"((x = 1 << 2))\nexport B=1", `[env]; B = "1"`, "1: ((x = 1 << 2)): which command"},
		{"cat <<EOF >f\nexport A=1\n EOF\nEOF\nexport B=1", `[env]; B = "1"`, "1: cat <<EOF >f|export A=1| EOF|EOF: it reads or writes a file"},
		{"cat <<-'E F'\nexport A=1\n\tE F\nexport B=1", `[env]; B = "1"`, "1: cat <<-'E F'|export A=1|\tE F: it reads"},
		{"x | y\nexport B=1 &", "", "1: x | y: it is a pipe between programs, and nothing is run\n2: export B=1 &: it runs in the background"},
		{"export A=1\nexport B='x\nexport C=1", `[env]; A = "1"`, "2: export B='x|export C=1: a quote is not closed"},
		{"if x; then\nexport C=1", "", "1: if x; then|export C=1: its end is missing"},
		{"fi; export A=1", `[env]; A = "1"`, "1: fi: it is a program"},
		{") ; export A=1\nexport B=1", `[env]; B = "1"`, "1: ) ; export A=1: it is not understood"},
		{"! export A=1", "", "it depends on a condition"},
		{"export A=1 > f", "", "it reads or writes a file"},
		{"$X foo", "", "which command it is, only running tells"},
		{"eval \"$(x)\"", "", "it is what a command prints"},
		{"source .env", "", "it runs another file"},
		{". ./x; source_env ../a; source_env_if_exists b", "", "1: . ./x: it runs another file"},
		{"source_url https://example.com/x y", "", "a file of the network"},
		{"env_vars_required A B", "", "does not check"},
		{"alias a=b", "", "[aliases]"},
		{"strict_env foo", "", "nothing is run"},
		{"set -o posix", "", "the option is not understood"},
		// direnv
		{"use flake --impure", "", "without options, and purely"},
		{"use flake . --impure", "", "without options, and purely"},
		{"use flake github:a/b?dir=c", "", "not the project's own"},
		{"use flake ../x", "", "not the project's own"},
		{"use flake '.#a b'", "", `shell.nix is ".#a b"`},
		{"use flake; use nix", `[shell]; nix = "auto"`, "1: use nix: a devsh.toml has one Nix shell"},
		{"use nix -p hello", "", "without options"},
		{"use nix ../x.nix", "", "shell.nix is"},
		{"use node 20; use asdf; use foo", "", "does not look for versions of Node; a flake.nix can name one\n1: use asdf: devsh does not call asdf\n1: use foo: a devsh.toml has nothing for it"},
		{"layout python3", "", "python3 -m venv .venv"},
		{"layout hatch", "", "not one of direnv's own"},
		{"dotenv /etc/env", "", "named relative to devsh.toml"},
		{"export B=1 A=1; dotenv", `[env]; B = "1"; A = "1"; file = [".env"]`, "1: dotenv: it is in [env] file, but what is set before it, A, B, wins over the file now"},
		{"watch_file ../x; watch_file /y; watch_file x{1..3}", "", `1: watch_file ../x: the pattern "../x" leaves the project`},
		{"source_up .envrc.shared", "", "one file name"},
		{"[ x ] && source_up", "", "condition"},
	} {
		r := translate(t, tt.text)
		var lines []string
		for _, l := range r.Left {
			lines = append(lines, fmt.Sprintf("%d: %s: %s", l.Line, strings.ReplaceAll(l.Text, "\n", "|"), l.Reason))
		}
		got := strings.Join(lines, "\n")
		if a := active(t, r.TOML); a != tt.want || !strings.Contains(got, tt.left) || got == "" {
			t.Errorf("%q:\n got %s\nwant %s\nleft %s\nwant %s", tt.text, a, tt.want, got, tt.left)
		}
		for _, l := range r.Left {
			if !strings.Contains(r.TOML, "# Not translated from .envrc:\n") || !strings.Contains(r.TOML, fmt.Sprintf("#   line %d: ", l.Line)) {
				t.Errorf("%q: %+v is not in the file\n%s", tt.text, l, r.TOML)
			}
		}
	}
}

func TestFilesDecide(t *testing.T) {
	for _, tt := range []struct{ text, files, want string }{
		{"export A=1", "", `[env]; A = "1"`},
		{"export A=1", "flake.nix", `[env]; A = "1"; [shell]; nix = false`},
		{"if has nix; then use flake; fi", "flake.nix", ""},
		{"use nix", "default.nix", `[shell]; nix = "./default.nix"`},
		{"use nix", "shell.nix default.nix flake.nix", `[shell]; nix = "./shell.nix"`},
	} {
		if got := active(t, translate(t, tt.text, strings.Fields(tt.files)...).TOML); got != tt.want {
			t.Errorf("%q with %s: %s, want %s", tt.text, tt.files, got, tt.want)
		}
	}
}

func TestLimits(t *testing.T) {
	for text, want := range map[string]string{
		strings.Repeat("#", maxBytes+1):  "larger than 1024 KiB",
		strings.Repeat("\n", maxLines+1): "more than 10000 lines",
		"export A=\x00":                  "NUL",
	} {
		if _, err := Translate(".envrc", []byte(text), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	var many, laughs, long strings.Builder
	for i := range maxLines - 1 {
		fmt.Fprintf(&many, "export A%d=1\n", i)
		fmt.Fprintf(&laughs, "A=x$A$A; export B%d=$A\n", i)
		fmt.Fprintf(&long, "PATH_add $'%s'\n", strings.Repeat(`\1`, 40))
	}
	for _, text := range []string{
		many.String(), laughs.String(), long.String(),
		strings.Repeat("(", 100000), strings.Repeat("$(", 100000), strings.Repeat("if ", 100000), "export A=" + strings.Repeat("${", 100000),
		"export A='" + strings.Repeat("x", 1<<19) + "'", strings.Repeat("'\x01'$", 1<<17), "A=;" + strings.Repeat("A=$A$A;", 100000),
		strings.Repeat("export A=\"$A\x01\";", 60000),
	} {
		r := translate(t, text)
		if _, err := manifest.Parse("devsh.toml", []byte(r.TOML)); err != nil {
			t.Errorf("%.40q: %v", text, err)
		}
		if len(r.Left) == 0 && !strings.HasPrefix(text, "A=;") {
			t.Errorf("%.40q: nothing is left", text)
		}
	}
}
