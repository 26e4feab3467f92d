package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hbohlen/devsh/shell/filelock"
)

// Lease is the right to be the daemon of a state directory: the lock, and the
// socket that only its holder makes.
type Lease struct {
	dir      string // as long as Store.Daemon
	lock     *os.File
	listener *net.UnixListener
	socket   os.FileInfo // as it was made
	// given says that somebody else made the socket and keeps it: systemd.
	given bool
}

// Errors that say why there is no lease.
var (
	// ErrRunning says that a daemon of this very program is there.
	ErrRunning = errors.New("a daemon is running already")
	// ErrServed says that systemd holds the socket: it starts a daemon itself.
	ErrServed = errors.New("systemd starts the daemon")
	// ErrHeld says that what holds the lock neither answers nor ends.
	ErrHeld = errors.New("another daemon does not end")
)

const (
	leasePoll  = 10 * time.Millisecond
	leaseLimit = 5 * time.Second // for a daemon of before to end
)

// Take takes the lease in the directory, which must lie in one that is the
// user's own. A daemon of another program is asked to end first: who was
// started last serves. given is the socket that systemd made, or nil.
func Take(ctx context.Context, dir, program string, given *net.UnixListener) (*Lease, error) {
	if err := Prepare(dir); err != nil {
		return nil, err
	}
	l := &Lease{dir: dir, listener: given, given: given != nil}
	ctx, cancel := context.WithTimeoutCause(ctx, leaseLimit, ErrHeld)
	defer cancel()
	if err := l.take(ctx, program); err != nil {
		return nil, err
	}
	if l.given {
		return l, nil
	}
	if err := l.listen(ctx); err != nil {
		return nil, errors.Join(err, l.lock.Close())
	}
	return l, nil
}

// Prepare makes the daemon's directory, for nobody else.
func Prepare(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make the daemon's directory: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("look at the daemon's directory: %w", err)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !info.IsDir() || !ok || int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is not a directory of yours", dir)
	}
	if info.Mode().Perm() != 0o700 {
		return os.Chmod(dir, 0o700)
	}
	return nil
}

// take waits for the lock, and has a daemon of another program let it go.
func (l *Lease) take(ctx context.Context, program string) error {
	for {
		lock, err := filelock.Try(lockFile(l.dir))
		if err == nil {
			l.lock = lock
			_, err = lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
			return err
		}
		if !errors.Is(err, filelock.ErrHeld) {
			return err
		}
		if !l.given { // else one would call oneself
			if c, err := Dial(ctx, l.dir); err == nil {
				if c.Program == program {
					c.Close()
					return ErrRunning
				}
				_ = c.Stop() // if it does not hear, the time is up at some time
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(leasePoll):
		}
	}
}

// free waits until the socket that is there is nobody's. Under the lock it is,
// or it is systemd's, which does not take the lock; or that of a daemon that was
// killed: the kernel may let its lock go before its socket.
func (l *Lease) free(ctx context.Context) error {
	for hungUp := false; ; {
		c, err := Dial(ctx, l.dir)
		hungUp = hungUp || errors.Is(err, ErrHungUp) // then silence may be the end of the time
		switch {
		case err == nil:
			c.Close()
			return ErrServed
		case errors.Is(err, errSilent) && !hungUp:
			return ErrServed
		case errors.Is(err, errStranger):
			return err
		case errors.As(err, new(syscall.Errno)) && !errors.Is(err, ErrHungUp):
			return nil // the kernel says so, and not that the time is up
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(leasePoll):
		}
	}
}

// listen makes the socket.
func (l *Lease) listen(ctx context.Context) error {
	if err := l.free(ctx); err != nil {
		return err
	}
	path := Socket(l.dir)
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("remove the socket of a daemon that has ended: %w", err)
	}
	return short(l.dir, func(path string) error {
		listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		listener.SetUnlinkOnClose(false) // its name here is not that of the file
		l.listener = listener
		if err := os.Chmod(path, 0o600); err != nil {
			return err
		}
		l.socket, err = os.Lstat(path)
		return err
	})
}

// lost reports whether the state directory has gone, or is another, or the socket
// was taken away: whoever comes does not find this lease.
func (l *Lease) lost() bool {
	if !filelock.Is(l.lock, lockFile(l.dir)) {
		return true
	}
	if l.given {
		return false
	}
	now, err := os.Lstat(Socket(l.dir))
	return err != nil || !os.SameFile(l.socket, now)
}

// Close removes the socket and lets the lock go, in this order.
func (l *Lease) Close() error {
	var err error
	l.listener.Close()
	if !l.given && !l.lost() {
		err = os.RemoveAll(Socket(l.dir))
	}
	return errors.Join(err, l.lock.Close())
}

func lockFile(dir string) string { return filepath.Join(dir, "lock") }

// Socket is the socket of the daemon whose directory it is.
func Socket(dir string) string { return filepath.Join(dir, "socket") }

// short calls f with a name of the socket in the directory that is short
// enough for one.
func short(dir string, f func(path string) error) error {
	d, err := os.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer d.Close()
	return f(fmt.Sprintf("/proc/self/fd/%d/socket", d.Fd()))
}

// Holder returns the process that holds the lock, 0 if there is none. It
// changes nothing.
func Holder(dir string) int {
	if !filelock.Held(lockFile(dir)) {
		return 0
	}
	text, err := os.ReadFile(lockFile(dir))
	if err != nil {
		return 0
	}
	// What follows is the rest of a longer number of before.
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	return pid
}

// Given returns the socket that systemd made, by the variables that say so
// (sd_listen_fds(3)), or nil.
func Given(getenv func(string) string) (*net.UnixListener, error) {
	const first = 3
	if getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) || getenv("LISTEN_FDS") != "1" {
		return nil, nil
	}
	f := os.NewFile(first, "socket")
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("take the socket of systemd: %w", err)
	}
	u, ok := l.(*net.UnixListener)
	if !ok {
		return nil, errors.Join(errors.New("take the socket of systemd: it is another kind of socket"), l.Close())
	}
	u.SetUnlinkOnClose(false)
	return u, nil
}
