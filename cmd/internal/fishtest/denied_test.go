package fishtest

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hookRan reports whether the shellHook of the test left its mark. It is not
// sandboxed.
func (b *builds) hookRan() bool {
	_, err := os.Stat(filepath.Join(b.Tmp, "hooked"))
	return err == nil
}

// TestDeniedWhileBuilding: what is being built of a project is ended when it
// is denied. Nothing of it runs afterwards, a line that waits for it goes on
// without it, and so does a shell that has its environment of before.
func TestDeniedWhileBuilding(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	dir := b.flakeWith("p", "touch "+filepath.Join(b.Tmp, "hooked"))
	f := Start(t, b.Bed, Options{})
	mark := f.Session.Mark()
	if err := f.Session.Type("cd " + dir + "; echo got \"<$FROM_FLAKE>\"\r"); err != nil {
		t.Fatal(err)
	}
	f.shows(`devsh: building .*`, mark)
	b.Devsh(t, "deny", dir) // the builder waits for a gate that is shut
	f.await("cd")
	f.shows(`got <>\r?\n`, mark)
	if out := f.OK("echo \"<$FROM_FLAKE$DEVSH_GENERATION>\""); out != "<>\n" {
		t.Errorf("in the denied project: %q", out)
	}
	b.open()
	if pid := b.worker(dir); pid != 0 {
		t.Errorf("process %d is at work on it", pid)
	}
	if out := f.OK("cd /; cd " + dir + "; echo \"<$FROM_FLAKE>\""); out != "<>\n" {
		t.Errorf("in the denied project: %q", out)
	}
	if b.hookRan() {
		t.Error("the shellHook of a denied project ran")
	}
	if strings.Contains(Plain(f.Session.Output(mark)), "error") {
		t.Errorf("the terminal shows %q", Plain(f.Session.Output(mark)))
	}
}

// TestPipeEnds: whoever reads from what started a worker sees its end while that
// goes on, on whichever descriptor.
func TestPipeEnds(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	dir := b.flake("p")
	b.killWorker(dir)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command(b.bin, "enter", "--abi", "1", "--wait", "soon", "--", dir)
	cmd.Env, cmd.Dir = b.Env().List(), b.Home
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = w, w, w, []*os.File{w, w, w}
	err = cmd.Start()
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.SetReadDeadline(time.Now().Add(Limit())); err != nil {
		t.Fatal(err)
	}
	if out, err := io.ReadAll(r); err != nil || len(out) > 0 {
		t.Errorf("%q, %v", out, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if b.worker(dir) == 0 {
		t.Error("nothing is being built")
	}
}

// TestProgressInTheWay: where no progress can be told, it is built all the same.
func TestProgressInTheWay(t *testing.T) {
	t.Parallel()
	for name, put := range map[string]func(path string) error{
		"fifo":      func(p string) error { return syscall.Mkfifo(p, 0o600) },
		"directory": func(p string) error { return os.MkdirAll(p+"/d", 0o700) },
		"link":      func(p string) error { return os.Symlink("victim", p) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBuilds(t)
			dir := b.flake("p")
			b.Devsh(t, "deny", dir)
			place := b.Home + "/state/devsh/v1/tree" + dir + "/@devsh/"
			b.Write(place+"victim", "precious")
			if err := os.RemoveAll(place + "progress"); err != nil {
				t.Fatal(err)
			}
			if err := put(place + "progress"); err != nil {
				t.Fatal(err)
			}
			b.open()
			f := Start(t, b.Bed, Options{})
			arrived := b.onArrival(f)
			f.OK("cd " + dir)
			b.Allow(t, dir)
			awaitFile(t, arrived)
			if data, err := os.ReadFile(place + "victim"); err != nil || string(data) != "precious" {
				t.Errorf("%q, %v", data, err)
			}
		})
	}
}

// TestDistrustedWhileBuilding: a tree that is no longer trusted when a build is
// done gets nothing from it: not for a line that waits, and not by a command
// that read the settings before.
func TestDistrustedWhileBuilding(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	dir := b.flake("p")
	b.Devsh(t, "deny", dir)
	if err := os.RemoveAll(b.Home + "/state/devsh/v1/trust"); err != nil {
		t.Fatal(err)
	}
	b.Write("config/devsh/config.toml", "[trust]\nroots = [\"~/dev\"]\n")
	f := Start(t, b.Bed, Options{})
	mark := f.Session.Mark()
	if err := f.Session.Type("cd " + dir + "; echo got \"<$FROM_FLAKE>\"\r"); err != nil {
		t.Fatal(err)
	}
	f.shows(`devsh: building .*`, mark)
	cmd := exec.Command(b.bin, "exec", "--dir", dir, "--", "true")
	cmd.Env, cmd.Dir = b.Env().List(), b.Home
	says, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := says.Read(make([]byte, 1)); err != nil { // it waits by now
		t.Fatal(err)
	}
	b.Write("config/devsh/config.toml", "# nobody is trusted\n")
	b.open()
	f.await("cd")
	f.shows(`got <>\r?\n`, mark)
	_, _ = io.Copy(io.Discard, says)
	_ = cmd.Wait() // whether it ran is its business: it was typed before
	for range 3 {
		if out := f.OK("cd /; cd " + dir + "; echo \"<$FROM_FLAKE>\""); !strings.HasSuffix(out, "<>\n") { // it is told why
			t.Errorf("afterwards: %q", out)
		}
	}
}
