package shelltest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/hbohlen/devsh/cmd/internal/fishtest"
)

func cksum(t *testing.T, text string) string {
	t.Helper()
	cmd := exec.Command("cksum")
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// ends are the ways in which a shell ends, what devsh's exit code then is, and
// whether the shell was killed.
var ends = []struct {
	name string
	end  func(t *testing.T, s *screen, pid int)
	code int
}{
	{"exit", func(_ *testing.T, s *screen, _ int) { s.enter("exit") }, 0},
	{"exit 7", func(_ *testing.T, s *screen, _ int) { s.enter("exit 7") }, 7},
	{"exit 127", func(_ *testing.T, s *screen, _ int) { s.enter("exit 127") }, 127},
	{"end of file", func(_ *testing.T, s *screen, _ int) {
		s.expect("inner> ")
		s.press("\x04")
	}, 0},
	{"killed", func(t *testing.T, _ *screen, pid int) { kill(t, pid, syscall.SIGKILL) }, 137},
	{"killed in a program", func(t *testing.T, s *screen, pid int) {
		s.enter("stty raw -echo; echo w''aiting; cat")
		s.expect("waiting")
		kill(t, pid, syscall.SIGKILL)
	}, 137},
	{"devsh: SIGTERM", func(t *testing.T, _ *screen, pid int) { kill(t, parent(t, pid), syscall.SIGTERM) }, 143},
	{"devsh: SIGHUP", func(t *testing.T, _ *screen, pid int) { kill(t, parent(t, pid), syscall.SIGHUP) }, 129},
	{"devsh: SIGINT", func(t *testing.T, _ *screen, pid int) { kill(t, parent(t, pid), syscall.SIGINT) }, 130},
	{"with a job that goes on", func(t *testing.T, s *screen, _ int) {
		s.enter("sh -c 'trap \"\" HUP; exec sleep 20' &")
		s.enter("disown")
		s.ready()
		s.enter("exit 3")
	}, 3},
}

// TestEnds: the exit code is the shell's, the terminal is as it was before,
// and nothing of the shell is left, however it ended.
func TestEnds(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		for _, tt := range ends {
			t.Run(shell+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				b := newBed(t)
				// Modes that no shell would choose by itself.
				s := b.start(t, `stty -ixon -echoe intr ^P; before=$(stty -g); `+shellLine(shell)+`
					code=$?; test "$(stty -g)" = "$before" && echo "restored"; exit $code`)
				s.ready()
				pid := s.pid(shell)
				tt.end(t, s, pid)
				s.expect("restored")
				s.end(tt.code)
				gone(t, pid)
			})
		}
	}
}

// TestKilledShellLeavesNothingSwitchedOn: what a shell asked of the terminal
// beside its modes is taken back for it where it was killed.
func TestKilledShellLeavesNothingSwitchedOn(t *testing.T) {
	each(t, func(t *testing.T, shell string, s *screen) {
		pid := s.pid(shell)
		s.enter(`printf '\033[?2004h\033[?25l'; echo s''et`)
		s.expect("set")
		kill(t, pid, syscall.SIGKILL)
		s.expect(`\x1b\[\?2004l[^\n]*\x1b\[\?25h`)
		s.expect("ended by a signal: killed")
		s.end(137)
	})
}

// TestKilledDevsh: the kernel hangs the shell's terminal up: the shell ends, and
// what runs in it is told.
func TestKilledDevsh(t *testing.T) {
	each(t, func(t *testing.T, shell string, s *screen) {
		file := filepath.Join(t.TempDir(), "hup")
		pid := s.pid(shell)
		s.enter(`sh -c 'trap "echo hung up >` + file + `; exit" HUP; echo "p=""$$."; while :; do sleep 0.05; done'`)
		program, err := strconv.Atoi(s.expect(`p=(\d+)\.`)[1])
		if err != nil {
			t.Fatal(err)
		}
		kill(t, parent(t, pid), syscall.SIGKILL)
		s.end(137) // of the sh around
		gone(t, pid)
		gone(t, program)
		if text, err := os.ReadFile(file); err != nil || string(text) != "hung up\n" {
			t.Errorf("what ran in the shell did not get SIGHUP: %q, %v", text, err)
		}
	})
}

// TestTerminalCloses: the window that devsh is in is closed.
func TestTerminalCloses(t *testing.T) {
	each(t, func(t *testing.T, shell string, s *screen) {
		pid := s.pid(shell)
		devsh := parent(t, pid)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		gone(t, devsh)
		gone(t, pid)
	})
}

// TestNobodyReads: a terminal that takes no more output does not keep devsh
// from ending.
func TestNobodyReads(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	s := b.start(t, shellLine("bash")+`; echo "code $?"`)
	s.ready()
	pid := s.pid("bash")
	devsh := parent(t, pid)
	pause(t, s.PID(), true)
	s.enter("yes")
	kill(t, devsh, syscall.SIGTERM)
	gone(t, devsh)
	gone(t, pid)
	pause(t, s.PID(), false)
	s.expect("code 143")
}

// TestCannotStart: the exit codes of env(1), and the terminal is left alone.
func TestCannotStart(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	notExecutable := b.Write("bin/plain", "")
	unknown := b.Project("unknown", project)
	denied := b.Allowed("denied", project)
	b.Devsh(t, "deny", denied)
	for _, tt := range []struct {
		args string
		code int
		says string
	}{
		{"--shell no-such-shell " + b.dir, 127, "run no-such-shell: .*not found"},
		{"--shell /no/such/shell " + b.dir, 127, "run /no/such/shell"},
		{"--shell " + notExecutable + " " + b.dir, 126, "permission denied"},
		{unknown, 125, "unknown is not allowed"},
		{denied, 125, "denied is denied"},
		{b.Home, 125, "not under a root"},
		{"--nonsense " + b.dir, 2, "unknown flag"},
		{b.dir + " " + b.dir, 2, "takes one argument at most"},
	} {
		s := b.start(t, fmt.Sprintf(`before=$(stty -g); devsh shell %s; code=$?; test "$(stty -g)" = "$before" || exit 1; exit $code`, tt.args))
		s.end(tt.code)
		if out := fishtest.Plain([]byte(s.rest(0))); !regexp.MustCompile(tt.says).MatchString(out) {
			t.Errorf("devsh shell %s says %q", tt.args, out)
		}
	}
}
