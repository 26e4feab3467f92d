package lsp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// maxPeek is how much of what a client says is looked at: what a pipe holds.
const maxPeek = 64 << 10 // bytes

// ErrNoPeek says that what the file is cannot be looked at without taking it.
var ErrNoPeek = errors.New("it is neither a pipe nor a socket")

// Peek waits until enough of the client's first message is there to tell which
// directory it is about, and returns that, or "" if the message does not say.
// Nothing is taken from in: the server will read it all. It ends when ctx does,
// with what it knows by then.
func Peek(ctx context.Context, in *os.File) (dir string, err error) {
	peek, err := peeker(in)
	if err != nil {
		return "", err
	}
	defer peek.close()
	for wait := time.Millisecond; ; wait = min(2*wait, 20*time.Millisecond) {
		data, end, err := peek.look()
		if err != nil {
			return "", fmt.Errorf("look at what the client says: %w", err)
		}
		if dir, whole := firstRoot(data); whole || end || len(data) >= maxPeek {
			return dir, nil
		}
		select {
		case <-ctx.Done():
			return "", nil // the client waits for something else: the working directory decides
		case <-time.After(wait):
		}
	}
}

// looker looks at what is there to be read, and reports whether no more comes.
type looker struct {
	fd     int
	socket bool
	buf    []byte
	r, w   int // a pipe of one's own, for tee(2)
}

func peeker(in *os.File) (*looker, error) {
	info, err := in.Stat()
	if err != nil {
		return nil, fmt.Errorf("look at what the client says: %w", err)
	}
	l := &looker{fd: int(in.Fd()), buf: make([]byte, maxPeek), r: -1, w: -1}
	switch info.Mode().Type() {
	case os.ModeSocket:
		l.socket = true
	case os.ModeNamedPipe:
	default:
		return nil, ErrNoPeek
	}
	return l, nil
}

func (l *looker) close() {
	if l.r >= 0 {
		unix.Close(l.r)
		unix.Close(l.w)
	}
}

func (l *looker) look() (data []byte, end bool, err error) {
	if l.socket {
		n, _, err := unix.Recvfrom(l.fd, l.buf, unix.MSG_PEEK|unix.MSG_DONTWAIT)
		if blocked(err) {
			return nil, false, nil
		}
		return l.buf[:max(n, 0)], n == 0 && err == nil, err
	}
	// Each time into a new pipe, since what was duplicated is duplicated again.
	l.close()
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		l.r = -1
		return nil, false, err
	}
	l.r, l.w = p[0], p[1]
	n, err := unix.Tee(l.fd, l.w, maxPeek, unix.SPLICE_F_NONBLOCK)
	if blocked(err) {
		return nil, false, nil
	}
	if n <= 0 || err != nil {
		return nil, n == 0 && err == nil, err
	}
	read, err := unix.Read(l.r, l.buf)
	return l.buf[:max(read, 0)], false, err
}

func blocked(err error) bool { return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) }
