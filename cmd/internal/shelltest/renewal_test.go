package shelltest

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hbohlen/devsh/cmd/internal/fishtest"
)

// eachPosix runs a test in bash and in zsh.
func eachPosix(t *testing.T, test func(t *testing.T, b *bed, shell string)) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh"} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			test(t, newBed(t), shell)
		})
	}
}

// rc adds to what the person's shell reads.
func (b *bed) rc(text string) {
	b.Write(".bashrc", "PS1='inner> '\n"+text+"\n")
	b.Write(".zshrc", "PS1='inner> '\n"+text+"\n")
}

// says checks what a command prints.
func (s *screen) says(command, want string) {
	s.t.Helper()
	if got := s.ask(command); got != strings.ReplaceAll(want, "\n", "\r\n") {
		s.t.Errorf("%s says %q, want %q", command, got, want)
	}
}

// written is what a command writes.
func (s *screen) written(command string) string {
	s.t.Helper()
	file := s.t.TempDir() + "/out"
	s.enter("{ " + command + "; } >" + file + " 2>&1")
	s.ready()
	text, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func (s *screen) count(pattern string) int {
	return strings.Count(fishtest.Plain(s.Output(0)), pattern)
}

// TestPosixRenewal: when the project changes and that is allowed, the environment
// in bash and zsh follows, and all that was made in the shell stays.
func TestPosixRenewal(t *testing.T) {
	eachPosix(t, func(t *testing.T, b *bed, shell string) {
		b.Write(b.dir+"/sub/x", "")
		s := b.start(t, shellLine(shell))
		s.ready()
		pid := s.pid(shell)
		s.enter("state=kept; f() { echo $state $A; }; trap 'true mine' USR1; cd sub; sleep 1000 &")
		s.says("f", "kept from p")
		b.Write(b.dir+"/devsh.toml", strings.ReplaceAll(project, "from p", "changed"))
		s.ready()
		s.says("f", "kept from p")
		b.Allow(t, b.dir)
		s.ready()
		s.says("f; basename $PWD; jobs -r | grep -c sleep; /usr/bin/printenv state", "kept changed\nsub\n1")
		if got := s.written("trap; fc -ln 1"); strings.Count(got, "true mine") != 2 || strings.Contains(got, "__devsh") {
			t.Errorf("traps and history are %q", got)
		}
		if got := s.pid(shell); got != pid {
			t.Errorf("it is another shell: %d, not %d", got, pid)
		}
		notes, err := os.ReadFile(fmt.Sprintf("%s/state/devsh/v1/shells/%d", b.Home, pid))
		if using := s.ask("echo $DEVSH_GENERATION"); err != nil || !strings.Contains(string(notes), using+"\n") || !strings.Contains(string(notes), "at "+b.dir+"\n") {
			t.Errorf("that it uses %s, which is to be kept, and stands there, it notes as %q, %v", using, notes, err)
		}
		if n := s.count("changed since you allowed it"); n != 1 {
			t.Errorf("it is told %d times that it changed", n)
		}
		b.Devsh(t, "deny", b.dir)
		s.ready()
		s.says("echo $A; env | grep DEVSH_", "\nDEVSH_STATE=denied")
		b.Allow(t, b.dir)
		s.ready()
		s.says("echo $A", "changed")
		s.enter("cd /; echo \"<A=$A>\"")
		s.expect("<A=changed>") // the prompt comes after the line
		s.says("echo $A", "")
		s.enter("kill %1") // bash leaves it alone where it sees its terminal closed before the signal
		s.ready()
	})
}

// TestFailureKeeps: what cannot be used leaves the last good environment, and
// that is told once.
func TestFailureKeeps(t *testing.T) {
	eachPosix(t, func(t *testing.T, b *bed, shell string) {
		s := b.start(t, shellLine(shell))
		s.ready()
		b.Write(b.dir+"/devsh.toml", "[env\n")
		if out, code := b.TryAllow(t, b.dir); code == 0 {
			t.Fatalf("it is allowed: %s", out)
		}
		for range 3 {
			s.ready()
		}
		s.says("echo $A", "from p")
		s.says("echo $DEVSH_STATE", "failed")
		if n := s.count("devsh.toml:2:1"); n != 1 {
			t.Errorf("it is told %d times:\n%s", n, s.Output(0))
		}
	})
}

// TestProgramGone: without devsh, and with one that crashes, the prompt comes back
// and the environment stays; it is said once.
func TestProgramGone(t *testing.T) {
	eachPosix(t, func(t *testing.T, b *bed, shell string) {
		bin := b.Tmp + "/bin/devsh"
		for _, tt := range []struct{ program, says string }{
			{"", "devsh is missing: the environment stays as it is"},
			{"#!/bin/sh\necho 'A=broken; false'\n", "devsh ended early (0): the environment stays as it is"},
			{"#!/bin/sh\nkill -SEGV $$\n", "devsh ended early (139): the environment stays as it is"},
		} {
			s := b.start(t, shellLine(shell))
			s.ready()
			moved := b.Tmp + "/moved"
			rename(t, bin, moved)
			if tt.program != "" {
				b.Write(bin, tt.program)
				if err := os.Chmod(bin, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			b.Write(b.dir+"/devsh.toml", project+"# "+tt.says)
			for range 3 {
				s.ready()
			}
			s.enter("cd sub 2>/dev/null; cd /")
			s.ready()
			s.says("echo $A", "from p")
			if n := s.count(tt.says); n != 1 {
				t.Errorf("%q is told %d times:\n%s", tt.says, n, fishtest.Plain(s.Output(0)))
			}
			rename(t, moved, bin)
			s.enter("cd $P")
			s.ready()
			s.says("echo $DEVSH_STATE", "changed") // it works again
			b.Allow(t, b.dir)
		}
	})
}

// TestInterrupted: Ctrl-C ends what the prompt waits for, and the next one looks
// again.
func TestInterrupted(t *testing.T) {
	eachPosix(t, func(t *testing.T, b *bed, shell string) {
		s := b.start(t, shellLine(shell))
		s.ready()
		bin, moved, waits := b.Tmp+"/bin/devsh", b.Tmp+"/moved", b.Tmp+"/waits"
		rename(t, bin, moved)
		b.Write(bin+".sh", "#!/bin/sh\necho >"+waits+"\nexec sleep 1000\n")
		if err := os.Chmod(bin+".sh", 0o755); err != nil {
			t.Fatal(err)
		}
		rename(t, bin+".sh", bin)
		b.Write(b.dir+"/devsh.toml", project+"# changed") // nothing is published
		s.enter("true")
		eventually(t, func() bool { _, err := os.Stat(waits); return err == nil })
		rename(t, moved, bin)
		s.key("\x03")
		s.ready()
		s.says("echo $DEVSH_STATE", "changed")
	})
}

// eventually waits until something is so.
func eventually(t *testing.T, is func() bool) {
	t.Helper()
	deadline := time.After(fishtest.Limit())
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline:
			t.Fatalf("it did not come about within %v", fishtest.Limit())
		case <-tick.C:
		}
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// TestHookInTheirConfiguration: loaded by .bashrc or .zshrc it follows cd, and
// «devsh shell» does not load it once more.
func TestHookInTheirConfiguration(t *testing.T) {
	eachPosix(t, func(t *testing.T, b *bed, shell string) {
		b.rc(`eval "$(devsh hook ` + shell + `)"`)
		other := b.Allowed("other", strings.ReplaceAll(project, "from p", "from other"))
		s := b.startArgv(t, []string{"/usr/bin/env", shell, "-i"})
		s.ready()
		s.says("echo $A", "")
		for range 2 {
			s.enter("cd $P")
			s.expect("devsh: p .devsh.toml.: 2 variables")
			s.says("echo $A $DEVSH_PROJECT", "from p "+b.dir)
			s.enter("cd " + other)
			s.says("echo $A; [[ :$PATH: == *:$P/bin:* ]]; echo $?", "from other\n1")
		}
		s.enter("mkdir in; cd in")
		s.says("echo $A $B", "from other")
		b.Write(other+"/in/devsh.toml", "[env]\nB = \"b\"\n") // a project comes up where the shell stands
		s.ready()
		s.ready() // the prompt after the line is what looks
		if n := s.count("devsh: in is not allowed yet"); n != 1 {
			t.Errorf("it is told %d times", n)
		}
		b.Allow(t, other+"/in")
		s.ready()
		s.says("echo $A $B", "from other b")
		s.enter(shellLine(shell))
		s.expect("inner> ")
		s.says(`echo "$A; $PROMPT_COMMAND $precmd_functions"`, "from p; "+map[string]string{"bash": `${__devsh_hook+"$__devsh_hook"} `, "zsh": " __devsh_prompt"}[shell])
	})
}
