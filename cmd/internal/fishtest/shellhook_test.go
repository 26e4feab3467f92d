package fishtest

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
)

// newNixBed is a bed whose devsh finds a nix with a private store.
func newNixBed(t *testing.T) *Bed {
	t.Helper()
	b, nix := newBed(t), nixtest.New(t)
	more := env.Env{}
	for name, value := range env.FromList(nix.Env()) {
		if strings.HasPrefix(name, "NIX_") || strings.HasPrefix(name, "GIT_") {
			more[name] = value
		}
	}
	more["PATH"] = b.Env()["PATH"] + ":" + filepath.Join(nix.Dir, "bin")
	b.AddEnv(more)
	return b
}

// hookProject makes a project with a flake and its shellHook, allowed, and
// returns what status says of it when the hook has been run.
func (b *Bed) hookProject(name, hook, devshToml string) (dir, said string) {
	b.t.Helper()
	dir = b.Project(name, devshToml)
	nixtest.Flake(b.t, dir, nixtest.Shell{
		Hook: hook, Vars: map[string]string{"src": "./source"},
		Setup: "ofStdenv () { echo stdenv $1 $src; }; unexported='of stdenv'\n",
	})
	b.Allow(b.t, dir)
	b.Devsh(b.t, "exec", "--dir", dir, "--", "true") // waits for it
	return dir, b.Devsh(b.t, "status", dir)
}

// TestShellHookCommands: functions and aliases of a shellHook are commands in
// fish while the project is active, and what the user had is there afterwards.
func TestShellHookCommands(t *testing.T) {
	t.Parallel()
	b := newNixBed(t)
	b.Write("config/fish/functions/mine.fish", "function mine; echo mine before $argv; end\n")
	dir, _ := b.hookProject("p", `
local_dir="$PWD/it's here"
list=(one "two three")
show () { printf '<%s>' "$@"; echo; }
_helper () { echo "helped in $local_dir with ${list[1]} and $unexported"; }
uses () { _helper; ofStdenv "$1"; }
status3 () { return 3; }
quits () { exit 4; }
mine () { echo "mine inside $*"; }
reads () { read -r line; echo "read $line"; }
environ () { echo "$LATER $FROM_HOOK"; }
place () { echo "$DEVSH_PROJECT"; }
shopt -s extglob
extended () { case $1 in @(a|b)) echo yes;; esac; }
db:up () { echo up; }
history () { echo no; }
fish_prompt () { echo no; }
__devsh_go () { echo no; }
export FROM_HOOK='set in the hook'
alias simple='echo simple'
alias there='cd /tmp'
alias hard='FOO="a  b" env | grep ^FOO= ; echo $(echo nested)'
alias glob='printf "<%s>" *.nix'
alias again='simple  again'
alias ls='ls -d'
alias unbalanced='echo "'
alias string='echo no'
`, "")
	f := Start(t, b, Options{Watch: []string{"ls"}, Env: env.Env{"DEVSH_MESSAGE": "quiet"}})
	f.OK("ls; mine 1; echo a | string match a")
	before := f.Snapshot()
	for round := range 2 {
		f.OK("cd " + dir)
		f.OK("set -gx LATER 'set in the shell'")
		for _, tt := range []struct {
			line, want string
			status     int
		}{
			{"show 'a  b' \"c'd\" '$x' '*' '' é", "<a  b><c'd><$x><*><><é>\n", 0},
			{"uses 'x  y'", "helped in " + dir + "/it's here with two three and of stdenv\nstdenv x y ./source\n", 0},
			{"status3", "", 3},
			{"quits", "", 4},
			{"echo a line | reads", "read a line\n", 0},
			{"mine x", "mine inside x\n", 0},
			{"environ", "set in the shell set in the hook\n", 0},
			{"place", dir + "\n", 0},
			{"begin; set -lx DEVSH_PROJECT /other; place; end", dir + "\n", 0}, // that of a place within, which governs
			{"extended b", "yes\n", 0},
			{"db:up", "up\n", 0},
			{"functions -q _helper ofStdenv; echo $status", "2\n", 0},
			{"simple 'x  y'", "simple x  y\n", 0},
			{"hard 'x  y'", "FOO=a  b\nnested x  y\n", 0},
			{"glob", "<flake.nix>", 0},
			{"again 'x  y'", "simple again x  y\n", 0},
			{"ls .", ".\n", 0},
			{"there; pwd; cd -", "/tmp\n", 0},
			{"string upper a", "A\n", 0},
			{"complete -C 'quit' | string match -r 'quits.*'", "quits\tdevsh function\n", 0},
			{"functions simple | string match -q '*bash*'", "", 1}, // fish runs it
		} {
			if got, status := f.Run(tt.line); got != tt.want || status != tt.status {
				t.Errorf("round %d: %q printed %q with status %d, want %q, %d", round, tt.line, got, status, tt.want, tt.status)
			}
		}
		f.OK("set -e LATER; cd " + b.Home + "; set -e dirprev; set -e dirnext; set -e __fish_cd_direction")
		checkSame(t, "after leaving", before, f.Snapshot())
		if got, _ := f.Run("mine x"); got != "mine before x\n" {
			t.Errorf("round %d: after leaving «mine» printed %q", round, got)
		}
		if _, status := f.Run("show"); status != 127 {
			t.Errorf("round %d: a function is still there after leaving", round)
		}
	}
	out := b.Devsh(t, "status", dir)
	for _, want := range []string{"functions ", " status3", "some are not taken", "names: string fish_prompt history"} {
		if !strings.Contains(out, want) {
			t.Errorf("status does not show %q:\n%s", want, out)
		}
	}
}

