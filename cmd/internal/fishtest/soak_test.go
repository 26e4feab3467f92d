package fishtest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
)

// soakShells is how many shells walk about in the soak.
const soakShells = 4

// soak is several shells that walk between projects, while these change, their
// workers are killed, and they are reloaded and collected.
type soak struct {
	*builds
	t     *testing.T
	seed  uint64
	end   time.Time
	paths []string       // projects, by their paths from the root
	last  map[string]int // what was last written of each
	quiet chan struct{}  // closed when nothing will change any more

	walks, changes, kills, reloads, collections, wakes atomic.Int64
}

// soakFor is how long the soak takes: $SOAK, or what an ordinary run can spare.
func soakFor(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("SOAK")
	if text == "" {
		return 20 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("SOAK: %v", err)
	}
	return d
}

// TestSoak: whatever happens at the same time, in the end every shell has the
// environment of where it is, and after leaving the one of the beginning.
func TestSoak(t *testing.T) {
	t.Parallel()
	s := &soak{
		builds: newBuilds(t), t: t, seed: number(t, "DEVSH_TEST_SEED", rand.Uint64N(1<<32)),
		paths: []string{"plain", "flake", "plain/in", "other"}, last: map[string]int{}, quiet: make(chan struct{}),
	}
	length := soakFor(t)
	t.Logf("DEVSH_TEST_SEED=%d SOAK=%v", s.seed, length)
	for _, path := range s.paths {
		s.change(path)
	}
	var shells []*Fish
	var before []State
	for range soakShells {
		f := Start(t, s.Bed, Options{})
		f.OK("set -gx E_plain mine; set -gx T_in mine; set -g F_flake mine; function hi; echo mine; end")
		f.OK("set -g __fishtest_wakes 0; function __fishtest_woken --on-signal URG; set -g __fishtest_wakes (math $__fishtest_wakes + 1); end")
		shells, before = append(shells, f), append(before, f.Snapshot())
	}
	s.end = time.Now().Add(length)
	var walkers, others sync.WaitGroup
	for i, f := range shells {
		walkers.Go(func() { s.walk(f, before[i], rand.New(rand.NewPCG(s.seed, uint64(i)))) })
	}
	for i, do := range []func(*rand.Rand){s.write, s.kill, s.tidy} {
		others.Go(func() {
			r := rand.New(rand.NewPCG(s.seed, uint64(100+i)))
			for time.Now().Before(s.end) && !t.Failed() {
				do(r)
			}
		})
	}
	others.Wait()
	for _, path := range s.paths {
		s.change(path) // what was given up is tried again
	}
	close(s.quiet)
	walkers.Wait()
	t.Logf("in %v: %d commands in %d shells, %d changes, %d evaluations, %d workers killed, %d wakes, %d reloads, %d collections",
		length, s.walks.Load(), soakShells, s.changes.Load(), s.evaluations(), s.kills.Load(), s.wakes.Load(), s.reloads.Load(), s.collections.Load())
}

// change writes a project anew, and allows it.
func (s *soak) change(path string) {
	s.t.Helper()
	s.last[path]++
	n, dir := s.last[path], filepath.Join(s.Dev, path)
	mark := filepath.Base(path)
	s.Write(dir+"/.env", fmt.Sprintf("E_%s=%d\n", mark, n))
	if mark != "flake" {
		s.Write(dir+"/devsh.toml", fmt.Sprintf("[env]\nfile = [\".env\"]\nT_%s = \"%d\"\n[path]\nprepend = [\"bin%d\"]\n[aliases]\nhi = \"echo %d\"\n[hooks]\nenter = \"true %d\"\n", mark, n, n%3, n, n))
	}
	if mark == "flake" || mark == "in" {
		nixtest.Flake(s.t, dir, nixtest.Shell{
			Vars: map[string]string{"F_" + mark: fmt.Sprint(n)}, Hook: "ho() { echo ho; }",
			Builder: fmt.Sprintf("PATH=/usr/bin:/bin; sleep 0.0%d; echo %d >$out", n%10, n),
		})
	}
	s.Allow(s.t, dir)
	s.changes.Add(1)
}

