package install

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/hbohlen/devsh/shell/program"
)

// How much is kept of what a program writes.
const (
	maxStdout = 64 << 20
	maxStderr = 256 << 10
)

// Command is another program that does something for a tool.
type Command struct {
	// Doing is what for, as in [Error].
	Doing string
	Path  string
	Args  []string
	Dir   string
	Env   map[string]string
	Limit time.Duration
	// Reason finds in what the program wrote the line that says what is wrong,
	// and a hint; both may be empty.
	Reason func(stdout, stderr string) (reason, hint string)
	// Warned finds in what a program wrote that ended well what is wrong all the
	// same; nil finds nothing.
	Warned func(stderr string) (reason, hint string)
}

// Run runs it and returns what it printed. The error is a [*Error], or the
// context's.
func (c Command) Run(ctx context.Context) ([]byte, error) {
	limit, cancel := context.WithTimeout(ctx, c.Limit)
	defer cancel()
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Dir = c.Dir
	for k, v := range c.Env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	stdout, stderr := &head{limit: maxStdout}, &head{limit: maxStderr}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := program.Run(limit, cmd, syscall.SIGTERM)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", c.Doing, context.Cause(ctx))
	case limit.Err() != nil:
		return nil, &Error{
			Doing: c.Doing, Err: limit.Err(), Reason: fmt.Sprintf("%s took longer than %s", filepath.Base(c.Path), c.Limit),
			Hint: "is the network slow, or does a registry not answer? Try again: what was downloaded is kept",
		}
	case stdout.over:
		return nil, &Error{Doing: c.Doing, Reason: filepath.Base(c.Path) + " printed more than 64 MiB"}
	case err == nil:
		if c.Warned != nil {
			if reason, hint := c.Warned(stderr.data.String()); reason != "" {
				return nil, &Error{Doing: c.Doing, Reason: reason, Hint: hint}
			}
		}
		return stdout.data.Bytes(), nil
	}
	e := &Error{Doing: c.Doing, Err: err}
	if c.Reason != nil {
		e.Reason, e.Hint = c.Reason(stdout.data.String(), stderr.data.String())
	}
	if e.Reason == "" {
		e.Reason = filepath.Base(c.Path) + ": " + err.Error()
		if line := firstLine(stderr.data.String()); line != "" {
			e.Reason += ": " + line
		}
	}
	return stdout.data.Bytes(), e
}

// firstLine is the first line that is not blank.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// head keeps the beginning of what is written.
type head struct {
	data  bytes.Buffer
	limit int
	over  bool
}

func (h *head) Write(p []byte) (int, error) {
	room := h.limit - h.data.Len()
	if len(p) > room {
		h.over = true
	}
	h.data.Write(p[:min(len(p), room)])
	return len(p), nil
}

// Hint is what to do where a program wrote a word.
type Hint struct{ Word, Hint string }

// HintFor returns the first hint whose word is in a text: those of the backend,
// then those that hold for all. Cache names what can be installed from offline.
func HintFor(text, cache string, own ...Hint) string {
	offline := "offline, what is in " + cache + " can be installed from the lock: «devsh tools install --locked»"
	for _, h := range slices.Concat(own, []Hint{
		{"no space left", noRoom}, {"No space left", noRoom}, {"file too large", noRoom}, {"File too large", noRoom},
		{"dial tcp", offline}, {"no such host", offline}, {"Could not resolve host", offline}, {"Could not connect", offline},
		{"Couldn't connect", offline}, {"dns error", offline}, {"Connection refused", offline}, {"onnection reset", offline},
	}) {
		if strings.Contains(text, h.Word) {
			return h.Hint
		}
	}
	return ""
}

const noRoom = "make room, and try again"

// Beware is the hint where something is not what it must be.
const Beware = "what was downloaded is not what it has to be: find out why before anything else"
