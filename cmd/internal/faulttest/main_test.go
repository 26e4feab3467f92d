package faulttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hbohlen/devsh/cmd/internal/fishtest"
)

// devshBinary is the devsh under test; TestMain sets it.
var devshBinary string

func TestMain(m *testing.M) {
	os.Exit(fishtest.Main(m, os.Stderr, func(devsh string) { devshBinary = devsh }))
}

const project = "[env]\nA = \"a\"\nfile = [\".env\"]\n[path]\nprepend = [\"bin\"]\n"

// bed is a scratch home with an allowed project p, in which A is "a" and B
// what its .env says.
type bed struct {
	*fishtest.Bed
	t   *testing.T
	p   string
	uid uint32 // whose home it is
	// stateHome is XDG_STATE_HOME where it is not the bed's.
	stateHome string
}

func newBed(t *testing.T) *bed {
	t.Helper()
	b := &bed{Bed: fishtest.NewBed(t, devshBinary), t: t, uid: uint32(os.Geteuid())}
	b.p = b.Project("p", project)
	b.Write(b.p+"/.env", "B=1\n")
	b.Allow(t, b.p)
	return b
}

// state is devsh's state directory.
func (b *bed) state() string { return filepath.Join(b.Home, "state/devsh/v1") }

// give makes the whole home another user's, as whom all is run from then on.
func (b *bed) give(uid uint32) {
	b.t.Helper()
	if os.Geteuid() != 0 {
		b.t.Skip("only root can act as other users")
	}
	b.uid = uid
	if err := os.Chmod(b.Tmp, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if out, err := exec.Command("chown", "-hR", fmt.Sprintf("%d:%d", uid, uid), b.Home).CombinedOutput(); err != nil {
		b.t.Fatalf("%v: %s", err, out)
	}
}

// command is a program in the bed's environment, without a terminal.
func (b *bed) command(name string, args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(b.t.Context(), fishtest.Limit())
	b.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, name, args...)
	environ := b.Env()
	if b.stateHome != "" {
		environ["XDG_STATE_HOME"] = b.stateHome
	}
	cmd.Env = environ.List()
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.WaitDelay = time.Second
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // all of its session
	if int(b.uid) != os.Geteuid() {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: b.uid, Gid: b.uid}
	}
	return cmd
}

// result is what a program left.
type result struct {
	stdout, stderr string
	code           int
}

func (b *bed) run(cmd *exec.Cmd) result {
	b.t.Helper()
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		b.t.Fatalf("%q: %v\nstandard output %q\nstandard error %s", cmd.Args, err, out.String(), errs.String())
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// devsh runs devsh and returns what came of it.
func (b *bed) devsh(args ...string) result {
	b.t.Helper()
	return b.run(b.command(devshBinary, args...))
}

// ofFish is what fish itself writes at a prompt: bracketed paste, and in fish 4 where it is.
var ofFish = regexp.MustCompile(`\x1b\[\?2004[hl]|\x1b\]7;[^\x07]*\x07`)

// visit is an editor's fish that goes into the project, reads a line and says
// what it sees, and once more after it left. Whatever was broken, it must read
// the line, print just that, and end well.
func (b *bed) visit(dir string) (inside, outside, stderr string) {
	b.t.Helper()
	fish, err := fishtest.FindFish()
	if err != nil {
		b.t.Fatal(err)
	}
	cmd := b.command(fish, "-i", "-c", "emit fish_prompt; cd "+fishtest.Quote(dir)+`; emit fish_prompt
		read -l line; printf '%s;A=%s;B=%s\n' $line "$A" "$B"; emit fish_prompt; cd /; emit fish_prompt; printf 'A=%s;B=%s\n' "$A" "$B"`)
	cmd.Stdin = strings.NewReader("the line\n")
	r := b.run(cmd)
	r.stdout = ofFish.ReplaceAllString(r.stdout, "")
	lines := strings.Split(r.stdout, "\n")
	if r.code != 0 || len(lines) != 3 || !strings.HasPrefix(lines[0], "the line;") || lines[1] != "A=;B=" {
		b.t.Errorf("fish: exit code %d\nstandard output %q\nstandard error %s", r.code, r.stdout, r.stderr)
		return "", "", r.stderr
	}
	return strings.TrimPrefix(lines[0], "the line;"), lines[1], r.stderr
}

// said counts the things that devsh said on standard error.
func said(stderr string) int { return strings.Count("\n"+stderr, "\ndevsh: ") }

// digestOf is what status shows for the project.
func digestOf(t *testing.T, b *bed) string {
	t.Helper()
	var status struct{ Trust struct{ Digest string } }
	r := b.devsh("status", "--json", "--dir", b.p)
	if err := json.Unmarshal([]byte(r.stdout), &status); err != nil || status.Trust.Digest == "" {
		t.Fatalf("%v: %+v", err, r)
	}
	return status.Trust.Digest
}
