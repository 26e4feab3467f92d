package nixenv

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
)

func TestHook(t *testing.T) {
	bed := nixtest.New(t)
	const manyBytes = `for i in {1..3000}; do echo "0123456789012345678901234567890123456789012345678901234567890123456789"; done; export FOO=x`
	for _, c := range []struct {
		name, hook string
		foo        string // "" for any
		warning    string // "" for none
		check      func(t *testing.T, dir string, r *Result)
	}{
		{name: "export", hook: "export FOO=x", foo: "x"},
		{name: "bytes", hook: `export FOO=$'a\nb\xff=c\x1b'`, foo: "a\nb\xff=c\x1b"},
		{name: "not exported", hook: "BAR=x", foo: "from nix", check: func(t *testing.T, _ string, r *Result) {
			if _, ok := r.Delta.Set["BAR"]; ok {
				t.Error("BAR is taken")
			}
		}},
		{name: "function and variables of the shell", hook: `helper; export FOO="$REPLY $plain ${list[1]} ${map[k]}"`, foo: "called plain two v"},
		{name: "unset", hook: "unset FOO", foo: "(not set)", check: func(t *testing.T, _ string, r *Result) {
			if !r.Delta.Unset["FOO"] {
				t.Error("FOO is not unset")
			}
		}},
		{name: "path", hook: `export PATH=$PWD/bin:$PATH:/behind:$PWD/bin:relative`, warning: `"relative" is not an absolute directory`, check: func(t *testing.T, dir string, r *Result) {
			l := r.Delta.Lists["PATH"]
			if len(l.Prepend) != 4 || l.Prepend[0] != dir+"/bin" || !slices.Equal(l.Append, []string{"/behind"}) {
				t.Errorf("PATH gets %q", l)
			}
		}},
		{name: "path anew", hook: `export PATH=/only`, check: func(t *testing.T, _ string, r *Result) {
			if l := r.Delta.Lists["PATH"]; l.Prepend[0] != "/only" || slices.Contains(l.Prepend, "/run/wrappers/bin") {
				t.Errorf("PATH gets %q", l)
			}
		}},
		{name: "no path", hook: `unset PATH; export FOO=x`, foo: "x", warning: "took PATH away"},
		{name: "scrubbed", hook: `export FOO="${SSH_AUTH_SOCK-}${DISPLAY-}${SECRET-}${TERM#dumb}${TMPDIR-}${DEVSH_PROJECT-}|$HOME|$USER|$PWD"`, check: func(t *testing.T, dir string, r *Result) {
			if want := "|" + filepath.Join(bed.Dir, "home") + "|tester|" + dir; value(r.Delta, "FOO") != want {
				t.Errorf("FOO = %q, want %q", value(r.Delta, "FOO"), want)
			}
		}},
		{name: "nothing to read", hook: `if read -r line; then export FOO=read; else export FOO=end; fi`, foo: "end"},
		{name: "no terminal", hook: `if : </dev/tty; then export FOO=tty; else export FOO=none; fi`, foo: "none"},
		{name: "own session", hook: `read -r _ _ _ _ _ session _ </proc/$$/stat; [[ $session == $$ ]] && export FOO=own`, foo: "own"},
		{name: "exit 0", hook: "export FOO=x; exit 0", foo: "x", warning: "called exit"},
		{name: "exit 1", hook: "export FOO=x; exit 1", foo: "x", warning: "status 1"},
		{name: "false at the end", hook: "export FOO=x; false", foo: "x", warning: "status 1"},
		{name: "strict", hook: "set -euo pipefail; export FOO=x", foo: "x"},
		{name: "strict fails", hook: "set -e; export FOO=x; false; export FOO=y", foo: "x", warning: "status 1"},
		{name: "own trap", hook: "trap 'echo bye' EXIT; export FOO=x", foo: "x", check: func(t *testing.T, _ string, r *Result) {
			if r.HookOutput != "bye\n" {
				t.Errorf("output %q", r.HookOutput)
			}
		}},
		{name: "exec", hook: "export FOO=x; exec cat; export FOO=y", foo: "x", warning: "runs exec"},
		{name: "exec fish", hook: "export FOO=x; true && exec fish -i", foo: "x", warning: "runs exec"},
		{name: "exec in a function", hook: "f () { exec cat; }; export FOO=x; f", foo: "from nix", warning: "did not come back"},
		{name: "exec of a redirection", hook: "exec 5>&1 >/dev/null; echo no; (exec true); export FOO=x; echo yes >&5", foo: "x", check: func(t *testing.T, _ string, r *Result) {
			if r.HookOutput != "yes\n" {
				t.Errorf("output %q", r.HookOutput)
			}
		}},
		{name: "exec of nothing", hook: "export FOO=x; exec /nonexistent", foo: "x", warning: "runs exec"},
		{name: "for ever", hook: "export FOO=x; sleep 1000", foo: "from nix", warning: "longer than its limit"},
		{name: "deaf", hook: "trap '' INT TERM; sleep 1000", warning: "longer than its limit"},
		{name: "left behind", hook: "sleep 1000 & export FOO=x", foo: "x", warning: "left running: "},
		{name: "left behind at once", hook: "(cat <(sleep 1000) &) >/dev/null; true & wait $!; export FOO=x", foo: "x", warning: "left running: cat, sleep"},
		{name: "a daemon", hook: "setsid -f sleep 98765431 >/dev/null 2>&1; export FOO=x", foo: "x", warning: "left running: sleep", check: noProcess("98765431")},
		{name: "a daemon that keeps the output", hook: "setsid -f sleep 98765433; export FOO=x", foo: "x", warning: "left running: sleep", check: func(t *testing.T, dir string, r *Result) {
			noProcess("98765433")(t, dir, r)
			if len(r.Warnings) != 1 {
				t.Errorf("warnings: %q", r.Warnings)
			}
		}},
		{name: "one in disguise", hook: "env -i setsid -f sleep 3; export FOO=x", foo: "x", warning: "goes on", check: func(t *testing.T, _ string, r *Result) {
			if len(r.Warnings) != 1 {
				t.Errorf("warnings: %q", r.Warnings)
			}
		}},
		{name: "a deaf daemon", hook: "read -r < <(setsid -f bash -c 'trap \"\" TERM; echo deaf; while true; do sleep 98765432; done >/dev/null'); export FOO=x", foo: "x", warning: "left running: bash", check: noProcess("98765432")},
		{name: "megabytes", hook: manyBytes, foo: "x", warning: "64 KiB", check: func(t *testing.T, _ string, r *Result) {
			if len(r.HookOutput) != maxHookOutput {
				t.Errorf("%d bytes of output", len(r.HookOutput))
			}
		}},
		{name: "output", hook: `printf '\e[1;31mred\e[0m\n'; echo err >&2`, check: func(t *testing.T, _ string, r *Result) {
			if r.HookOutput != "red\nerr\n" {
				t.Errorf("output %q", r.HookOutput)
			}
		}},
		{name: "syntax", hook: "export FOO=x\nif", foo: "x", warning: "status"},
		{name: "builtins taken", hook: "printf () { :; }; eval () { :; }; local () { :; }; trap () { :; }; export FOO=x", foo: "x", warning: "needs the names: eval printf"},
		{name: "aliases taken", hook: "alias builtin=false exit=false __devsh_report=false export=false\ntrue", foo: "from nix", warning: "needs the names: __devsh_report builtin exit"},
		{name: "not the project's", hook: "export HOME=/x SHELL=/x DEVSH_PROJECT=/x fish_greeting=x FOO=x", foo: "x", check: func(t *testing.T, _ string, r *Result) {
			for _, n := range []string{"HOME", "SHELL", "DEVSH_PROJECT", "fish_greeting"} {
				if _, ok := r.Delta.Set[n]; ok {
					t.Errorf("%s is set", n)
				}
			}
			if len(r.Skipped) != 2 {
				t.Errorf("skipped: %q", r.Skipped)
			}
		}},
		{name: "on purpose", hook: "export name=2 TMPDIR=$PWD/tmp", check: func(t *testing.T, dir string, r *Result) {
			if value(r.Delta, "name") != "2" || value(r.Delta, "TMPDIR") != dir+"/tmp" {
				t.Errorf("%v", r.Delta.Set)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := newProject(t, bed, c.name)
			nixtest.Flake(t, dir, nixtest.Shell{
				Vars: map[string]string{"FOO": "from nix"}, Hook: c.hook,
				Setup: "helper () { REPLY=called; }; plain=plain; list=(one two); declare -A map=([k]=v)\n",
			})
			req, err := request(bed, dir, "auto")
			if err != nil {
				t.Fatal(err)
			}
			req.HookTimeout = 20 * time.Second
			if strings.Contains(c.warning, "limit") {
				req.HookTimeout = 200 * time.Millisecond
			}
			req.Env = append(req.Env, "SSH_AUTH_SOCK=/x", "DISPLAY=:0", "SECRET=s", "TERM=xterm", "TMPDIR=/tmp", "DEVSH_PROJECT=/x")
			r, err := Evaluate(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if c.foo != "" && value(r.Delta, "FOO") != c.foo {
				t.Errorf("FOO = %q, want %q", value(r.Delta, "FOO"), c.foo)
			}
			if all := strings.Join(r.Warnings, "; "); c.warning == "" && all != "" || !strings.Contains(all, c.warning) {
				t.Errorf("warnings %q, want %q", all, c.warning)
			}
			if _, ok := r.Delta.Set["SECRET"]; ok {
				t.Error("a variable of the session is stored")
			}
			if c.check != nil {
				c.check(t, dir, r)
			}
			if again, err := Evaluate(t.Context(), req); err != nil || !again.FromCache || value(again.Delta, "FOO") != value(r.Delta, "FOO") {
				t.Errorf("from the cache: %v, %v", again, err)
			}
		})
	}
}

// noProcess checks that no process has the text in its arguments.
func noProcess(text string) func(*testing.T, string, *Result) {
	return func(t *testing.T, _ string, _ *Result) {
		files, err := filepath.Glob("/proc/[1-9]*/cmdline")
		if err != nil || len(files) == 0 {
			t.Fatalf("%d processes: %v", len(files), err)
		}
		for _, file := range files {
			if data, err := os.ReadFile(file); err == nil && bytes.Contains(data, []byte(text)) {
				t.Errorf("still running: %q", data)
			}
		}
	}
}

// TestReportOfWhatIsLeft: the hook's own shell sees what it leaves running.
func TestReportOfWhatIsLeft(t *testing.T) {
	s := &shellEnv{Vars: map[string]string{"shellHook": "sleep 1000 >/dev/null & true & wait $!"}}
	run, err := prepare("/bin/bash", script(s, ""), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer run.close()
	run.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := run.cmd.Run(); err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(-run.cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	report, err := run.read()
	if err != nil {
		t.Fatal(err)
	}
	if _, after, mark := parseReport(report); mark != "end 0" || len(after.left) != 1 {
		t.Errorf("%q: left %q", mark, after.left)
	}
}

func TestParseReport(t *testing.T) {
	for _, c := range []struct {
		name, report string
		complete     bool
		mark         string
	}{
		{"whole", "A=1\x00before\x00A=2\x00end 0\x00", true, "end 0"},
		{"two endings", "before\x00A=2\x00end 0\x00A=3\x00exit 0\x00", true, "end 0"},
		{"cut", "A=1\x00before\x00A=2\x00", false, ""},
		{"empty", "", false, ""},
		{"no start", "A=1\x00end 0\x00", false, ""},
	} {
		_, after, mark := parseReport([]byte(c.report))
		if (after != nil) != c.complete || mark != c.mark || c.complete && after.exported["A"] != "2" {
			t.Errorf("%s: %v, %q", c.name, after, mark)
		}
	}
}
