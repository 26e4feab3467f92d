package shelltest

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/cmd/internal/fishtest"
	"github.com/hbohlen/devsh/shell/env"
)

// TestRenewal: when the project changes and that is allowed, the environment
// in the fish follows, and all that was made in it stays.
func TestRenewal(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*bed){
		"without the hook":    func(*bed) {},
		"hook in config.fish": func(b *bed) { b.ConfigFish("", "") },
		"hook as a file":      func(b *bed) { b.Write("config/fish/conf.d/devsh.fish", b.Devsh(t, "hook", "fish")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			prepare(b)
			b.Write(b.dir+"/sub/x", "")
			s := b.start(t, shellLine("fish"))
			s.ready()
			pid := s.pid("fish")
			s.enter("set -g state kept; function f; echo $state $A; end; cd sub; sh -c 'exec sleep 1000' &")
			if got := s.ask("f"); got != "kept from p" {
				t.Fatalf("at first: %q", got)
			}
			b.Write(b.dir+"/devsh.toml", strings.ReplaceAll(project, "from p", "changed"))
			s.ready()
			if got := s.ask("f"); got != "kept from p" {
				t.Errorf("after a change that is not allowed: %q", got)
			}
			b.Allow(t, b.dir)
			s.ready()
			if got := s.ask("f"); got != "kept changed" {
				t.Errorf("after a change that is allowed: %q", got)
			}
			if got := s.ask("count (jobs -p); basename $PWD"); got != "1\r\nsub" {
				t.Errorf("jobs and directory after the change: %q", got)
			}
			if got := s.pid("fish"); got != pid {
				t.Errorf("it is another shell: %d, not %d", got, pid)
			}
			s.enter("cd /; echo \"<A=$A>\"")
			s.expect("<A=>") // left as by the hook
		})
	}
}

// TestOthersAreTold: a shell that there is no hook for stays as it was, and the
// person is told.
func TestOthersAreTold(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	s := b.start(t, shellLine("sh"))
	s.expect("sh has no hook: what changes in p does not reach this shell until it is started anew")
	s.ready()
	b.Write(b.dir+"/devsh.toml", strings.ReplaceAll(project, "from p", "changed"))
	b.Allow(t, b.dir)
	s.ready()
	if got := s.ask("echo $A"); got != "from p" {
		t.Errorf("A is %q", got)
	}
	for _, shell := range []string{"sh", "bash", "zsh"} {
		s = b.start(t, "DEVSH_MESSAGE=quiet "+shellLine(shell))
		s.ready()
		if out := string(s.Output(0)); strings.Contains(out, "devsh:") {
			t.Errorf("DEVSH_MESSAGE=quiet %s says %q", shell, out)
		}
	}
}

// TestPure: of the surroundings only what the list names gets in.
func TestPure(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			out := b.Tmp + "/env"
			s := b.start(t, shellLine(shell, "--pure"),
				"SECRET=x", "SSH_AUTH_SOCK=/x", "LD_LIBRARY_PATH=/x", "LC_TIME=C", "TZ=Asia/Tokyo", "COLORTERM=truecolor")
			s.ready()
			s.enter("/usr/bin/env -0 >" + out)
			s.ready()
			text, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			got := fishtest.ParseEnviron(text)
			path := strings.Split(got["PATH"], ":")
			if path[0] != b.dir+"/bin" || !slices.Contains(path, "/usr/bin") || slices.Contains(path, b.Tmp+"/bin") {
				t.Errorf("PATH is %q", path)
			}
			want := env.Env{"A": "from p", "LC_TIME": "C", "TZ": "Asia/Tokyo", "COLORTERM": "truecolor", "PWD": b.dir}
			for name, value := range b.Env() { // the bed's are the user's own, but for this one
				if name != "PATH" {
					want[name] = value
				}
			}
			for name := range got {
				// What the shells and devsh themselves export.
				if slices.Contains([]string{"PATH", "SHLVL", "_", "OLDPWD", "DEVSH_GENERATION", "DEVSH_PROJECT"}, name) {
					delete(got, name)
				}
			}
			switch shell {
			case "fish":
				want["USER"] = got["USER"] // fish knows better
			case "zsh":
				delete(got, "LOGNAME")
			}
			if d := fishtest.Diff(fishtest.State{Env: want}, fishtest.State{Env: got}); len(d) > 0 {
				t.Errorf("a pure shell's environment is different: %v", d)
			}
			b.Write(b.dir+"/devsh.toml", strings.ReplaceAll(project, "from p", "changed"))
			b.Allow(t, b.dir)
			s.ready()
			if got := s.ask("echo $A"); got != "changed" {
				t.Errorf("after a change A is %q", got)
			}
		})
	}
}

