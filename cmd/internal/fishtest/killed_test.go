package fishtest

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/atomicfile"
	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
)

// workers are the processes that build the project in the background.
func workers(dir string) (pids []int) {
	return processes(func(cmdline string) bool { return strings.HasSuffix(cmdline, "\x00work\x00--\x00"+dir+"\x00") })
}

// processes are those whose command line is one that is looked for.
func processes(wanted func(cmdline string) bool) (pids []int) {
	names, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil || !wanted(string(text)) {
			continue // ended meanwhile
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// zombies are the children of a process that have ended and that nobody waits
// for.
func zombies(t *testing.T, parent string) (pids []string) {
	t.Helper()
	names, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if fields[0] == "Z" && fields[1] == parent {
			pids = append(pids, filepath.Base(filepath.Dir(name)))
		}
	}
	return pids
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.After(Limit())
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline:
			t.Fatalf("not within %v: %s", Limit(), what)
		case <-tick.C:
		}
	}
}

// numbered writes a flake whose shell sets N, and depends on something that
// takes a moment to build.
func numbered(t *testing.T, dir string, n int) {
	t.Helper()
	nixtest.Flake(t, dir, nixtest.Shell{
		Vars: map[string]string{"N": strconv.Itoa(n)}, Hook: "hooked=1",
		Builder: fmt.Sprintf("PATH=/usr/bin:/bin; sleep 0.05; echo %d >$out", n),
	})
}

// TestWorkersKilled: whenever workers are killed, the environment comes, also to
// a shell where nobody does anything, and nothing of them is left.
func TestWorkersKilled(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	b.Write("config/devsh/config.toml", "[trust]\nroots = [\"~/dev\"]\n")
	p := &published{Bed: b.Bed, t: t, dir: filepath.Join(b.Dev, "p")}
	numbered(t, p.dir, 0)
	idle, f := Start(t, b.Bed, Options{}), Start(t, b.Bed, Options{})
	for _, f := range []*Fish{idle, f} {
		f.OK("set -gx FISHTEST_DIR " + f.dir + "; " + noteN)
		f.OK("cd " + p.dir)
	}
	p.arrives(idle)
	seed := number(t, "DEVSH_TEST_SEED", rand.Uint64N(1<<32))
	t.Logf("DEVSH_TEST_SEED=%d", seed)
	k := &killer{t: t, r: rand.New(rand.NewPCG(seed, 0)), dir: p.dir}
	want := int(number(t, "DEVSH_TEST_N", 30))
	for k.kills < want {
		p.count++
		numbered(t, p.dir, p.count)
		f.OK("true")
		for range 1 + k.r.IntN(2) { // with a third one it would be given up
			k.kill(f)
		}
		k.comes(f, p.count)
	}
	p.count++
	numbered(t, p.dir, p.count)
	k.comes(f, p.count)
	p.arrives(idle)
	t.Logf("%d workers killed, %d evaluations of %d flakes", k.kills, b.evaluations(), p.count)
	k.leftNothing(b, f, idle)
}

type killer struct {
	t     *testing.T
	r     *rand.Rand
	dir   string
	kills int
}

// kill kills a worker at a random moment of its life, once there is one.
func (k *killer) kill(f *Fish) {
	k.t.Helper()
	for n := 0; len(workers(k.dir)) == 0; n++ {
		if n == 20 {
			return // it was done already
		}
		f.OK("true")
	}
	moment := time.After(time.Duration(k.r.IntN(200)) * time.Millisecond)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if len(workers(k.dir)) == 0 {
				return
			}
		case <-moment:
			for _, pid := range workers(k.dir) {
				if syscall.Kill(pid, syscall.SIGKILL) == nil {
					k.kills++
				}
			}
			return
		}
	}
}

// comes waits for the environment as a person does who goes on working.
func (k *killer) comes(f *Fish, n int) {
	k.t.Helper()
	want, got := fmt.Sprintln(n), ""
	deadline := time.Now().Add(Limit())
	for got != want {
		if time.Now().After(deadline) {
			k.t.Fatalf("N is %q and not %q; the terminal shows:\n%s", got, want, tail(Plain(f.Session.Output(0)), 3000))
		}
		got = f.OK("echo $N")
	}
}

func (k *killer) leftNothing(b *builds, shells ...*Fish) {
	k.t.Helper()
	eventually(k.t, "no worker, no nix", func() bool {
		return len(workers(k.dir)) == 0 && len(processes(func(c string) bool { return strings.Contains(c, b.nix.Dir) })) == 0
	})
	place := b.Home + "/state/devsh/v1/tree" + k.dir + "/@devsh"
	lock, err := os.Open(place + "/lock")
	if err != nil {
		k.t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		k.t.Errorf("the lock: %v", err)
	}
	if err := filepath.WalkDir(place, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), atomicfile.TempPrefix) {
			k.t.Errorf("left: %s", path)
		}
		return err
	}); err != nil {
		k.t.Error(err)
	}
	for _, f := range shells {
		if z := zombies(k.t, f.PID()); len(z) > 0 {
			k.t.Errorf("zombies of the shell: %v", z)
		}
		if jobs := f.OK("jobs; true"); !strings.Contains(jobs, "no jobs") {
			k.t.Errorf("jobs of the shell: %q", jobs)
		}
	}
}

// TestNixKilled: a nix that is killed under a worker is told as a failure, and
// nothing of what it was building goes on.
func TestNixKilled(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	dir, long := filepath.Join(b.Dev, "p"), fmt.Sprintf("600.%d", rand.Uint32())
	nixtest.Flake(t, dir, nixtest.Shell{Builder: "PATH=/usr/bin:/bin; setsid sleep " + long + " & wait"})
	b.Allow(t, dir)
	left := func() []int {
		return processes(func(c string) bool { return c == "sleep\x00"+long+"\x00" })
	}
	eventually(t, "it is being built", func() bool { return len(left()) > 0 })
	for _, pid := range processes(func(c string) bool {
		return strings.Contains(c, "\x00print-dev-env\x00") && strings.Contains(c, b.Home)
	}) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	eventually(t, "nothing is left", func() bool { return len(workers(dir))+len(left()) == 0 })
	if out, _ := b.TryDevsh(t, "status", "--dir", dir); !strings.Contains(out, "killed") {
		t.Errorf("status: %s", out)
	}
}
