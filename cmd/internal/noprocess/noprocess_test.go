package noprocess

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/cmd/internal/fishtest"
	"github.com/hbohlen/devsh/cmd/internal/sample"
)

// times is how often a shell does each thing.
const times = 10

// prelude tells the trace where a phase begins and ends, and does things as
// the prompt does them, for counting: without the line editor, whose calls are
// never twice the same.
const prelude = `
function mark; test -e ` + markDir + `/$argv[1]; true; end
function count_idle; for i in $argv; emit fish_prompt; end; end
function count_cd; for i in $argv; cd sub; emit fish_prompt; cd ..; emit fish_prompt; end; end
function count_enter; for i in $argv; cd ~/dev/rich; emit fish_prompt; cd ~; emit fish_prompt; end; end
function count_process; for i in $argv; set x (command true); end; end
`

// TestNoProcess is the promise: nothing that a person does in a project of
// which all is known starts a process, and the number of known projects is no
// matter.
func TestNoProcess(t *testing.T) {
	one, many := everything(t, 1), everything(t, 10_000)
	for _, name := range []string{"typed-idle", "typed-cd", "typed-enter", "idle", "cd", "enter"} {
		for known, p := range map[int]*Phase{1: one[name], 10_000: many[name]} {
			if p == nil || p.Total() < times {
				t.Errorf("%s, %d known projects: the trace shows next to nothing: %+v", name, known, p)
			} else if len(p.Processes) > 0 {
				t.Errorf("%s, %d times, %d known projects: processes are started:\n%s", name, times, known, strings.Join(p.Processes, "\n"))
			}
		}
	}
	for _, name := range []string{"idle", "cd", "enter"} {
		a, b := one[name].Total(), many[name].Total()
		t.Logf("%s, %d times: %d system calls with one known project, %d with 10,000", name, times, a, b)
		// A signal may cost a call; a list to search would cost thousands.
		if d := b - a; d > times/2 || d < -times/2 {
			t.Errorf("%s: %d system calls with one known project, %d with 10,000\n%v\n%v", name, a, b, one[name].Calls, many[name].Calls)
		}
	}
}

// everything does all that must not start a process: at the prompt, as a
// person does, and without the line editor, whose calls are never twice the
// same, for counting.
func everything(t *testing.T, known int) map[string]*Phase {
	t.Helper()
	s := startTraced(t, known)
	s.typed("idle", "true") // a builtin: the prompt after it is what counts
	s.typed("cd", "cd sub", "cd ..")
	s.counted("idle")
	s.counted("cd")
	s.fish.OK("cd ~")
	s.typed("enter", "cd ~/dev/rich", "cd ~")
	s.counted("enter")
	return s.end()
}

// TestTheTraceSeesProcesses proves that the test above can fail.
func TestTheTraceSeesProcesses(t *testing.T) {
	s := startTraced(t, 1)
	s.fish.Source("function __other_tool --on-event fish_prompt; set -g x (command true); end")
	s.typed("idle", "true")
	s.fish.Source("functions -e __other_tool")
	s.counted("process")
	phases := s.end()
	for _, name := range []string{"typed-idle", "process"} {
		if n := len(phases[name].Processes); n < times {
			t.Errorf("%s: %d prompts that each start a process show %d of them", name, times, n)
		}
	}
}

// traced is a fish under strace that has entered and left the project before.
type traced struct {
	t     *testing.T
	fish  *fishtest.Fish
	trace string
}

// startTraced makes a home with a project of 70 variables and 60 PATH entries,
// and as many more known ones as asked for, and starts the shell.
func startTraced(t *testing.T, known int) *traced {
	t.Helper()
	s := &traced{t: t, trace: filepath.Join(t.TempDir(), "trace")}
	t.Setenv("DEVSH_TEST_FISH", underStrace(t, s.trace))
	b := fishtest.NewBed(t, devshBinary)
	rich := b.Allowed("rich", sample.DevshToml())
	if err := sample.Project(rich, nil); err != nil {
		t.Fatal(err)
	}
	if err := sample.Crowd(b.Env()["XDG_STATE_HOME"], rich, known-1); err != nil {
		t.Fatal(err)
	}
	s.fish = fishtest.Start(t, b, fishtest.Options{})
	s.fish.Source(prelude)
	s.fish.OK("cd ~/dev/rich/sub")
	if got := s.fish.OK("echo $SAMPLE_69; count $PATH"); got != sample.Value(69)+"\n63\n" {
		t.Fatalf("the project is not entered: %q", got)
	}
	s.fish.OK("cd ~")
	s.fish.OK("cd ~/dev/rich")
	return s
}

// underStrace writes a program that runs fish and traces it to a file.
func underStrace(t *testing.T, trace string) string {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatal("strace is missing (on Debian: apt-get install strace)")
	}
	wrapper := filepath.Join(t.TempDir(), "fish")
	script := fmt.Sprintf("#!/bin/sh\nexec strace -f -qq -s 100 -o '%s' '%s' \"$@\"\n", trace, realFish)
	if err := os.WriteFile(wrapper, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return wrapper
}

// typed types the lines at the prompt, many times, as a phase of the trace.
func (s *traced) typed(name string, lines ...string) {
	s.t.Helper()
	s.fish.OK("mark begin-typed-" + name)
	for range times {
		for _, line := range lines {
			s.fish.OK(line)
		}
	}
	s.fish.OK("mark end-typed-" + name)
}

// counted has the shell call the counting function of that name, as a phase.
// It is called once before: what is loaded once is not counted.
func (s *traced) counted(name string) {
	s.t.Helper()
	list := strings.Repeat(" x", times)
	s.fish.OK("count_" + name + " x; mark begin-" + name + "; count_" + name + list + "; mark end-" + name)
}

// end ends the shell and reads the trace.
func (s *traced) end() map[string]*Phase {
	s.t.Helper()
	if err := s.fish.Session.Type("exit\r"); err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), fishtest.Limit())
	defer cancel()
	if _, err := s.fish.Session.Wait(ctx); err != nil {
		s.t.Fatal(err)
	}
	f, err := os.Open(s.trace)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	phases, err := ReadTrace(f)
	if err != nil {
		s.t.Fatal(err)
	}
	return phases
}
