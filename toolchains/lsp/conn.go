package lsp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"syscall"
)

// conn is a client's side of a connection. It answers the server's requests
// and forgets its notifications.
type conn struct {
	w      io.Writer
	folder string // a URI
	next   int
	in     chan message
	err    error // why in was closed
}

// connect reads from the server until it ends.
func connect(r io.Reader, w io.Writer, folder string) *conn {
	c := &conn{w: w, folder: folder, in: make(chan message, 16)}
	go c.read(bufio.NewReader(r))
	return c
}

func (c *conn) read(r *bufio.Reader) {
	defer close(c.in)
	for {
		body, err := ReadMessage(r)
		if err != nil {
			c.err = err
			return
		}
		var m message
		if err := json.Unmarshal(body, &m); err != nil {
			c.err = fmt.Errorf("%w: %w in %.80q", ErrFraming, err, body)
			return
		}
		c.in <- m
	}
}

// drain lets the reader end.
func (c *conn) drain() {
	for range c.in {
	}
}

// call asks and waits for the reply, answering what is asked meanwhile.
func (c *conn) call(ctx context.Context, method string, params, into any) error {
	c.next++
	id := strconv.Itoa(c.next)
	if err := c.send(message{ID: json.RawMessage(id), Method: method, Params: encode(params)}); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", method, context.Cause(ctx))
		case m, ok := <-c.in:
			switch {
			case !ok && errors.Is(c.err, io.EOF):
				return fmt.Errorf("%s: %w", method, errEnded)
			case !ok:
				return fmt.Errorf("%s: %w", method, c.err)
			case m.Method != "" && len(m.ID) > 0:
				if err := c.send(answer(m, c.folder)); err != nil {
					return fmt.Errorf("answer %s: %w", m.Method, err)
				}
			case m.Method != "" || string(m.ID) != id:
				// A notification, or a reply to what nobody waits for any more.
			case m.Error != nil:
				return fmt.Errorf("%s: %w", method, m.Error)
			default:
				return decode(method, m.Result, into)
			}
		}
	}
}

func decode(method string, result json.RawMessage, into any) error {
	if into == nil || len(result) == 0 {
		return nil
	}
	if err := json.Unmarshal(result, into); err != nil {
		return fmt.Errorf("%s: the reply makes no sense: %w", method, err)
	}
	return nil
}

func (c *conn) notify(method string, params any) error {
	return c.send(message{Method: method, Params: encode(params)})
}

func encode(params any) json.RawMessage {
	if params == nil {
		return nil
	}
	return mustJSON(params)
}

func (c *conn) send(m message) error {
	m.JSONRPC = "2.0"
	err := WriteMessage(c.w, mustJSON(m))
	if errors.Is(err, syscall.EPIPE) {
		return errEnded
	}
	return err
}
