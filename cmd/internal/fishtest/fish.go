package fishtest

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/session"
)

//go:embed harness.fish
var harness string

// Options say how to start a fish; the zero value is a plain interactive one.
type Options struct {
	Args  []string // after the program's name
	Dir   string   // where to start; empty is the home
	Env   env.Env  // in addition to the bed's
	Watch []string // functions of fish's own that snapshots look at too
}

// Fish is an interactive fish on a terminal. It is for one goroutine.
type Fish struct {
	Session *session.Session

	t       testing.TB
	bed     *Bed
	reports chan report
	last    report         // the prompt at which the shell is
	boots   map[string]int // shells started per process id
	blind   bool           // something draws between the shell and our terminal
	dumps   int
	dir     string // where dumps go
}

// report is one line that the harness wrote: a prompt was drawn.
type report struct {
	pid    string
	boot   int // how many shells that process was before: exec fish keeps the id
	count  string
	status string
}

// Start starts a fish and waits for its first prompt. It is closed when the
// test ends.
func Start(t testing.TB, b *Bed, o Options) *Fish {
	t.Helper()
	dir, err := os.MkdirTemp(b.Tmp, "shell")
	if err != nil {
		t.Fatal(err)
	}
	f := &Fish{t: t, bed: b, dir: dir, reports: make(chan report, 64), boots: map[string]int{}}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	// Open for both, so that neither side waits for the other to open it.
	lines, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	e := b.Env()
	maps.Copy(e, o.Env)
	e["FISHTEST_FIFO"] = fifo
	e["FISHTEST_WATCH"] = strings.Join(o.Watch, " ")
	if o.Dir == "" {
		o.Dir = b.Home
	}
	f.Session, err = session.Start(session.Command{
		Argv: append([]string{b.fish}, o.Args...), Env: e.List(), Dir: o.Dir, Answer: true,
		Size: session.Size{Rows: 50, Cols: 500},
	})
	if err != nil {
		lines.Close()
		t.Fatal(err)
	}
	done := make(chan struct{})
	go f.listen(lines, done)
	t.Cleanup(func() {
		_ = f.Session.Close() // an error here says nothing about devsh
		close(done)
		lines.Close()
	})
	f.await("the first prompt")
	return f
}

// listen reads what the shells report until the FIFO is closed.
func (f *Fish) listen(lines io.Reader, done <-chan struct{}) {
	scanner := bufio.NewScanner(lines)
	for scanner.Scan() {
		r := report{}
		fields := strings.Fields(scanner.Text())
		switch {
		case len(fields) == 2 && fields[0] == "boot":
			f.boots[fields[1]]++
			continue
		case len(fields) == 4 && fields[0] == "prompt":
			r = report{pid: fields[1], boot: f.boots[fields[1]], count: fields[2], status: fields[3]}
		default:
			continue
		}
		select {
		case f.reports <- r:
		case <-done:
			return
		}
	}
}

// await waits for a prompt other than the last one. A prompt that is merely
// drawn again has the same number.
func (f *Fish) await(what string) report {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), Limit())
	defer cancel()
	for {
		select {
		case r := <-f.reports:
			if r.pid == f.last.pid && r.boot == f.last.boot && r.count == f.last.count {
				continue
			}
			f.last = r
			return r
		case <-f.Session.Done():
			f.t.Fatalf("fish ended (%v) instead of showing a prompt after %s; the terminal shows:\n%s",
				f.Session.State(), what, tail(Plain(f.Session.Output(0)), 3000))
		case <-ctx.Done():
			f.t.Fatalf("fish did not come back after %s within %v; the terminal shows:\n%s",
				what, Limit(), tail(Plain(f.Session.Output(0)), 3000))
		}
	}
}

// Run types one command line and waits for the next prompt, be it that of
// this shell, of one started within, or of the one around. It returns what the
// terminal showed of the command, without escape sequences, and the status.
func (f *Fish) Run(line string) (output string, status int) {
	f.t.Helper()
	from := f.Session.Mark()
	before := f.last
	f.typeLine(line)
	r := f.await(fmt.Sprintf("%q", line))
	if _, err := fmt.Sscan(r.status, &status); err != nil {
		f.t.Fatalf("after %q the shell reports the status %q", line, r.status)
	}
	if f.blind || r.pid != before.pid || r.boot != before.boot {
		return "", status // it ended in another shell
	}
	return f.output(from, before.count), status
}

// OK is [Fish.Run] for commands that must succeed.
func (f *Fish) OK(line string) string {
	f.t.Helper()
	out, status := f.Run(line)
	if status != 0 {
		f.t.Fatalf("%q: status %d, output:\n%s", line, status, out)
	}
	return out
}

// Source runs many lines of code at the prompt, as one file.
func (f *Fish) Source(code string) string {
	f.t.Helper()
	f.dumps++
	file := filepath.Join(f.dir, fmt.Sprintf("code%d.fish", f.dumps))
	f.bed.Write(file, code)
	return f.OK(" source " + file)
}

func (f *Fish) typeLine(line string) {
	f.t.Helper()
	if strings.ContainsAny(line, "\n\r\t\x1b") {
		f.t.Fatalf("cannot be typed: %q", line)
	}
	if err := f.Session.Type(line + "\r"); err != nil {
		f.t.Fatal(err)
	}
}

// output returns what the terminal showed between the marks that the harness
// makes around a command.
func (f *Fish) output(from session.Mark, count string) string {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), Limit())
	defer cancel()
	between := regexp.MustCompile(`(?s)\x1b\]7777;begin ` + count + `\x07(.*)\x1b\]7777;end ` + count + `\x07`)
	m, err := f.Session.WaitFor(ctx, between, from)
	if err != nil {
		f.t.Fatal(err)
	}
	return Plain(m.Groups[1])
}

// Within makes the shell and its bed report to a subtest until that ends.
func (f *Fish) Within(t testing.TB) {
	outer, outerBed := f.t, f.bed.t
	f.t, f.bed.t = t, t
	t.Cleanup(func() { f.t, f.bed.t = outer, outerBed })
}

// Blind tells the harness that from now on something, say tmux, stands between
// the shell and the terminal, so that Run can return no output.
func (f *Fish) Blind(blind bool) { f.blind = blind }

// PID returns the process id of the shell at whose prompt we are.
func (f *Fish) PID() string { return f.last.pid }

// Snapshot records the state of the shell at whose prompt we are.
func (f *Fish) Snapshot() State {
	f.t.Helper()
	f.dumps++
	file := filepath.Join(f.dir, fmt.Sprintf("dump%d", f.dumps))
	f.OK(" __fishtest_dump " + file)
	return f.read(file)
}

func (f *Fish) read(file string) State {
	f.t.Helper()
	state, err := os.ReadFile(file + ".state")
	if err != nil {
		f.t.Fatal(err)
	}
	environ, err := os.ReadFile(file + ".env")
	if err != nil {
		f.t.Fatal(err)
	}
	s, err := parseState(state)
	if err != nil {
		f.t.Fatal(err)
	}
	s.Env = ParseEnviron(environ)
	return s
}

// ParseEnviron reads what env -0 writes.
func ParseEnviron(b []byte) env.Env {
	return env.FromList(strings.Split(strings.TrimSuffix(string(b), "\x00"), "\x00"))
}

var escapes = regexp.MustCompile(`\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b\[[0-9;?<=>]*[ -/]*[@-~]|\x1b[ -/]*[0-~]`)

// Plain removes escape sequences and carriage returns from terminal output.
func Plain(b []byte) string {
	return strings.ReplaceAll(string(escapes.ReplaceAll(b, nil)), "\r", "")
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }
