package shelltest

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
)

// TestFlakeInPosix: a change of a flake is built in the background; prompts are
// there meanwhile, and one of them has what was built, with the functions and
// aliases of the shellHook. A failure keeps the last good one and is told once.
func TestFlakeInPosix(t *testing.T) {
	eachPosix(t, func(t *testing.T, b *bed, shell string) {
		nix := nixtest.New(t)
		vars := env.FromList(nix.Env())
		maps.DeleteFunc(vars, func(name, _ string) bool { return !strings.HasPrefix(name, "NIX_") })
		vars["PATH"] = b.Tmp + "/bin:" + nix.Dir + "/bin:/usr/bin:/bin"
		b.AddEnv(vars)
		dir, gate := filepath.Join(b.Dev, "flake"), filepath.Join(b.Tmp, "gate")
		flake := func(value, builder string) {
			nixtest.Flake(t, dir, nixtest.Shell{
				Vars:    map[string]string{"FROM_FLAKE": value},
				Hook:    "greet() { echo \"greetings, $*, from $FROM_FLAKE\"; }; alias there='cd /'; echo the hook of $FROM_FLAKE",
				Builder: "PATH=/usr/bin:/bin; " + builder + "; echo " + value + " >$out",
			})
			b.Allow(t, dir)
		}
		flake("first", "true")
		s := b.start(t, "devsh shell --shell "+shell+" "+dir)
		s.ready()
		s.says("echo $FROM_FLAKE", "first")
		s.enter("greet you  'and me'; there; pwd; cd - >/dev/null")
		s.expect("greetings, you and me, from first\r\n/\r\n")

		flake("second", "until [[ -e "+gate+" ]]; do sleep 0.02; done")
		s.ready()
		s.says("echo $FROM_FLAKE $DEVSH_STATE", "first building")
		// A killed worker is followed by another, for which no prompt waits either.
		worker := b.worker(t, dir)
		kill(t, worker, syscall.SIGKILL)
		eventually(t, func() bool { s.ready(); now := b.worker(t, dir); return now != 0 && now != worker })
		s.says("echo $FROM_FLAKE $DEVSH_STATE", "first building")
		b.Write(gate, "")
		s.until("echo $FROM_FLAKE$DEVSH_STATE", "second")
		if s.count("the hook of second") != 1 || s.count("devsh: flake (flake.nix): ") != 2 || s.count("being built") != 1 {
			t.Errorf("the terminal shows:\n%s", s.Output(0))
		}
		s.enter("greet you")
		s.expect("greetings, you, from second")

		flake("third", "echo it is b''roken; exit 1")
		s.until("echo $DEVSH_STATE", "failed")
		s.says("echo $FROM_FLAKE", "second")
		for range 3 {
			s.ready()
		}
		if n := s.count("devsh: flake: error"); n > 1 {
			t.Errorf("the failure is told %d times", n)
		}
		if n := s.count("the last good environment stays"); n != 1 {
			t.Errorf("it is told %d times that the last good one stays:\n%s", n, s.Output(0))
		}
	})
}

// worker is the process that builds the project's environment, or 0.
func (b *bed) worker(t *testing.T, dir string) int {
	t.Helper()
	var status struct{ Worker int }
	if err := json.Unmarshal([]byte(b.Devsh(t, "status", "--json", dir)), &status); err != nil {
		t.Fatal(err)
	}
	return status.Worker
}

// until asks, a prompt each time, until the answer is the one.
func (s *screen) until(command, want string) {
	s.t.Helper()
	eventually(s.t, func() bool { return s.ask(command) == want })
}