// TestShellHookStoresNoSecret: nothing of the session, and nothing that looks
// like a secret, is in any file that devsh leaves; and the person is told.
func TestShellHookStoresNoSecret(t *testing.T) {
	t.Parallel()
	b := newNixBed(t)
	more := b.Env()
	more["SSH_AUTH_SOCK"], more["MY_TOKEN"], more["TERM"] = "/run/session-sock", "session-token-value", "xterm-of-session"
	b.AddEnv(more)
	const hook = `
export SEEN="$TERM$SSH_AUTH_SOCK$MY_TOKEN" SSH_AUTH_SOCK=/run/hook-sock
export API_TOKEN=hidden-value-1 SIGNING_KEY=$(printf 'hidden%s' Zq8Lx0Vr2Tn5Wy7K) OTHER=ghp_hiddenhiddenhidden
export URL="https://x/?t=$API_TOKEN" ZZ=plain MONKEY=banana AWS_REGION=eu-west-1
unexported_password=hidden-value-2
a_copy="x $unexported_password"
alias withsecret="echo $API_TOKEN"
usesit () { echo "${unexported_password-unset}"; }
inline () { echo 1; }
eval "made () { echo $API_TOKEN; }"
echo "printed $API_TOKEN"
`
	// The value itself must not be in the flake, which is the project's own.
	b.Write(b.Dev+"/p/hook.sh", hook)
	dir, out := b.hookProject("p", ". ./hook.sh", "")
	f := Start(t, b, Options{Env: env.Env{"TERM": "xterm-256color"}})
	f.OK("cd " + dir)
	for _, want := range []string{"sets API_TOKEN, which looks like a secret", "SIGNING_KEY", "OTHER", "URL",
		"sets SSH_AUTH_SOCK, which belongs to one session", `hook = "every-entry"`} {
		if !strings.Contains(out, want) {
			t.Errorf("status does not tell %q:\n%s", want, out)
		}
	}
	if out := f.OK("echo $ZZ $MONKEY $AWS_REGION $SSH_AUTH_SOCK; usesit; set -q API_TOKEN URL OTHER; echo $status"); out != "plain banana eu-west-1 /run/session-sock\nunset\n3\n" {
		t.Errorf("inside: %q", out)
	}
	if out, status := f.Run("withsecret; made"); status != 127 || strings.Contains(out, "hidden") {
		t.Errorf("commands with a secret in them are there: %q", out)
	}
	if out := b.Devsh(t, "status", dir); !strings.Contains(out, "API_TOKEN, which looks like a secret") {
		t.Errorf("status does not tell:\n%s", out)
	}
	b.checkNowhere(t, "hidden", "session-", "hook-sock")
}