// TestWithinAnother: a shell in a shell of the same project says so, and is
// left to the one around it.
func TestWithinAnother(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			other := b.Allowed("other", strings.ReplaceAll(project, "from p", "from other"))
			s := b.start(t, shellLine(shell))
			s.ready()
			if strings.Contains(string(s.Output(0)), "already") {
				t.Errorf("the first shell says that it is within another")
			}
			s.enter(shellLine(shell) + "; echo ba''ck")
			s.expect("p is active here already: this is a shell within it, «exit» leads back")
			s.ready()
			if got := s.ask("/usr/bin/printenv A PATH"); !strings.HasPrefix(got, "from p\r\n"+b.dir+"/bin:"+b.Tmp+"/bin:") {
				t.Errorf("in the inner shell: %q", got)
			}
			s.enter("exit")
			s.expect("back")
			s.enter("devsh shell --shell " + shell + " " + other + "; echo ba''ck")
			s.expect("devsh: other")
			from := s.Mark()
			s.ready()
			if strings.Contains(string(s.Output(from)), "already") {
				t.Errorf("a shell of another project says that it is within the same")
			}
			if got := s.ask("/usr/bin/printenv A PATH"); !strings.HasPrefix(got, "from other\r\n"+other+"/bin:"+b.Tmp+"/bin:") {
				t.Errorf("in the shell of another project: %q", got)
			}
			s.enter("exit")
			s.expect("back")
			if got := s.ask("/usr/bin/printenv A"); got != "from p" {
				t.Errorf("back in the first shell A is %q", got)
			}
		})
	}
}

// TestWhichShell: fish where there is one, else $SHELL; always the user's own,
// not the project's; and flags, which are for one command, are refused.
func TestWhichShell(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	fish := b.Write(b.dir+"/bin/fish", "#!/bin/sh\necho the fish of the project\n")
	if err := os.Chmod(fish, 0o755); err != nil {
		t.Fatal(err)
	}
	s := b.start(t, `SHELL=/bin/bash devsh shell "$P"`)
	s.ready()
	if got := s.ask("status fish-path >/dev/null; and echo fish"); got != "fish" {
		t.Errorf("with a fish: %q", got)
	}
	s = b.start(t, `PATH=`+b.Tmp+`/bin SHELL=/bin/bash devsh shell "$P"`)
	s.ready()
	if got := s.ask("echo $BASH"); got != "/bin/bash" {
		t.Errorf("without a fish: $BASH is %q", got)
	}
	s = b.start(t, `devsh shell --layers-off nix "$P"; echo code:$?`)
	s.expect("a shell follows config.toml")
	s.expect("code:2")
}

// TestHookIsLoadedOnce: no process is started for the hook where the user's
// configuration has loaded it.
func TestHookIsLoadedOnce(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.Write("config/fish/conf.d/devsh.fish", "function __devsh_look; end\n")
	s := b.start(t, shellLine("fish"))
	s.ready()
	if got := s.ask("set -q __devsh_bin; echo $status"); got != "1" {
		t.Errorf("the hook was loaded twice")
	}
}
