package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/hbohlen/devsh/shell/nixenv"
	"github.com/hbohlen/devsh/shell/nixenv/nixlog"
	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
)

func TestLiveLine(t *testing.T) {
	steps := []nixenv.Progress{
		{Phase: nixlog.Evaluating, What: "fl\x1b[31make.nix"},
		{Phase: nixlog.Building, What: "a-long-name-1.2", Done: 1, Expected: 3},
		{Phase: nixlog.Building, What: "b", Done: 2, Expected: 3},
		{Phase: nixlog.Fetching, What: "漢字漢字漢字漢字漢字"},
	}
	for _, c := range []struct {
		name  string
		width int
		want  string
	}{
		{"no terminal", 0, `devsh: evaluating fl\x1b[31make.nix` + "\ndevsh: building a-long-name-1.2 (1 of 3 done)\ndevsh: fetching 漢字漢字漢字漢字漢字\n"},
		{"a wide one", 80, "|devsh: evaluating fl\\x1b[31make.nix|devsh: building a-long-name-1.2 (1 of 3 done)|devsh: building b (2 of 3 done)|devsh: fetching 漢字漢字漢字漢字漢字|"},
		{"a narrow one", 30, "|devsh: evaluating fl\\x1b[31m…|devsh: building a-long-name-…|devsh: building b (2 of 3 do…|devsh: fetching 漢字漢字漢字…|"},
		{"a tiny one", 2, "|…|…|…|…|"},
	} {
		var out bytes.Buffer
		l := &liveLine{w: &out, width: func() int { return c.width }}
		l.end() // nothing was shown, so nothing is erased
		for _, p := range steps {
			l.show(p)
		}
		l.end()
		l.end()
		if got := strings.ReplaceAll(out.String(), "\r\x1b[K", "|"); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// waiting is a project whose shell needs a derivation that is built only when
// somebody has seen on the screen that it is.
type waiting struct {
	bed       *nixtest.Bed
	home, dir string
	seen      string // the builder waits for this file
}

func newWaiting(t *testing.T) waiting {
	t.Helper()
	w := waiting{bed: nixtest.New(t)}
	w.home = filepath.Join(w.bed.Dir, "home")
	w.dir, w.seen = filepath.Join(w.home, "dev/p"), filepath.Join(w.bed.Dir, "seen")
	nixtest.Flake(t, w.dir, nixtest.Shell{
		Vars:    map[string]string{"FOO": "bar"},
		Builder: "until [ -e " + w.seen + " ]; do read -t 0.05 <> <(:); done; echo >$out",
	})
	return w
}

func (w waiting) run(t *testing.T, stdout, stderr io.Writer, args ...string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return Run(ctx, Env{
		Args: args, Stdin: strings.NewReader(""), Stdout: stdout, Stderr: stderr, Environ: w.bed.Env(),
		Getwd: func() (string, error) { return w.dir, nil }, Now: time.Now, HasTerminal: func() bool { return false },
		Exec: func(string, []string, []string) error { return nil },
		// What is started in the background ends at once: it is left to who waits.
		Executable: func() (string, error) { return "/bin/true", nil },
	})
}

// allow allows the project.
func (w waiting) allow(t *testing.T) {
	t.Helper()
	var out, said bytes.Buffer
	w.run(t, &out, &said, "status", "--json")
	var status struct {
		Trust struct{ Digest string }
	}
	if err := json.Unmarshal(out.Bytes(), &status); err != nil || status.Trust.Digest == "" {
		t.Fatalf("%v in %s%s", err, out.String(), said.String())
	}
	if code := w.run(t, &out, &said, "allow", "--digest", status.Trust.Digest, "--", w.dir); code != 0 {
		t.Fatalf("allow: exit code %d: %s", code, said.String())
	}
}

// writerFunc is a screen.
type writerFunc func(p []byte)

func (f writerFunc) Write(p []byte) (int, error) { f(p); return len(p), nil }

// On a terminal the progress is one line, within its width, and gone at last.
func TestProgressOnATerminal(t *testing.T) {
	w := newWaiting(t)
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 10, Cols: 40}); err != nil {
		t.Fatal(err)
	}
	var screen bytes.Buffer
	done := make(chan bool)
	go func() {
		defer close(done)
		_, _ = io.Copy(writerFunc(func(p []byte) {
			screen.Write(p)
			if bytes.Contains(screen.Bytes(), []byte("building dep")) {
				_ = os.WriteFile(w.seen, nil, 0o600)
			}
		}), master) // ends with an error when the other side is closed
	}()
	w.allow(t)
	code := w.run(t, io.Discard, tty, "env")
	tty.Close()
	<-done
	out := screen.String()
	_, live, ok := strings.Cut(out, "\r\x1b[K")
	if code != 0 || !ok {
		t.Fatalf("exit code %d: %q", code, out)
	}
	steps := strings.Split(live, "\r\x1b[K")
	last := steps[len(steps)-1]
	for _, step := range steps[:len(steps)-1] {
		if n := len([]rune(step)); n > 39 || strings.Contains(step, "\n") || !strings.HasPrefix(step, "devsh: ") {
			t.Errorf("%d columns: %q", n, step)
		}
	}
	if steps[0] != "devsh: evaluating flake.nix" || last != "" {
		t.Errorf("%q", out)
	}
}

// Elsewhere it is a line for each phase.
func TestProgressElsewhere(t *testing.T) {
	w := newWaiting(t)
	var out bytes.Buffer
	screen := writerFunc(func(p []byte) {
		out.Write(p)
		if bytes.Contains(p, []byte("building dep")) {
			nixtest.Write(t, w.seen, "")
		}
	})
	w.allow(t)
	if code := w.run(t, io.Discard, screen, "env"); code != 0 {
		t.Fatalf("exit code %d: %s", code, out.String())
	}
	for _, line := range []string{"devsh: evaluating flake.nix\n", "devsh: building dependency-1.2 (0 of 3 done)\n"} {
		if strings.Count(out.String(), line) != 1 {
			t.Errorf("%q is not there once: %q", line, out.String())
		}
	}
	if strings.Contains(out.String(), "\x1b") || strings.Contains(out.String(), "\r") {
		t.Errorf("it is for a terminal: %q", out.String())
	}
	// The log has what a person reads, and no more.
	out.Reset()
	if code := w.run(t, &out, io.Discard, "log"); code != 0 || !strings.Contains(out.String(), "building '") || strings.Contains(out.String(), "@nix") {
		t.Errorf("log: exit code %d: %s", code, out.String())
	}
	// What is known already is not evaluated, and not told.
	out.Reset()
	if code := w.run(t, io.Discard, screen, "exec", "--", "true"); strings.Contains(out.String(), "evaluating") {
		t.Errorf("exec: %d: %s", code, out.String())
	}
}
