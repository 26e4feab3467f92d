package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// listens has somebody listen at the socket who has no lock, with room for so
// many who wait.
func listens(t *testing.T, dir string, backlog int) *net.UnixListener {
	t.Helper()
	if err := Prepare(dir); err != nil {
		t.Fatal(err)
	}
	var l *net.UnixListener
	err := short(dir, func(path string) error {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		f := os.NewFile(uintptr(fd), "socket")
		defer f.Close()
		if err := errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: path}), unix.Listen(fd, backlog)); err != nil {
			return err
		}
		any, err := net.FileListener(f)
		if err == nil {
			l = any.(*net.UnixListener)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false) // as of one that was killed
	t.Cleanup(func() { l.Close() })
	return l
}

// somebodyWaits returns when somebody has connected whom nobody has accepted.
func somebodyWaits(l *net.UnixListener) error {
	raw, err := l.SyscallConn()
	if err != nil {
		return err
	}
	var n int
	var polled error
	err = raw.Control(func(fd uintptr) {
		n, polled = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(limit/time.Millisecond))
	})
	if n == 0 && polled == nil {
		polled = errors.New("nobody has connected")
	}
	return errors.Join(err, polled)
}

// A daemon that was killed may let its lock go before its socket. Whoever takes
// the lock then, finds somebody there who hangs up, and serves all the same.
func TestDyingSocket(t *testing.T) {
	for name, die := range map[string]func(l *net.UnixListener) error{
		"accepts, and hangs up, and then is gone": func(l *net.UnixListener) error {
			for range 3 {
				conn, err := l.Accept()
				if err != nil {
					return err
				}
				conn.Close()
			}
			return l.Close()
		},
		"is gone with who waits": func(l *net.UnixListener) error {
			return errors.Join(somebodyWaits(l), l.Close())
		},
		"ends within its greeting": func(l *net.UnixListener) error {
			conn, err := l.Accept()
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(conn, "devsh dae")
			return errors.Join(err, l.Close(), conn.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := daemonDir(t)
			l := listens(t, dir, 5)
			died := make(chan error, 1)
			go func() { died <- die(l) }()
			lease := take(t, dir, "a")
			if err := <-died; err != nil {
				t.Error(err)
			}
			stop(t, dir, serving(t, lease, "a"))
		})
	}
}

// Who does not go away keeps the socket, and it is told who that is.
func TestTakenSocket(t *testing.T) {
	for name, test := range map[string]struct {
		is   func(t *testing.T, l *net.UnixListener, dir string)
		want error
	}{
		"hangs up on everybody": {func(t *testing.T, l *net.UnixListener, dir string) {
			go answer(l, "")
			if _, err := Dial(t.Context(), dir); !errors.Is(err, ErrHungUp) {
				t.Error(err)
			}
		}, ErrHeld},
		"a stranger": {func(t *testing.T, l *net.UnixListener, _ string) {
			go answer(l, "220 mail.example.org ESMTP\n")
		}, errStranger},
		"nobody accepts": {func(*testing.T, *net.UnixListener, string) {}, ErrServed},
		"no more can wait": {func(t *testing.T, l *net.UnixListener, dir string) {
			for { // how many there are in fact is the kernel's affair
				err := short(dir, func(path string) error {
					conn, err := net.Dial("unix", path)
					if err == nil {
						t.Cleanup(func() { conn.Close() })
					}
					return err
				})
				if errors.Is(err, unix.EAGAIN) {
					return
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}, ErrServed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := daemonDir(t)
			test.is(t, listens(t, dir, 0), dir)
			before, err := os.Stat(Socket(dir))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, ErrHeld)
			defer cancel()
			if _, err := Take(ctx, dir, "a", nil); !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
			ctx, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			if _, err := Dial(ctx, dir); err == nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("it is told in more than a line: %q", err)
			}
			if now, err := os.Stat(Socket(dir)); err != nil || !os.SameFile(before, now) {
				t.Errorf("the socket is another: %v", err)
			}
			if pid := Holder(dir); pid != 0 {
				t.Errorf("process %d holds the lock", pid)
			}
		})
	}
}

// answer says something to everybody, and hangs up.
func answer(l *net.UnixListener, text string) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		fmt.Fprint(conn, text)
		conn.Close()
	}
}
