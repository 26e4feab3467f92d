package shelltest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/hbohlen/devsh/cmd/internal/fishtest"
	"github.com/hbohlen/devsh/shell/session"
)

// shells are those that «devsh shell» is tested with.
var shells = []string{"fish", "bash", "zsh"}

const project = "[env]\nA = \"from p\"\n[path]\nprepend = [\"bin\"]\n"

// bed is a scratch home with an allowed project.
type bed struct {
	*fishtest.Bed
	dir string // the project
}

func newBed(t *testing.T) *bed {
	t.Helper()
	b := fishtest.NewBed(t, devshBinary)
	b.WithoutHook()
	b.Write("config/fish/conf.d/prompt.fish", "function fish_prompt; echo 'inner> '; end\n")
	b.Write(".bashrc", "PS1='inner> '\n")
	b.Write(".zshrc", "PS1='inner> '\n")
	dir := b.Allowed("p", project)
	bin := b.Tmp + "/bin/devsh"
	if err := errors.Join(os.Remove(bin), os.Symlink(racyBinary, bin)); err != nil {
		t.Fatal(err)
	}
	return &bed{b, dir}
}

// screen is what a person sees who types on a terminal.
type screen struct {
	*session.Session
	t    *testing.T
	seen session.Mark // up to where it was looked at
}

// start runs a POSIX shell script on a terminal: a shell that neither changes
// nor restores the terminal's modes. $P is the project.
func (b *bed) start(t *testing.T, script string, environ ...string) *screen {
	t.Helper()
	return b.startArgv(t, []string{"/bin/sh", "-c", script}, environ...)
}

func (b *bed) startArgv(t *testing.T, argv []string, environ ...string) *screen {
	t.Helper()
	// The race detector would sleep for a second at each exit.
	e := append(b.Env().List(), "GORACE=atexit_sleep_ms=0", "P="+b.dir, "HISTFILE=/dev/null", "PS1=outer> ")
	s, err := session.Start(session.Command{
		Argv: argv, Env: append(e, environ...), Dir: b.Home, Size: session.Size{Rows: 33, Cols: 111}, Answer: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		left := descendants(s.PID())
		_ = s.Close() // how it ends then says nothing about devsh
		for _, pid := range left {
			gone(t, pid) // closing the window ends all
		}
	})
	return &screen{Session: s, t: t}
}

// expect waits for a pattern in what comes after the last one.
func (s *screen) expect(pattern string) []string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), fishtest.Limit())
	defer cancel()
	m, err := s.WaitFor(ctx, regexp.MustCompile(pattern), s.seen)
	if err != nil {
		s.t.Fatalf("%v\nthe terminal shows:\n%s", err, fishtest.Plain(s.Output(0)))
	}
	s.seen = m.End
	groups := make([]string, len(m.Groups))
	for i, g := range m.Groups {
		groups[i] = string(g)
	}
	return groups
}

// enter types a line.
func (s *screen) enter(line string) {
	s.t.Helper()
	if err := s.Type(line + "\r"); err != nil {
		s.t.Fatal(err)
	}
}

// ask types a command and returns what it prints as its one line. The echo of
// what was typed is told apart by the quotes in it.
func (s *screen) ask(command string) string {
	s.t.Helper()
	s.enter("echo '<''<'\"$(" + command + ")\"'>''>'")
	return s.expect(`<<([^<>]*)>>`)[1]
}

// key types a key that is not part of a line, and waits for the prompt that it
// leads to: what is typed before is lost where a shell takes its terminal back.
func (s *screen) key(key string) {
	s.t.Helper()
	s.press(key)
	s.expect("inner> ")
}

func (s *screen) press(key string) {
	s.t.Helper()
	if err := s.Type(key); err != nil {
		s.t.Fatal(err)
	}
}

// ready waits until the shell takes commands.
func (s *screen) ready() {
	s.t.Helper()
	s.enter("echo re''ady")
	s.expect(`ready`)
}

// pid asks the shell for its process id.
func (s *screen) pid(shell string) int {
	s.t.Helper()
	name := map[string]string{"fish": "$fish_pid", "bash": "$$", "zsh": "$$"}[shell]
	s.enter("echo '<'" + name + "'>'")
	pid, err := strconv.Atoi(s.expect(`<(\d+)>`)[1])
	if err != nil {
		s.t.Fatal(err)
	}
	return pid
}

// end waits for the end of the script that the screen began with.
func (s *screen) end(code int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), fishtest.Limit())
	defer cancel()
	state, err := s.Wait(ctx)
	if err != nil {
		s.t.Fatalf("%v\nthe terminal shows:\n%s", err, fishtest.Plain(s.Output(0)))
	}
	if got := state.ExitCode(); got != code {
		s.t.Errorf("exit code %d, want %d; the terminal shows:\n%s", got, code, fishtest.Plain(s.Output(0)))
	}
}

// rest is all that the terminal showed from a mark to the end of the script.
func (s *screen) rest(from session.Mark) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), fishtest.Limit())
	defer cancel()
	never := regexp.MustCompile(`a\zb`)
	if _, err := s.WaitFor(ctx, never, from); !errors.Is(err, session.ErrEnded) {
		s.t.Fatal(err)
	}
	return string(s.Output(from))
}

// pause stops and continues the output on the terminal that a process has
// open, as Ctrl-S and Ctrl-Q do where they are not handed on.
func pause(t *testing.T, pid int, stop bool) {
	t.Helper()
	tty, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/1", pid), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	action := unix.TCOON
	if stop {
		action = unix.TCOOFF
	}
	if err := unix.IoctlSetInt(int(tty.Fd()), unix.TCXONC, action); err != nil {
		t.Fatal(err)
	}
}

// parent is the process that started another.
func parent(t *testing.T, pid int) int {
	t.Helper()
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	ppid, err := strconv.Atoi(fields[1])
	if err != nil {
		t.Fatal(err)
	}
	return ppid
}

// descendants are the processes that came from another and were not left to
// themselves.
func descendants(pid int) []int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil // it has ended
	}
	var all []int
	for _, field := range strings.Fields(string(text)) {
		if child, err := strconv.Atoi(field); err == nil {
			all = append(append(all, child), descendants(child)...)
		}
	}
	return all
}

// gone waits until a process has ended, reaped or not.
func gone(t *testing.T, pid int) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return // it is no more
	}
	defer unix.Close(fd)
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(poll, int(fishtest.Limit().Milliseconds()))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			t.Fatalf("process %d is still there: %v", pid, err)
		}
		return
	}
}

// shellLine is the command that starts a shell in the project.
func shellLine(shell string, more ...string) string {
	return strings.Join(append([]string{"devsh shell --shell " + shell}, more...), " ") + ` "$P"`
}

func kill(t *testing.T, pid int, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatal(fmt.Errorf("kill -%d %d: %w", sig, pid, err))
	}
}
