package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

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
	tty    *os.File      // the master side
	out    *transcript   // nil where a terminal gets the output: see [Attach]
	exited chan struct{} // closed when the process has been reaped
	read   chan struct{} // closed when nothing more will be read

	handed  atomic.Int64 // counts output twice: when it came, and when it was taken
	closing sync.Once
}

// sink takes what a program writes.
type sink interface {
	add([]byte)
	end() // nothing more will come
}

// Start runs c in a new process session whose controlling terminal is a new
// pseudo-terminal. The caller must [Session.Close] it.
func Start(c Command) (*Session, error) {
	if c.Size == (Size{}) {
		c.Size = defaultSize
	}
	out := newTranscript()
	s, err := launch(c, unix.Winsize{Row: c.Size.Rows, Col: c.Size.Cols}, nil, out)
	if err != nil {
		return nil, err
	}
	s.out = out
	return s, nil
}

// launch is [Start] on a terminal in the given modes, nil being the system's,
// whose output goes to out.
func launch(c Command, size unix.Winsize, modes *unix.Termios, out sink) (*Session, error) {
	if len(c.Argv) == 0 {
		return nil, errors.New("session: start: no program")
	}
	cmd := exec.Command(c.Argv[0], c.Argv[1:]...)
	cmd.Dir = c.Dir
	cmd.Env = append([]string{}, c.Env...) // nil would mean ours
	tty, err := onTerminal(cmd, size, modes)
	if err != nil {
		return nil, fmt.Errorf("session: start %s: %w", c.Argv[0], err)
	}
	s := &Session{cmd: cmd, tty: tty, exited: make(chan struct{}), read: make(chan struct{})}
	go s.reap()
	go s.receive(out, c.Answer)
	return s, nil
}

func (s *Session) reap() {
	_ = s.cmd.Wait() // the outcome is in ProcessState
	close(s.exited)
}

// receive moves what the program writes to out until the terminal is gone:
// closed by us, or by the last process that had it open.
func (s *Session) receive(out sink, answer bool) {
	defer close(s.read)
	defer out.end()
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
		s.handed.Add(1)
		out.add(buf[:n])
		s.handed.Add(1)
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
	return s.resize(unix.Winsize{Row: size.Rows, Col: size.Cols})
}

func (s *Session) resize(size unix.Winsize) error {
	err := control(s.tty, func(fd int) error { return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &size) })
	if err != nil {
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
