package program

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"runs": 0o755, "reads": 0o644} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for _, c := range []struct{ path, name, want string }{
		{"/nothing:" + dir, "runs", filepath.Join(dir, "runs")},
		{dir, "reads", ""},
		{dir, "missing", ""},
		{".::relative", "runs", ""},
	} {
		if got := Find(c.path, c.name); got != c.want {
			t.Errorf("%s in %s: %q", c.name, c.path, got)
		}
	}
}

// Nothing is left of a program that was ended, one that does not listen, or one
// that ended by itself: who keeps the pipe has to be gone for it to be closed.
func TestRun(t *testing.T) {
	for name, script := range map[string]string{
		"ends by itself": "sleep 1000 >&3 & echo started",
		"is asked":       "sleep 1000 & echo started; wait",
		"does not hear":  "trap '' TERM; echo started; while :; do sleep 1000; done",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cmd := exec.Command("sh", "-c", script)
			cmd.Stdout, cmd.ExtraFiles = w, []*os.File{w}
			ended := make(chan error, 1)
			go func() {
				ended <- Run(ctx, cmd, syscall.SIGTERM)
				w.Close()
			}()
			out := bufio.NewReader(r)
			if line, err := out.ReadString('\n'); line != "started\n" {
				t.Fatalf("%q, %v", line, err)
			}
			if name != "ends by itself" {
				cancel()
			}
			if err := r.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if rest, err := out.ReadString(0); err == nil || !strings.Contains(err.Error(), "EOF") {
				t.Errorf("something keeps running: %q, %v", rest, err)
			}
			if err := <-ended; (err == nil) != (name == "ends by itself") {
				t.Error(err)
			}
			cancel()
		})
	}
}

func TestRunNothing(t *testing.T) {
	if err := Run(t.Context(), exec.Command("/nothing"), syscall.SIGTERM); !os.IsNotExist(err) {
		t.Error(err)
	}
}