func (s *soak) write(r *rand.Rand) {
	s.rest(r, 1500)
	path := pick(r, s.paths)
	if r.IntN(3) == 0 { // that needs no permission
		s.last[path]++
		s.Write(filepath.Join(s.Dev, path)+"/.env", fmt.Sprintf("E_%s=%d\n", filepath.Base(path), s.last[path]))
		s.changes.Add(1)
		return
	}
	s.change(path)
}

func (s *soak) kill(r *rand.Rand) {
	s.rest(r, 1000)
	for _, path := range s.paths {
		for _, pid := range workers(filepath.Join(s.Dev, path)) {
			if syscall.Kill(pid, syscall.SIGKILL) == nil {
				s.kills.Add(1)
			}
		}
	}
}

func (s *soak) tidy(r *rand.Rand) {
	s.rest(r, 3000)
	if r.IntN(2) == 0 {
		s.Devsh(s.t, "gc")
		s.collections.Add(1)
		return
	}
	// What fails now, since it is being changed, is told to nobody.
	_, _ = s.TryDevsh(s.t, "reload", filepath.Join(s.Dev, pick(r, s.paths)))
	s.reloads.Add(1)
}

// rest waits for up to some milliseconds, but not beyond the end.
func (s *soak) rest(r *rand.Rand, most int) {
	<-time.After(min(time.Duration(r.IntN(most))*time.Millisecond, time.Until(s.end)))
}

// walk is what one shell does.
func (s *soak) walk(f *Fish, before State, r *rand.Rand) {
	for time.Now().Before(s.end) && !s.t.Failed() {
		s.step(f, r)
	}
	<-s.quiet
	for _, i := range r.Perm(len(s.paths)) {
		s.settles(f, s.paths[i])
	}
	f.OK("cd " + s.Home)
	f.OK("true") // what was left to be told is told
	var wakes int64
	if _, err := fmt.Sscan(f.OK("echo $__fishtest_wakes"), &wakes); err != nil {
		s.t.Error(err)
	}
	s.wakes.Add(wakes)
	checkSame(s.t, "in the end", before, f.Snapshot())
	if z := zombies(s.t, f.PID()); len(z) > 0 {
		s.t.Errorf("zombies of a shell: %v", z)
	}
}

func (s *soak) step(f *Fish, r *rand.Rand) {
	s.walks.Add(1)
	dir := func() string { return filepath.Join(s.Dev, pick(r, s.paths)) }
	switch r.IntN(10) {
	case 0:
		f.OK("cd " + s.Home)
	case 1:
		f.OK("cd " + dir() + "; cd " + dir() + "; and true") // waits where something is cold
	case 2:
		f.OK("fish")
		f.OK("cd " + dir())
		f.OK("exit")
	case 3: // half typed
		if err := f.Session.Type("echo ha"); err != nil {
			s.t.Error(err)
		}
		s.rest(r, 300)
		got := f.OK("lf")
		if strings.Contains(got, "write: Interrupted system call") {
			// echo met a signal just as it printed (docs/decisions.md): the line itself must have been whole.
			got = strings.TrimPrefix(f.OK("echo $__fishtest_before"), "echo ")
		}
		if got != "half\n" {
			s.t.Errorf("a half-typed line printed %q", got)
		}
	case 4:
		s.rest(r, 500)
	case 5, 6:
		f.OK("cd " + dir())
	default:
		f.OK("true")
	}
}

// settles waits until the shell has what was last written of the project.
func (s *soak) settles(f *Fish, path string) {
	s.t.Helper()
	f.OK("cd " + filepath.Join(s.Dev, path))
	mark, n := filepath.Base(path), fmt.Sprint(s.last[path])
	show, want := "$E_"+mark+" $T_"+mark, n+" "+n
	switch mark {
	case "flake":
		show, want = "$F_flake", n
	case "in":
		show, want = show+" $F_in $T_plain", want+" "+n+" "+fmt.Sprint(s.last["plain"])
	}
	deadline, got := time.Now().Add(Limit()), ""
	for {
		if got = f.OK("echo " + show); got == want+"\n" {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("in %s: %s is %q, want %q; the terminal shows:\n%s", path, show, got, want, tail(strings.TrimSpace(Plain(f.Session.Output(0))), 3000))
		}
	}
}
