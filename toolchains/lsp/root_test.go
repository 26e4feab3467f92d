package lsp

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestFirstRoot(t *testing.T) {
	many := `"capabilities":{"a":"` + strings.Repeat("x", 5000) + `"}`
	for _, test := range []struct {
		name, body, dir string
		cut             int // so much of it is there; 0 for all
		whole           bool
	}{
		{name: "rootUri", body: `{"id":1,"method":"initialize","params":{"rootUri":"file:///dev/p"}}`, dir: "/dev/p", whole: true},
		{name: "escaped", body: `{"method":"initialize","params":{"rootUri":"file:///dev/a%20b"}}`, dir: "/dev/a b", whole: true},
		{name: "params first", body: `{"params":{"rootUri":"file:///dev/p"},"method":"initialize"}`, dir: "/dev/p", whole: true},
		{name: "rootPath", body: `{"method":"initialize","params":{"rootUri":null,"rootPath":"/dev/p/"}}`, dir: "/dev/p", whole: true},
		{name: "folders", body: `{"method":"initialize","params":{"rootPath":"/x","workspaceFolders":[{"uri":"file:///dev/p","name":"p"}]}}`, dir: "/dev/p", whole: true},
		{name: "rootUri decides", body: `{"method":"initialize","params":{"workspaceFolders":[{"uri":"file:///x"}],"rootUri":"file:///dev/p"}}`, dir: "/dev/p", whole: true},
		{name: "none", body: `{"method":"initialize","params":{"rootUri":null}}`, whole: true},
		{name: "no params", body: `{"method":"initialize"}`, whole: true},
		{name: "another method", body: `{"method":"shutdown","params":{"rootUri":"file:///dev/p"}}`, whole: true},
		{name: "elsewhere", body: `{"method":"initialize","params":{"rootUri":"untitled:x"}}`, whole: true},
		{name: "another machine", body: `{"method":"initialize","params":{"rootUri":"file://host/dev/p"}}`, whole: true},
		{name: "relative", body: `{"method":"initialize","params":{"rootPath":"p"}}`, whole: true},
		{name: "no JSON", body: `hello`, whole: true},
		{name: "a list", body: `[1]`, whole: true},
		{name: "enough of it", body: `{"method":"initialize","params":{"rootUri":"file:///dev/p",` + many + `}}`, cut: 100, dir: "/dev/p", whole: true},
		{name: "not enough", body: `{"method":"initialize","params":{` + many + `,"rootUri":"file:///dev/p"}}`, cut: 100},
		{name: "half a value", body: `{"method":"initialize","params":{"rootUri":"file:///dev/p"}}`, cut: 70},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := framed(test.body)
			if test.cut > 0 {
				data = data[:test.cut]
			}
			if dir, whole := firstRoot([]byte(data)); dir != test.dir || whole != test.whole {
				t.Errorf("%q, %v", dir, whole)
			}
		})
	}
	if _, whole := firstRoot([]byte("Content-Len")); whole {
		t.Error("half a header is taken for a message")
	}
	if _, whole := firstRoot([]byte("no header\r\n\r\n")); !whole {
		t.Error("more is expected of what is no message")
	}
}

func FuzzFirstRoot(f *testing.F) {
	f.Add(framed(`{"method":"initialize","params":{"rootUri":"file:///dev/p"}}`))
	f.Add(framed(`{"method":"initialize","params":{"workspaceFolders":[{"uri":"file:///x"}],"rootPath":"/a/../b"}}`)[:60])
	f.Fuzz(func(t *testing.T, in string) {
		if dir, _ := firstRoot([]byte(in)); dir != "" && (!filepath.IsAbs(dir) || filepath.Clean(dir) != dir) {
			t.Errorf("%q", dir)
		}
	})
}

// pipes are the ways in which clients are connected to a server.
func pipes(t *testing.T) map[string]func() (r, w *os.File) {
	return map[string]func() (r, w *os.File){
		"pipe": func() (r, w *os.File) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			return r, w
		},
		"socket": func() (r, w *os.File) {
			fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
			if err != nil {
				t.Fatal(err)
			}
			return os.NewFile(uintptr(fds[0]), "r"), os.NewFile(uintptr(fds[1]), "w")
		},
	}
}

// TestPeek: the directory is known as soon as it was said, and the server
// reads every byte afterwards.
func TestPeek(t *testing.T) {
	message := framed(`{"id":1,"method":"initialize","params":{"rootUri":"file:///dev/p","capabilities":{"x":"` + strings.Repeat("y", 100_000) + `"}}}`)
	for name, make := range pipes(t) {
		t.Run(name, func(t *testing.T) {
			r, w := make()
			defer r.Close()
			done := writeSlowly(w, message)
			dir, err := Peek(t.Context(), r)
			if dir != "/dev/p" || err != nil {
				t.Errorf("%q, %v", dir, err)
			}
			all, err := io.ReadAll(r)
			if string(all) != message || err != nil {
				t.Errorf("the server reads %d of %d bytes, %v", len(all), len(message), err)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

// writeSlowly writes in pieces, as a client may.
func writeSlowly(w *os.File, message string) <-chan error {
	done := make(chan error, 1)
	go func() {
		var err error
		for part := message; part != "" && err == nil; {
			n := min(len(part), 50)
			if len(part) < len(message)-200 {
				n = len(part)
			}
			_, err = w.WriteString(part[:n])
			part = part[n:]
		}
		w.Close()
		done <- err
	}()
	return done
}

// TestPeekEnds: a client that ends, or says nothing, is not waited for.
func TestPeekEnds(t *testing.T) {
	for name, make := range pipes(t) {
		t.Run(name+" closed", func(t *testing.T) {
			r, w := make()
			defer r.Close()
			w.Close()
			if dir, err := Peek(t.Context(), r); dir != "" || err != nil {
				t.Errorf("%q, %v", dir, err)
			}
		})
		t.Run(name+" silent", func(t *testing.T) {
			r, w := make()
			defer r.Close()
			defer w.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			if dir, err := Peek(ctx, r); dir != "" || err != nil {
				t.Errorf("%q, %v", dir, err)
			}
		})
	}
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := Peek(t.Context(), file); err != ErrNoPeek {
		t.Errorf("a device: %v", err)
	}
}
