package daemon

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Client speaks to a daemon: one request each.
type Client struct {
	// Program is the daemon's; empty if it speaks another version, and
	// understands to stop and nothing else.
	Program string
	conn    *net.UnixConn
	in      *bufio.Reader
}

// ErrHungUp says that who listened was gone before it greeted: a daemon that
// has just been killed, say, whose socket the kernel has not closed yet.
var ErrHungUp = errors.New("the daemon hung up")

var (
	// errSilent says that somebody has the socket and does not come to it, as
	// systemd until it has started a daemon.
	errSilent = errors.New("nobody answers")
	// errStranger says that somebody listens who does not say what devsh says.
	errStranger = errors.New("what listens there is no daemon of devsh's")
)

// Dial connects to the daemon of a directory. It waits no longer than ctx
// allows, and never long.
func Dial(ctx context.Context, dir string) (*Client, error) {
	ctx, cancel := context.WithTimeout(ctx, guestLimit)
	defer cancel()
	c := &Client{}
	err := short(dir, func(path string) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
		if err == nil {
			c.conn = conn.(*net.UnixConn)
		}
		return err
	})
	if errors.Is(err, syscall.EAGAIN) { // many are waiting there already
		err = fmt.Errorf("%w: %w", errSilent, err)
	}
	if err != nil {
		return c, fmt.Errorf("reach the daemon: %w", err)
	}
	deadline, _ := ctx.Deadline()
	_ = c.conn.SetDeadline(deadline)
	c.in = bufio.NewReader(c.conn)
	greeting, err := c.in.ReadString('\n')
	f := strings.Fields(greeting)
	if err == nil && (len(f) != 4 || f[0] != "devsh" || f[1] != "daemon" || !mine(c.conn)) {
		err = errStranger
	}
	if err != nil {
		c.Close()
		return c, fmt.Errorf("greet the daemon: %w", unanswered(err))
	}
	if f[2] == strconv.Itoa(protocol) {
		c.Program = f[3]
	}
	return c, nil
}

// unanswered says why no greeting came.
func unanswered(err error) error {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Errorf("%w: %w", ErrHungUp, err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: %w", errSilent, err)
	}
	return err
}

// Close hangs up.
func (c *Client) Close() {
	if c.conn != nil {
		c.conn.Close()
	}
}

// ask sends the one request, waits for the answer and hangs up.
func (c *Client) ask(request string, into any) error {
	defer c.Close()
	if _, err := fmt.Fprintln(c.conn, request); err != nil {
		return fmt.Errorf("ask the daemon: %w", err)
	}
	answer, err := c.in.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(answer, into)
	}
	if err != nil {
		return fmt.Errorf("ask the daemon: %w", err)
	}
	return nil
}

// Look has the daemon look at a directory.
func (c *Client) Look(dir string) error {
	return c.ask(verbLook+" "+strconv.Quote(dir), &struct{}{})
}

// Status asks what it does.
func (c *Client) Status() (Status, error) {
	var s Status
	return s, c.ask(verbStatus, &s)
}

// Stop asks it to end.
func (c *Client) Stop() error { return c.ask(verbStop, &struct{}{}) }

// mine reports whether at the other end is the same user.
func mine(conn *net.UnixConn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	var peer *unix.Ucred
	if err := raw.Control(func(fd uintptr) { peer, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil {
		return false
	}
	return err == nil && int(peer.Uid) == os.Geteuid()
}

// Identity identifies a program by its file: after an upgrade it is another.
func Identity(file string) (string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", fmt.Errorf("find this program: %s has no inode", file)
	}
	return fmt.Sprintf("%x-%x-%x", st.Dev, st.Ino, info.ModTime().UnixNano()), nil
}

// Wait polls until ready says so, or ctx ends.
func Wait(ctx context.Context, ready func() bool) error {
	for !ready() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(leasePoll):
		}
	}
	return nil
}
