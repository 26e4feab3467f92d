package fishtest

import (
	"os/exec"
	"strings"
	"testing"
)

// TestWatch: when what was waited for is ready, «devsh status --watch» says who
// has it: its own environment is that of before.
func TestWatch(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	dir := b.flake("p")
	f := Start(t, b.Bed, Options{})
	f.OK("cd " + dir)
	elsewhere := exec.Command(b.bin, "status", "--watch", dir)
	elsewhere.Env, elsewhere.Dir = b.Env().List(), b.Home
	var says strings.Builder
	elsewhere.Stdout, elsewhere.Stderr = &says, &says
	if err := elsewhere.Start(); err != nil {
		t.Fatal(err)
	}
	mark := f.Session.Mark()
	if err := f.Session.Type("devsh status --watch\r"); err != nil {
		t.Fatal(err)
	}
	f.shows(`devsh: building .*`, mark)
	b.open()
	f.await("watching")
	f.shows("ready: this shell has it at its next prompt", mark)
	if got := f.OK("echo $FROM_FLAKE"); got != "p\n" {
		t.Errorf("the next prompt has %q", got)
	}
	if err := elsewhere.Wait(); err != nil || !strings.Contains(says.String(), "p (project): ready: shells that stand in it have it\n") {
		t.Errorf("elsewhere: %v %s", err, says.String())
	}
	if got := f.OK("devsh status --watch"); !strings.Contains(got, "p (project): active\n") {
		t.Errorf("where it is active: %s", got)
	}
}
