package activation

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// listener says when it is woken, and answers lines.
const listener = `trap 'echo woken' URG; echo ready; while read -r x; do echo "line $x"; done`

// silent does the same without a handler.
const silent = `echo ready; while read -r x; do echo "line $x"; done`

// child is a process that may look like a shell, the signal blocked or not.
type child struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Reader
}

// startChild starts a bash under some name that runs code.
func startChild(t *testing.T, name, code string, blocked bool, attr *syscall.SysProcAttr) *child {
	t.Helper()
	dir, err := os.MkdirTemp("", "wake")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, name)
	if err := os.Symlink("/bin/bash", program); err != nil {
		t.Fatal(err)
	}
	argv := []string{program, "-c", code}
	if blocked {
		argv = append([]string{"env", "--block-signal=URG"}, argv...)
	}
	c := &child{t: t, cmd: exec.CommandContext(t.Context(), argv[0], argv[1:]...)}
	c.cmd.SysProcAttr = attr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	})
	c.expect("ready")
	return c
}

func (c *child) expect(want string) {
	c.t.Helper()
	if got, err := c.out.ReadString('\n'); err != nil || got != want+"\n" {
		c.t.Fatalf("the child says %q (%v), want %q", got, err, want)
	}
}

// said is what the child says before it answers a line: it is alive.
func (c *child) said() (before []string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, "x\n"); err != nil {
		c.t.Fatal(err)
	}
	for {
		got, err := c.out.ReadString('\n')
		if err != nil {
			c.t.Fatal(err)
		}
		if got == "line x\n" {
			return before
		}
		before = append(before, strings.TrimSuffix(got, "\n"))
	}
}

// pending reports whether the signal, which the child blocks, was sent to it.
func (c *child) pending() bool {
	c.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		c.t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if mask, ok := strings.CutPrefix(line, "ShdPnd:"); ok {
			set, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
			if err != nil {
				c.t.Fatal(err)
			}
			return set&(1<<(wakeSignal-1)) != 0
		}
	}
	c.t.Fatalf("no ShdPnd in %s", status)
	return false
}

// note makes the child's notes, as old as is said.
func (b *bed) noteOf(c *child, project string, age time.Duration) {
	b.t.Helper()
	if err := b.Store.Stands(c.cmd.Process.Pid, project); err != nil {
		b.t.Fatal(err)
	}
	when := time.Now().Add(-age)
	if err := os.Chtimes(filepath.Join(b.Store.Shells(), strconv.Itoa(c.cmd.Process.Pid)), when, when); err != nil {
		b.t.Fatal(err)
	}
}

// TestWakeOnlyShells: the signal goes to the shell that made the notes, and to no
// other program that has its number now.
func TestWakeOnlyShells(t *testing.T) {
	type test struct {
		name, program, code string
		age                 time.Duration
		noNotes, signalled  bool
		attr                *syscall.SysProcAttr
	}
	tests := []test{
		{name: "the shell", program: "fish", code: listener, signalled: true},
		{name: "a wrapped one", program: ".fish-wrapped", code: listener, signalled: true},
		{name: "no notes", program: "fish", code: listener, noNotes: true},
		{name: "the clock was set by hours meanwhile", program: "fish", code: listener, age: 8 * time.Hour, signalled: true},
		{name: "the clock was set meanwhile", program: "fish", code: listener, age: time.Minute, signalled: true},
		{name: "no handler", program: "fish", code: silent},
		{name: "exec of what has no handler", program: "fish", code: "trap 'echo woken' URG; exec -a fish bash -c '" + silent + "'"},
		{name: "exec of what has one", program: "fish", code: "exec bash -c '" + strings.ReplaceAll(listener, "'", `'\''`) + "'"},
		{name: "another program", program: "bash", code: listener},
	}
	if os.Geteuid() == 0 {
		tests = append(tests, test{name: "another user's", program: "fish", code: listener,
			attr: &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}})
	}
	for _, tt := range tests {
		for _, blocked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, blocked %t", tt.name, blocked), func(t *testing.T) {
				t.Parallel()
				b := newBed(t)
				if err := b.Store.Open(); err != nil {
					t.Fatal(err)
				}
				project := filepath.Join(b.dev, "p")
				c := startChild(t, tt.program, tt.code, blocked, tt.attr)
				if !tt.noNotes {
					b.noteOf(c, project, tt.age)
				}
				b.wake(project, b.Store.Place(project), b.Parent)
				b.Store.wakeShell(c.cmd.Process.Pid) // whoever asks for it
				if live := len(b.Store.LiveShells()); tt.signalled && live != 1 {
					t.Errorf("%d shells are known", live)
				}
				if blocked {
					if got := c.pending(); got != tt.signalled {
						t.Errorf("signalled: %t", got)
					}
					return
				}
				if got := slices.Contains(c.said(), "woken"); got != tt.signalled {
					t.Errorf("woken: %t", got)
				}
			})
		}
	}
}

// TestWakeEnded: a shell that has ended, also one that nobody has waited for
// yet, and the caller's own are no trouble; a shell elsewhere is left alone.
func TestWakeEnded(t *testing.T) {
	b := newBed(t)
	if err := b.Store.Open(); err != nil {
		t.Fatal(err)
	}
	project := filepath.Join(b.dev, "p")
	place := b.Store.Place(project)
	ended, elsewhere, parent := startChild(t, "fish", listener, false, nil), startChild(t, "fish", listener, false, nil), startChild(t, "fish", listener, false, nil)
	b.noteOf(ended, project, 0)
	b.noteOf(elsewhere, project+"-else", 0)
	b.noteOf(parent, project, 0)
	b.Parent = parent.cmd.Process.Pid
	if err := ended.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := ended.out.ReadString('\n'); err != io.EOF {
		t.Fatal(err) // it is a zombie now
	}
	b.wake(project, place, b.Parent)
	_ = ended.cmd.Wait() // killed
	b.wake(project, place, b.Parent)
	if _, err := os.Stat(filepath.Join(b.Store.Shells(), strconv.Itoa(ended.cmd.Process.Pid))); !os.IsNotExist(err) {
		t.Errorf("the ended shell's notes: %v", err)
	}
	if said := elsewhere.said(); len(said) > 0 {
		t.Errorf("the shell elsewhere: %q", said)
	}
	if said := parent.said(); len(said) > 0 {
		t.Errorf("the shell that looks anyway: %q", said)
	}
}
