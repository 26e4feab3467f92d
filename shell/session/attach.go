package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ErrNoTerminal says that the process has no terminal of its own.
var ErrNoTerminal = errors.New("there is no terminal")

// ErrHungUp says that the terminal of the process went away.
var ErrHungUp = errors.New("the terminal was closed")

// How long what goes on behind a program that has ended may still take.
const (
	drainPause   = 200 * time.Millisecond // without a byte
	suspendLimit = time.Second
)

// cldStopped is CLD_STOPPED, which golang.org/x/sys does not name.
const cldStopped = 5

// Attach runs c on a pseudo-terminal and connects that with the terminal of
// the process until the program has ended: keys, output, size, being stopped
// and continued. It starts with the modes and the size of the real one, which
// is raw meanwhile, and is in the end as it was found, however that comes.
//
// When ctx ends, or the terminal is gone, the program's terminal is hung up as
// by [Session.Close]; the error then is the cause of ctx, or [ErrHungUp].
// Should this process be killed, the kernel does the same.
func Attach(ctx context.Context, c Command) (*os.ProcessState, error) {
	own, err := openTerminal()
	if err != nil {
		return nil, fmt.Errorf("session: %w: %w", ErrNoTerminal, err)
	}
	defer own.file.Close()
	a := &attachment{terminal: own, resized: make(chan os.Signal, 1), continued: make(chan os.Signal, 1)}
	// From before the size is read: no change of it is missed.
	signal.Notify(a.resized, syscall.SIGWINCH)
	defer signal.Stop(a.resized)
	signal.Notify(a.continued, syscall.SIGCONT)
	defer signal.Stop(a.continued)
	size, err := own.size()
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	if err := own.raw(); err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	defer own.restore()
	if a.Session, err = launch(c, size, own.modes, own); err != nil {
		return nil, err
	}
	return a.run(ctx)
}

// attachment is a session and the terminal that it is shown on.
type attachment struct {
	*Session
	terminal  *terminal
	resized   chan os.Signal
	continued chan os.Signal
}

func (a *attachment) run(ctx context.Context) (*os.ProcessState, error) {
	gone, stopped := make(chan struct{}), make(chan struct{})
	go a.send(gone)
	go a.watch(stopped)
	for {
		select {
		case <-a.exited:
			a.drain()
			if !a.cmd.ProcessState.Exited() {
				a.terminal.hurry(drainPause)
				a.terminal.add([]byte(afterCrash))
			}
			return a.cmd.ProcessState, a.hangUp()
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), a.hangUp())
		case <-gone:
			return nil, errors.Join(ErrHungUp, a.hangUp())
		case <-a.resized:
			a.fit()
		case <-stopped:
			a.suspend()
		case <-a.continued:
			a.resume()
		}
	}
}

// send types what the person types, until the terminal is gone.
func (a *attachment) send(gone chan<- struct{}) {
	defer close(gone)
	buf := make([]byte, 4<<10)
	for {
		n, err := a.terminal.file.Read(buf)
		// The program may have ended before it read all that was typed.
		_, _ = a.tty.Write(buf[:n])
		if err != nil {
			return
		}
	}
}

// fit gives the session the size of the terminal.
func (a *attachment) fit() {
	if size, err := a.terminal.size(); err == nil {
		_ = a.resize(size) // it has just ended
	}
}

// drain waits until what the program wrote before it ended was shown. Where
// others still have the terminal open, no end will come: there a pause is one,
// unless it is the person's terminal that is slow.
func (a *attachment) drain() {
	limit := time.NewTimer(hangupGrace)
	defer limit.Stop()
	for {
		before := a.handed.Load()
		select {
		case <-a.read:
			return
		case <-limit.C:
			return
		case <-time.After(drainPause):
			if now := a.handed.Load(); now == before && now%2 == 0 {
				return
			}
		}
	}
}

func (a *attachment) hangUp() error {
	a.terminal.hurry(drainPause)
	return a.Close()
}

// watch tells when the program has been stopped, until it has ended.
func (a *attachment) watch(stopped chan<- struct{}) {
	for {
		// Looking only: its end is left to be reaped. A stop is taken.
		var change unix.Siginfo
		err := unix.Waitid(unix.P_PID, a.PID(), &change, unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || change.Code != cldStopped {
			return
		}
		_ = unix.Waitid(unix.P_PID, a.PID(), nil, unix.WSTOPPED|unix.WNOHANG, nil) // it may go on already
		select {
		case stopped <- struct{}{}:
		case <-a.exited:
			return
		}
	}
}

// suspend gives the terminal back and stops this process, with its job, as
// Ctrl-Z does: the shell that it was started from goes on. Where there is none,
// the kernel stops nothing, and the program is continued.
//
// The signal keeps its default action, to which Go cannot return once it was
// asked to be told: so who stops this process from outside finds the terminal
// raw, as after SIGSTOP. Shells with jobs set their own modes then.
func (a *attachment) suspend() {
	_ = a.terminal.restore() // where it is gone, reading from it tells
	_ = syscall.Kill(0, syscall.SIGTSTP)
	select {
	case <-a.continued:
	case <-time.After(suspendLimit):
	}
	a.resume()
}

// resume goes on after a stop: meanwhile the terminal was somebody else's.
func (a *attachment) resume() {
	_ = a.terminal.raw() // where it is gone, reading from it tells
	a.fit()
	_ = syscall.Kill(-a.PID(), syscall.SIGCONT) // it has just ended
}
