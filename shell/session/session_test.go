package session

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// start runs a POSIX shell script on a terminal until the test ends.
func start(t *testing.T, c Command, script string) *Session {
	t.Helper()
	c.Argv = []string{"sh", "-c", script}
	s, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func waitFor(t *testing.T, s *Session, pattern string) Match {
	t.Helper()
	m, err := s.WaitFor(within(t, 20*time.Second), regexp.MustCompile(pattern), 0)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestStartGivesTerminalEnvironmentAndDirectory(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("FROM_THE_CALLER", "1")
	s := start(t, Command{Env: []string{"A=b c", "PATH=/usr/bin:/bin"}, Dir: dir, Size: Size{Rows: 33, Cols: 111}},
		`pwd; stty size; env; test -t 0 && test -t 1 && test -t 2 && echo tty; : >/dev/tty && echo controlling; echo end`)
	out := string(waitFor(t, s, `end\r\n`).Before)
	for _, want := range []string{dir + "\r\n33 111\r\n", "\nA=b c\r\n", "tty\r\ncontrolling\r\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("output lacks %q: %q", want, out)
		}
	}
	if strings.Contains(out, "FROM_THE_CALLER") {
		t.Errorf("the caller's environment leaked: %q", out)
	}
	state, err := s.Wait(within(t, 20*time.Second))
	if err != nil || state.ExitCode() != 0 {
		t.Errorf("ended with %v, %v", state, err)
	}
}

func TestStartErrors(t *testing.T) {
	if _, err := Start(Command{}); err == nil {
		t.Error("no program: no error")
	}
	if _, err := Start(Command{Argv: []string{"/nonexistent/shell"}}); err == nil || !strings.Contains(err.Error(), "/nonexistent/shell") {
		t.Errorf("a missing program: %v", err)
	}
}

func TestTypeAndWaitFor(t *testing.T) {
	s := start(t, Command{}, `echo ready; read line; echo "got <$line>"`)
	ready := waitFor(t, s, `ready`)
	if err := s.Type("some words\n"); err != nil {
		t.Fatal(err)
	}
	m, err := s.WaitFor(within(t, 20*time.Second), regexp.MustCompile(`got <(.*)>`), ready.End)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(m.Groups[1]); got != "some words" {
		t.Errorf("the program read %q", got)
	}
	if _, err := s.WaitFor(within(t, 20*time.Second), regexp.MustCompile(`got`), m.End); !errors.Is(err, ErrEnded) {
		t.Errorf("waiting for more after the end: %v", err)
	}
}

func TestWaitForGivesUpWithItsContext(t *testing.T) {
	s := start(t, Command{}, `echo here; read x`)
	waitFor(t, s, "here")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.WaitFor(ctx, regexp.MustCompile("never"), 0)
	var w *WaitError
	if !errors.As(err, &w) || !errors.Is(err, context.Canceled) || !strings.Contains(string(w.Seen), "here") {
		t.Errorf("got %v, want a WaitError that shows what was seen", err)
	}
	if _, err := s.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait: %v", err)
	}
}

func TestSignalAndResize(t *testing.T) {
	s := start(t, Command{}, `
		trap 'echo usr1' USR1; trap 'stty size; exit 7' WINCH; echo ready
		while :; do sleep 0.05; done`)
	waitFor(t, s, "ready")
	if err := s.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	waitFor(t, s, "usr1")
	if err := s.Resize(Size{Rows: 50, Cols: 123}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, s, "50 123")
	state, err := s.Wait(within(t, 20*time.Second))
	if err != nil || state.ExitCode() != 7 {
		t.Errorf("ended with %v, %v", state, err)
	}
	if err := s.Signal(syscall.SIGUSR1); err == nil {
		t.Error("a signal to a process that ended: no error")
	}
}

func TestCloseEndsAProgramThatIgnoresTheHangup(t *testing.T) {
	s := start(t, Command{}, `trap '' HUP; echo ready; while :; do sleep 0.05; done`)
	waitFor(t, s, "ready")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s.cmd.ProcessState == nil || s.cmd.ProcessState.Exited() {
		t.Errorf("not killed: %v", s.cmd.ProcessState)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	if err := s.Type("x"); err == nil {
		t.Error("writing after Close: no error")
	}
}

func TestCloseHangsUp(t *testing.T) {
	s := start(t, Command{}, `trap 'exit 9' HUP; echo ready; while :; do sleep 0.05; done`)
	waitFor(t, s, "ready")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 9 {
		t.Errorf("exit code %d: the program was not told by SIGHUP", code)
	}
}

func TestAnswersReachTheProgram(t *testing.T) {
	ask := `stty raw -echo; printf '\033[c'; head -c 7 | od -An -c; stty sane; echo end`
	s := start(t, Command{Answer: true}, ask)
	if out := string(waitFor(t, s, "end").Before); !strings.Contains(out, `033   [   ?   6   2   ;   c`) {
		t.Errorf("the program read %q", out)
	}
	s = start(t, Command{}, `stty raw -echo; printf '\033[c'; printf asked; head -c 1; echo end`)
	waitFor(t, s, "asked")
	if err := s.Type("."); err != nil {
		t.Fatal(err)
	}
	if out := string(waitFor(t, s, "end").Before); !strings.HasSuffix(out, "asked.") {
		t.Errorf("without Answer the program read %q", out)
	}
}

func TestTranscriptDropsTheOldest(t *testing.T) {
	tr := newTranscript()
	line := []byte(fmt.Sprintf("%1023d\n", 0))
	total := 0
	for total <= 2*Limit {
		tr.add(line)
		total += len(line)
	}
	text, start := tr.since(0)
	if len(text) != Limit || int(start)+len(text) != total {
		t.Errorf("kept %d bytes from %d of %d", len(text), start, total)
	}
	tr.add([]byte("tail"))
	if text, _ := tr.since(Mark(total)); string(text) != "tail" {
		t.Errorf("after the mark: %q", text)
	}
}

// TestFishStarts: fish 4.1 and later wait for the answer to their question,
// for seconds.
func TestFishStarts(t *testing.T) {
	fish, err := exec.LookPath("fish")
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	s, err := Start(Command{Argv: []string{fish}, Env: []string{"HOME=" + home, "TERM=xterm-256color", "PATH=/usr/bin:/bin"}, Answer: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Type("echo $fish_pid-yes\r"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, s, fmt.Sprintf(`%d-yes`, s.PID()))
}
