package fishtest

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
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

// TestAllowApart: with flags of its own «devsh allow» computes nothing, since it
// would be for itself alone, and says nothing of it; the shells see what it
// recorded.
func TestAllowApart(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	dir := b.flake("p")
	b.Devsh(t, "deny", dir)
	b.open()
	out, _ := b.TryDevsh(t, "status", "--json", "--dir", dir)
	var status struct{ Trust struct{ Digest string } }
	if err := json.Unmarshal([]byte(out), &status); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(b.bin, "--layers-off", "default", "allow", "--digest", status.Trust.Digest, "--", dir)
	cmd.Env, cmd.Dir = b.Env().List(), b.Home
	if said, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(said), "background") || strings.Contains(string(said), "says 42") {
		t.Errorf("%v: %s", err, said)
	}
	f := Start(t, b.Bed, Options{})
	if got := f.OK("cd " + dir + "; echo $FROM_FLAKE"); !strings.Contains(got, "p\n") {
		t.Errorf("the shell has %q", got)
	}
}