var jsonText = regexp.MustCompile(`"[A-Za-z0-9+/]{4,}=*"`)

// checkNowhere looks for texts in all files of the state directory, also where
// they are in base64.
func (b *Bed) checkNowhere(t *testing.T, texts ...string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(filepath.Join(b.Home, "state"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		for _, coded := range jsonText.FindAll(data, -1) {
			text, _ := base64.StdEncoding.DecodeString(string(coded[1 : len(coded)-1]))
			data = append(data, text...)
		}
		for _, text := range texts {
			if bytes.Contains(data, []byte(text)) {
				t.Errorf("%q is in %s", text, path)
			}
		}
		return err
	})
	if err != nil || files < 5 {
		t.Errorf("%d files: %v", files, err)
	}
}

// TestShellHookEveryEntry: a hook that the project wants run on each entry sets
// what is not stored, starts what stays, and is taken back.
func TestShellHookEveryEntry(t *testing.T) {
	t.Parallel()
	b := newNixBed(t)
	log := b.Tmp + "/log"
	b.Write(log, "")
	dir, said := b.hookProject("p", `
n=$(wc -l <`+log+`); echo "hello $n"; echo run >>`+log+`
export API_TOKEN="token-$n" STATIC=static PATH="$PWD/bin:$PATH"
f () { echo "f in $1"; }
[[ -e $PWD/fail ]] && exit 5
[[ -e $PWD/hang ]] && sleep 1000
[[ -e $PWD/ask ]] && { read -r line; : </dev/tty; } 2>/dev/null
[[ -e $PWD/own.sh ]] && source "$DEVSH_PROJECT/own.sh"
[[ -e $PWD/fish ]] && exec fish
true
`, "[shell]\nhook = \"every-entry\"\n[hooks]\nenter = \"echo then $API_TOKEN\"\n")
	if strings.Contains(said, "hello") || strings.Contains(said, "looks like") {
		t.Errorf("status says %q", said)
	}
	b.Write("config/devsh/config.toml", "[shell_hook]\ntimeout = \"1s\"\n")
	f := Start(t, b, Options{Env: env.Env{"API_TOKEN": "mine"}})
	before := f.Snapshot()
	if out := f.OK("cd " + dir); !strings.Contains(out, "hello 1\nthen token-1\n") || strings.Contains(out, "hello 0") || strings.Contains(out, "looks like") {
		t.Errorf("entering prints %q", out)
	}
	for _, tt := range []struct{ line, want string }{
		{"echo $API_TOKEN $STATIC", "token-1 static\n"},
		{"sh -c 'echo $API_TOKEN'", "token-1\n"},
		{"f x", "f in x\n"},
		{"count (string match -- " + dir + "/bin $PATH)", "1\n"},
		{"cd .; cd " + dir + "; wc -l <" + log, "2\n"},
	} {
		if got := f.OK(tt.line); got != tt.want {
			t.Errorf("%q printed %q, want %q", tt.line, got, tt.want)
		}
	}
	f.OK("cd ~; set -e dirprev; set -e dirnext; set -e __fish_cd_direction")
	checkSame(t, "after leaving", before, f.Snapshot())

	f.OK("cd " + dir + "; fish") // a shell within, which enters on its own
	if got := f.OK("echo $API_TOKEN"); got != "token-3\n" {
		t.Errorf("in a nested shell: %q", got)
	}
	f.OK("set -g API_TOKEN changed; cd ~")
	if got := f.OK("echo $API_TOKEN; set -q DEVSH_WAS_API_TOKEN DEVSH_OLD_API_TOKEN; echo $status"); got != "changed\n2\n" {
		t.Errorf("what the user changed: %q", got)
	}
	f.OK("set -g API_TOKEN; cd " + dir + "; cd ~; exit")
	f.OK("cd ~; set -e dirprev; set -e dirnext; set -e __fish_cd_direction")
	checkSame(t, "after the nested shell", before, f.Snapshot())

	// In a place within that nobody has allowed, the hook means its own place.
	b.Write(dir+"/own.sh", "echo good\n")
	b.Write(dir+"/within/own.sh", "echo evil\n")
	b.Write(dir+"/within/devsh.toml", "")
	if out := f.OK("cd " + dir + "/within; true"); !strings.Contains(out, "good") {
		t.Errorf("in a place within: %q", out)
	}
	f.OK("cd ~; set -e dirprev; set -e dirnext; set -e __fish_cd_direction")

	for file, want := range map[string]string{
		"fail": "ended with status 5", "hang": "it took longer than its limit", "ask": "hello", "fish": "hello",
	} {
		b.Write(dir+"/"+file, "")
		if out := f.OK("cd " + dir); !strings.Contains(out, want) {
			t.Errorf("%s: entering prints %q", file, out)
		}
		f.OK("cd ~")
		if err := os.Remove(dir + "/" + file); err != nil {
			t.Fatal(err)
		}
	}
	f.OK("set -e dirprev; set -e dirnext; set -e __fish_cd_direction")
	checkSame(t, "after all", before, f.Snapshot())
	b.checkNowhere(t, "token-0", "token-1")
	if out, _ := b.TryDevsh(t, "exec", "--dir", dir, "--", "sh", "-c", "echo $API_TOKEN $STATIC"); out != "static\n" {
		t.Errorf("exec: %q", out)
	}
}

