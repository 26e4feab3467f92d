package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Size is the size of a terminal window in character cells.
type Size struct{ Rows, Cols uint16 }

// defaultSize is the window of a [Command] that asks for none.
var defaultSize = Size{Rows: 24, Cols: 80}

// hangupGrace is how long [Session.Close] lets the program end by itself after
// its terminal was hung up.
const hangupGrace = 2 * time.Second

// Command says what to start. Argv[0] is a path, or a name to be found in the
// PATH of the calling process (not in that of Env).
type Command struct {
	Argv []string
	Env  []string // NAME=value; nil is an empty environment, not the caller's
	Dir  string   // where to start; empty is the caller's directory
	Size Size     // zero is 24 by 80
	// Answer makes the session reply to questions that a program puts to its
	// terminal (which kind are you, where is the cursor). Leave it off where a
	// real terminal is behind the session and answers.
	Answer bool
}

// Session is a program on a terminal. Its methods may be used concurrently.
type Session struct {
	cmd    *exec.Cmd
	tty    *os.File // the master side
	out    *transcript
	exited chan struct{} // closed when the process has been reaped
	read   chan struct{} // closed when nothing more will be read

	closing sync.Once
}

// Start runs c in a new process session whose controlling terminal is a new
// pseudo-terminal. The caller must [Session.Close] it.
func Start(c Command) (*Session, error) {
	if len(c.Argv) == 0 {
		return nil, errors.New("session: start: no program")
	}
	if c.Size == (Size{}) {
		c.Size = defaultSize
	}
	cmd := exec.Command(c.Argv[0], c.Argv[1:]...)
	cmd.Dir = c.Dir
	cmd.Env = append([]string{}, c.Env...) // nil would mean ours
	blocking, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: c.Size.Rows, Cols: c.Size.Cols})
	if err != nil {
		return nil, fmt.Errorf("session: start %s: %w", c.Argv[0], err)
	}
	tty, err := pollable(blocking)
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, fmt.Errorf("session: start %s: %w", c.Argv[0], err)
	}
	s := &Session{
		cmd: cmd, tty: tty, out: newTranscript(),
		exited: make(chan struct{}), read: make(chan struct{}),
	}
	go s.reap()
	go s.receive(c.Answer)
	return s, nil
}

// pollable replaces the terminal, which the pty package leaves in blocking
// mode, by one whose pending reads end when it is closed.
func pollable(blocking *os.File) (*os.File, error) {
	defer blocking.Close()
	fd, err := unix.FcntlInt(blocking.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("duplicate the terminal: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("make the terminal non-blocking: %w", err)
	}
	return os.NewFile(uintptr(fd), blocking.Name()), nil
}

func (s *Session) reap() {
	_ = s.cmd.Wait() // the outcome is in ProcessState
	close(s.exited)
}

// receive moves what the program writes into the transcript until the
// terminal is gone: closed by us, or by the last process that had it open.
func (s *Session) receive(answer bool) {
	defer close(s.read)
	defer s.out.end()
	var replies chan []byte
	if answer {
		replies = make(chan []byte, 16)
		defer close(replies)
		go s.reply(replies)
	}
	var q queries
	buf := make([]byte, 32<<10)
	for {
		n, err := s.tty.Read(buf)
		s.out.add(buf[:n])
		if answer {
			for _, a := range q.scan(buf[:n]) {
				select {
				case replies <- a:
				default: // it does not read its answers: it needs no more of them
				}
			}
		}
		if err != nil {
			return
		}
	}
}

// reply writes apart from the reader: a program that writes much before it
// reads would otherwise block both sides.
func (s *Session) reply(replies <-chan []byte) {
	for a := range replies {
		if _, err := s.tty.Write(a); err != nil {
			continue // the terminal is closing; the reader sees it too
		}
	}
}

// PID returns the process id of the program that was started.
func (s *Session) PID() int { return s.cmd.Process.Pid }

// Type writes keys to the terminal. While the program has the terminal in
// canonical mode the kernel keeps at most 4095 bytes of a line.
func (s *Session) Type(keys string) error {
	if _, err := io.WriteString(s.tty, keys); err != nil {
		return fmt.Errorf("session: write to the terminal: %w", err)
	}
	return nil
}

// Signal sends sig to the program that was started, not to what runs in the
// foreground of its terminal: for that, [Session.Type] the key.
func (s *Session) Signal(sig syscall.Signal) error {
	if err := s.cmd.Process.Signal(sig); err != nil {
		return fmt.Errorf("session: signal %v to process %d: %w", sig, s.PID(), err)
	}
	return nil
}

// Resize changes the window; the foreground program gets SIGWINCH.
func (s *Session) Resize(size Size) error {
	conn, err := s.tty.SyscallConn()
	if err != nil {
		return fmt.Errorf("session: resize: %w", err)
	}
	var set error
	err = conn.Control(func(fd uintptr) {
		set = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: size.Rows, Col: size.Cols})
	})
	if err = errors.Join(err, set); err != nil {
		return fmt.Errorf("session: resize: %w", err)
	}
	return nil
}

// Done is closed when the program has ended and was reaped.
func (s *Session) Done() <-chan struct{} { return s.exited }

// State returns how the program ended, nil while it runs.
func (s *Session) State() *os.ProcessState {
	select {
	case <-s.exited:
		return s.cmd.ProcessState
	default:
		return nil
	}
}

// Wait returns how the program ended. The error is that of ctx.
func (s *Session) Wait(ctx context.Context) (*os.ProcessState, error) {
	select {
	case <-s.exited:
		return s.cmd.ProcessState, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("session: wait for process %d: %w", s.PID(), ctx.Err())
	}
}

// Close hangs the terminal up, as closing a terminal's window does, kills the
// program where that does not end it within two seconds, and reaps it. Other
// processes that it left behind get the hangup only. Close may be repeated.
func (s *Session) Close() error {
	var err error
	s.closing.Do(func() {
		err = s.tty.Close()
		grace := time.NewTimer(hangupGrace)
		defer grace.Stop()
		select {
		case <-s.exited:
		case <-grace.C:
			_ = s.cmd.Process.Kill() // it may have ended just now
			<-s.exited
		}
		<-s.read
	})
	if err != nil {
		return fmt.Errorf("session: close: %w", err)
	}
	return nil
}
