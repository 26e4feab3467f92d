package lsp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Limits of what a server may say: far more than any sends during a proof.
const (
	maxHeader  = 8 << 10
	maxHeaders = 32
	maxBody    = 32 << 20 // bytes
)

// ErrFraming says that what was said is not the protocol's: on standard output
// a server may say nothing else.
var ErrFraming = errors.New("this is not the language server protocol")

// ReadMessage reads one message. It returns io.EOF if there is none, and
// io.ErrUnexpectedEOF if it is cut short.
func ReadMessage(r *bufio.Reader) ([]byte, error) {
	length, err := readHeaders(r)
	if err != nil {
		return nil, err
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, fmt.Errorf("read a message: %w", io.ErrUnexpectedEOF)
	}
	return body, nil
}

// readHeaders returns the length of the body in bytes.
func readHeaders(r *bufio.Reader) (length int, err error) {
	length = -1
	for n := 0; ; n++ {
		line, err := readLine(r)
		if errors.Is(err, io.EOF) && line == "" && n == 0 {
			return 0, io.EOF
		}
		if err != nil {
			return 0, err
		}
		if line == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || n == maxHeaders {
			return 0, fmt.Errorf("%w: it begins with %.80q", ErrFraming, line)
		}
		if !strings.EqualFold(strings.TrimSpace(name), "Content-Length") {
			continue
		}
		length, err = strconv.Atoi(strings.TrimSpace(value))
		if err != nil || length < 0 || length > maxBody {
			return 0, fmt.Errorf("%w: a message of %.40q bytes", ErrFraming, strings.TrimSpace(value))
		}
	}
	if length < 0 {
		return 0, fmt.Errorf("%w: a message without its length", ErrFraming)
	}
	return length, nil
}

// readLine reads a line of bounded length, without its end.
func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	for len(line) <= maxHeader {
		c, err := r.ReadByte()
		if err != nil {
			if len(line) > 0 && errors.Is(err, io.EOF) {
				err = fmt.Errorf("%w: it ends with %.80q", ErrFraming, line)
			}
			return string(line), err
		}
		if c == '\n' {
			return strings.TrimSuffix(string(line), "\r"), nil
		}
		line = append(line, c)
	}
	return "", fmt.Errorf("%w: a header longer than %d bytes", ErrFraming, maxHeader)
}

// WriteMessage writes one message. Its length counts bytes, not characters.
func WriteMessage(w io.Writer, body []byte) error {
	_, err := fmt.Fprintf(w, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return err
}
