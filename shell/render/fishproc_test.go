package render_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fishProcess is one fish that sources files, as the hook does, for as many
// questions as a test has.
type fishProcess struct {
	dir    string
	in     io.Writer
	out    *bufio.Reader
	stderr *strings.Builder
}

// startFish starts a fish that begins with the code; it ends with the test.
func startFish(t testing.TB, code string, args ...string) *fishProcess {
	t.Helper()
	path := fishPath(t)
	p := &fishProcess{dir: t.TempDir(), stderr: &strings.Builder{}}
	loop := "\nwhile read -l file\n    source $file\n    printf 'end\\0'\nend\n"
	start := p.write(t, "start.fish", code+loop)
	cmd := exec.Command(path, append(args, "--no-config", "-c", "source "+start)...)
	cmd.Env = []string{"HOME=" + p.dir, "XDG_CONFIG_HOME=" + p.dir, "XDG_DATA_HOME=" + p.dir, "XDG_STATE_HOME=" + p.dir, "PATH=/usr/bin:/bin", "LANG=C.UTF-8"}
	cmd.Dir = p.dir
	cmd.Stderr = p.stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.in, p.out = in, bufio.NewReader(out)
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait() // fish ends with its input; its status says nothing
	})
	return p
}

// fishPath is the fish to test: $DEVSH_TEST_FISH, or the first in PATH.
func fishPath(t testing.TB) string {
	if path := os.Getenv("DEVSH_TEST_FISH"); path != "" {
		return path
	}
	path, err := exec.LookPath("fish")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func (p *fishProcess) write(t testing.TB, name, text string) string {
	t.Helper()
	file := filepath.Join(p.dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// source has fish source the code and returns what it printed, NUL by NUL.
func (p *fishProcess) source(t testing.TB, code string) []string {
	t.Helper()
	if _, err := fmt.Fprintln(p.in, p.write(t, "code.fish", code)); err != nil {
		t.Fatalf("fish has ended: %v; %s", err, p.stderr)
	}
	var fields []string
	for {
		field, err := p.out.ReadString(0)
		if err != nil {
			t.Fatalf("fish has ended: %v; %s", err, p.stderr)
		}
		field = strings.TrimSuffix(field, "\x00")
		if field == "end" {
			return fields
		}
		fields = append(fields, field)
	}
}
