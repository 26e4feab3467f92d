package lsp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestReadMessage(t *testing.T) {
	long := strings.Repeat("x", maxHeader+1)
	for _, test := range []struct {
		name, in, want string
		err            error
	}{
		{"one", "Content-Length: 2\r\n\r\n{}", "{}", nil},
		{"bytes, not characters", "Content-Length: 4\r\n\r\n\"é\"", `"é"`, nil},
		{"another header", "Content-Type: x\r\ncontent-length:2\r\n\r\n{}", "{}", nil},
		{"bare newlines", "Content-Length: 2\n\n{}", "{}", nil},
		{"nothing", "", "", io.EOF},
		{"cut short", "Content-Length: 3\r\n\r\n{}", "", io.ErrUnexpectedEOF},
		{"cut in the header", "Content-Le", "", ErrFraming},
		{"words", "Unknown binary 'rust-analyzer'\n", "", ErrFraming},
		{"negative", "Content-Length: -1\r\n\r\n", "", ErrFraming},
		{"huge", "Content-Length: 99999999999\r\n\r\n", "", ErrFraming},
		{"no length", "A: b\r\n\r\n", "", ErrFraming},
		{"a line without end", long, "", ErrFraming},
		{"headers without end", strings.Repeat("A: b\r\n", maxHeaders+1), "", ErrFraming},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ReadMessage(bufio.NewReader(strings.NewReader(test.in)))
			if string(got) != test.want || !errors.Is(err, test.err) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func FuzzReadMessage(f *testing.F) {
	f.Add("Content-Length: 2\r\n\r\n{}")
	f.Add("content-length:4\n\n\"é\"")
	f.Fuzz(func(t *testing.T, in string) {
		body, err := ReadMessage(bufio.NewReader(strings.NewReader(in)))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := WriteMessage(&out, body); err != nil {
			t.Fatal(err)
		}
		again, err := ReadMessage(bufio.NewReader(&out))
		if err != nil || !bytes.Equal(again, body) {
			t.Errorf("%q became %q, %v", body, again, err)
		}
	})
}

func framed(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }
