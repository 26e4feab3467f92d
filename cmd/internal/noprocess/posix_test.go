package noprocess

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/cmd/internal/fishtest"
	"github.com/hbohlen/devsh/cmd/internal/sample"
)

// TestNoProcessInPosix: a prompt of bash or zsh in a project where nothing changed
// starts no process, and the number of known projects is no matter.
func TestNoProcessInPosix(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh"} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			one, many := prompts(t, shell, 1, ""), prompts(t, shell, 10_000, "")
			for known, p := range map[int]*Phase{1: one, 10_000: many} {
				if p == nil || p.Total() < times {
					t.Errorf("%d known projects: the trace shows next to nothing: %+v", known, p)
				} else if len(p.Processes) > 0 {
					t.Errorf("%d known projects: processes are started:\n%s", known, strings.Join(p.Processes, "\n"))
				}
			}
			a, b := one.Total(), many.Total()
			t.Logf("%d prompts: %d system calls with one known project, %d with 10,000", times, a, b)
			if d := b - a; d > times/2 || d < -times/2 {
				t.Errorf("%d system calls with one known project, %d with 10,000\n%v\n%v", a, b, one.Calls, many.Calls)
			}
			// That the test can fail.
			if n := len(prompts(t, shell, 1, "__devsh_turn=look").Processes); n < times {
				t.Errorf("%d prompts that each ask the program show %d processes", times, n)
			}
		})
	}
}

// prompts is what many prompts in a project do. At each the shell runs a line.
func prompts(t *testing.T, shell string, known int, line string) *Phase {
	t.Helper()
	b := fishtest.NewBed(t, devshBinary)
	b.Write(".bashrc", "PS1=; eval \"$(devsh hook bash)\"")
	b.Write(".zshrc", "PS1=; eval \"$(devsh hook zsh)\"")
	rich := b.Allowed("rich", sample.DevshToml())
	if err := sample.Project(rich, nil); err != nil {
		t.Fatal(err)
	}
	if err := sample.Crowd(b.Env()["XDG_STATE_HOME"], rich, known-1); err != nil {
		t.Fatal(err)
	}
	trace := b.Tmp + "/trace"
	cmd := exec.Command("strace", "-f", "-qq", "-s", "100", "-o", trace, shell, "-i")
	cmd.Env, cmd.Dir = b.Env().List(), b.Home
	phase := func(name string) string { return "[[ -e " + markDir + "/" + name + "-idle ]]\n" }
	cmd.Stdin = strings.NewReader("cd " + rich + "\n\n\n" + phase("begin") + strings.Repeat(line+"\n:\n", times) + phase("end") + "echo \"<$SAMPLE_69>\"\n")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "<"+sample.Value(69)+">") {
		t.Fatalf("the project is not entered: %v\n%s", err, out)
	}
	f, err := os.Open(trace)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	phases, err := ReadTrace(f)
	if err != nil {
		t.Fatal(err)
	}
	return phases["idle"]
}