// TestShellHookService: what a hook starts is ended and told where it is run
// once for all, and stays where it is run on each entry.
func TestShellHookService(t *testing.T) {
	t.Parallel()
	b := newNixBed(t)
	started := b.Tmp + "/started"
	hook := "(exec -a service sleep 1000 >/dev/null 2>&1 & echo $! >>" + started + "; until [[ $(</proc/$!/comm) == sleep ]]; do :; done)\n"
	f := Start(t, b, Options{})
	once, said := b.hookProject("once", hook, "")
	f.OK("cd " + once)
	if !strings.Contains(said, `left running: sleep; that was ended; «[shell] hook = "every-entry"»`) {
		t.Errorf("status says %q", said)
	}
	alive := "for pid in (cat " + started + "); cat /proc/$pid/cmdline 2>/dev/null | string match -q '*service*'; and echo alive; end; true"
	if out := f.OK(alive); out != "" {
		t.Errorf("the service of a hook that is run once: %q", out)
	}
	each, said := b.hookProject("each", hook, "[shell]\nhook = \"every-entry\"\n")
	f.OK("cd " + each)
	if strings.Contains(said, "left running") {
		t.Errorf("status says %q", said)
	}
	if out := f.OK(alive); out != "alive\n" {
		t.Errorf("the service of a hook that is run on each entry: %q", out)
	}
	f.OK("kill (tail -n 1 " + started + ")")
}

// TestShellHookOfACopy: what a hook prints is told also where nix has nothing to
// do, since it knows the same flake from elsewhere, as in a worktree; with its columns.
func TestShellHookOfACopy(t *testing.T) {
	t.Parallel()
	b := newNixBed(t)
	f := Start(t, b, Options{})
	for _, name := range []string{"one", "two"} {
		dir := b.Project(name, "")
		nixtest.Flake(t, dir, nixtest.Shell{Hook: `printf 'of\t%s\n' "${PWD##*/}"; export SOME_TOKEN=abc`})
		b.Allow(t, dir)
		mark := f.Session.Mark()
		f.OK("cd " + dir + "; true") // waits for it
		text := Plain(f.Session.Output(mark))
		if !strings.Contains(text, "of      "+name) || strings.Count(text, "sets SOME_TOKEN") != 1 {
			t.Errorf("%s: the terminal shows:\n%s", name, text)
		}
	}
	dir := b.Project("three", "")
	nixtest.Flake(t, dir, nixtest.Shell{Hook: "echo for whoever comes"})
	b.Allow(t, dir)
	b.Devsh(t, "reload", dir) // in the background
	b.Devsh(t, "status", "--watch", dir)
	mark := f.Session.Mark()
	f.OK("cd " + dir)
	f.OK("cd /; cd " + dir)
	if text := Plain(f.Session.Output(mark)); strings.Count(text, "for whoever comes") != 1 {
		t.Errorf("the shell that comes later shows:\n%s", text)
	}
}
