package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Server is how to start one.
type Server struct {
	Argv []string // the first is a path
	Env  []string
}

// Fixture is what a server has to understand.
type Fixture struct {
	// Files are written into an empty directory, by their path in it.
	Files map[string]string
	// Open is the file that is opened; Language its language as the protocol
	// names it.
	Open, Language string
	// Symbol is what the server has to find in it. Without one the reply to
	// initialize is all that is asked for: not every server knows symbols.
	Symbol string
	// Options are the initializationOptions; nil for none.
	Options json.RawMessage
}

// Report is what a server that works said.
type Report struct {
	Name, Version string // "" where it does not say
	Symbols       []string
	// Ready is how long it took until the reply to initialize, Took all of it.
	Ready, Took time.Duration
}

// Why a server does not work, beside what it says itself.
var (
	errEnded = errors.New("the server ended instead of answering")
	// ErrSymbol says that the server did not find what is in the file.
	ErrSymbol = errors.New("the server does not find what is in the file")
	// ErrSlow says that the time is up.
	ErrSlow = errors.New("the server did not answer in time")
)

const (
	// tries is how often symbols are asked for: a server may want to load the
	// project first.
	tries     = 50
	triesWait = 100 * time.Millisecond
	endWait   = 2 * time.Second // for the server to end
)

// Check starts the server in a directory of its own, talks to it and ends it.
// The error says what went wrong, with the first line that the server said on
// standard error; it wraps [ErrSlow], [ErrSymbol], [ErrFraming] or what the
// server answered. ctx gives the time.
func Check(ctx context.Context, s Server, f Fixture) (report Report, err error) {
	dir, err := write(f)
	if err != nil {
		return report, err
	}
	defer os.RemoveAll(dir) // in the directory for temporary files
	began := time.Now()
	p, err := start(s, dir)
	if err != nil {
		return report, err
	}
	c := connect(p.stdout, p.stdin, uri(dir))
	err = prove(ctx, c, f, dir, &report, began)
	report.Took = time.Since(began)
	if err == nil {
		goodbye(ctx, c)
	}
	p.end(c, err == nil || errors.Is(err, errEnded))
	if err != nil && errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%w: %w", ErrSlow, err)
	}
	if err != nil {
		err = p.explain(err)
	}
	return report, err
}

func write(f Fixture) (dir string, err error) {
	// The real name: servers compare it with what they find themselves.
	tmp, err := filepath.EvalSymlinks(os.TempDir())
	if err != nil {
		return "", fmt.Errorf("make a project for the proof: %w", err)
	}
	dir, err = os.MkdirTemp(tmp, "devsh-lsp-")
	if err != nil {
		return "", fmt.Errorf("make a project for the proof: %w", err)
	}
	for name, text := range f.Files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			return "", errors.Join(fmt.Errorf("make a project for the proof: %w", err), os.RemoveAll(dir))
		}
	}
	return dir, nil
}

// prove asks what has to be answered.
func prove(ctx context.Context, c *conn, f Fixture, dir string, report *Report, began time.Time) error {
	var hello struct {
		ServerInfo   struct{ Name, Version string }
		Capabilities map[string]json.RawMessage
	}
	if err := c.call(ctx, "initialize", initialize(dir, f), &hello); err != nil {
		return err
	}
	if hello.Capabilities == nil {
		return errors.New("initialize: the reply names no capabilities")
	}
	report.Ready, report.Name, report.Version = time.Since(began), hello.ServerInfo.Name, hello.ServerInfo.Version
	if err := c.notify("initialized", struct{}{}); err != nil {
		return fmt.Errorf("initialized: %w", err)
	}
	if f.Symbol == "" {
		return nil
	}
	document := map[string]any{"uri": uri(filepath.Join(dir, f.Open)), "languageId": f.Language, "version": 1, "text": f.Files[f.Open]}
	if err := c.notify("textDocument/didOpen", map[string]any{"textDocument": document}); err != nil {
		return fmt.Errorf("textDocument/didOpen: %w", err)
	}
	return c.symbols(ctx, document["uri"].(string), f.Symbol, report)
}

// symbols asks for the symbols of a file until the one that has to be there is.
func (c *conn) symbols(ctx context.Context, document, want string, report *Report) error {
	params := map[string]any{"textDocument": map[string]string{"uri": document}}
	for n := 1; ; n++ {
		var found []struct{ Name string }
		err := c.call(ctx, "textDocument/documentSymbol", params, &found)
		if err != nil && !again(err) {
			return err
		}
		report.Symbols = nil
		for _, s := range found {
			if s.Name == want {
				err = nil
				want = ""
			}
			report.Symbols = append(report.Symbols, s.Name)
		}
		if want == "" {
			return nil
		}
		if n == tries {
			return errors.Join(fmt.Errorf("%w: %q is not among %q", ErrSymbol, want, report.Symbols), err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("textDocument/documentSymbol: %w", context.Cause(ctx))
		case <-time.After(triesWait):
		}
	}
}

// goodbye ends the conversation as the protocol has it. What the server makes
// of it is no proof of anything: tsc exits with 1 after it.
func goodbye(ctx context.Context, c *conn) {
	ctx, cancel := context.WithTimeout(ctx, endWait)
	defer cancel()
	if c.call(ctx, "shutdown", nil, nil) == nil {
		_ = c.notify("exit", nil) // it is ended anyway
	}
}

func initialize(dir string, f Fixture) map[string]any {
	params := map[string]any{
		"processId":        os.Getpid(),
		"clientInfo":       map[string]string{"name": "devsh"},
		"rootPath":         dir,
		"rootUri":          uri(dir),
		"workspaceFolders": []any{map[string]string{"uri": uri(dir), "name": filepath.Base(dir)}},
		"capabilities": map[string]any{
			"workspace":    map[string]any{"configuration": true, "workspaceFolders": true},
			"window":       map[string]any{"workDoneProgress": true},
			"textDocument": map[string]any{"documentSymbol": map[string]any{"hierarchicalDocumentSymbolSupport": true}},
		},
	}
	if f.Options != nil {
		params["initializationOptions"] = f.Options
	}
	return params
}

// uri is the URI of an absolute path.
func uri(path string) string { return (&url.URL{Scheme: "file", Path: path}).String() }

// firstLine is the first line that says something.
func firstLine(text string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}
