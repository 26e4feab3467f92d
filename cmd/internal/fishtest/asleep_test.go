package fishtest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// freeze stops processes and all that they started, as a machine that goes to
// sleep does, and returns what has them go on.
func freeze(t *testing.T, roots ...int) (frozen []int, thaw func()) {
	t.Helper()
	for _, pid := range roots {
		frozen = append(frozen, stop(t, pid)...)
	}
	thaw = func() {
		// Children first: a shell must not see that its job was stopped.
		for _, pid := range slices.Backward(frozen) {
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
		frozen = nil
	}
	t.Cleanup(thaw)
	return frozen, thaw
}

func stop(t *testing.T, pid int) (stopped []int) {
	t.Helper()
	if syscall.Kill(pid, syscall.SIGSTOP) != nil {
		return nil // it has ended
	}
	eventually(t, fmt.Sprintf("%d has stopped", pid), func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return true
		}
		state := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))[0]
		return state == "T" || state == "Z" // ended, and who waits for it is stopped
	})
	stopped = []int{pid}
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // what it cannot change now
	for _, list := range lists {
		children, _ := os.ReadFile(list)
		for child := range strings.FieldsSeq(string(children)) {
			if n, err := strconv.Atoi(child); err == nil {
				stopped = append(stopped, stop(t, n)...)
			}
		}
	}
	return stopped
}

// asleep is longer than all in devsh that waits for seconds. It passes for the
// timers, too, which no time passes for while a machine is really asleep.
const asleep = 4 * time.Second

// TestAsleepWhileBuilding: where a machine sleeps while something is built, all
// goes on afterwards, whatever the clock says by then.
func TestAsleepWhileBuilding(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	b.startDaemon(t)
	dir := b.flake("p")
	idle, waits := Start(t, b.Bed, Options{}), Start(t, b.Bed, Options{})
	arrived := b.onArrival(idle)
	begin := idle.Session.Mark()
	idle.OK("cd " + dir)
	idle.until("devsh_prompt", "building dependency-1.2 ")
	mark := waits.Session.Mark()
	if err := waits.Session.Type("cd " + dir + "; echo it is $FROM_FLAKE\r"); err != nil {
		t.Fatal(err)
	}
	waits.shows(`building dependency-1.2 `, mark)
	worker := b.worker(dir)
	roots := []int{worker, b.holder()}
	for _, f := range []*Fish{idle, waits} {
		pid, err := strconv.Atoi(f.PID())
		if err != nil {
			t.Fatal(err)
		}
		roots = append(roots, pid)
	}
	frozen, thaw := freeze(t, roots...)
	// The shells, the one that waits for its line, the worker, nix, its builder, the daemon.
	if len(frozen) < 7 {
		t.Errorf("asleep: %d", frozen)
	}
	<-time.After(asleep)
	b.clockIsLater(t, filepath.Join(b.Home, "state/devsh/v1/nix"), 8*24*time.Hour)
	b.clockIsLater(t, filepath.Join(b.Home, "state/devsh/v1/shells"), time.Minute) // as it is set after waking
	b.open()
	thaw()
	b.Devsh(t, "gc") // finds what is being made old, and in use
	awaitFile(t, arrived)
	waits.shows(`it is p`, mark)
	waits.await("the line that waited")
	for _, f := range []*Fish{idle, waits} {
		f.OK("true")
		if out := f.OK("echo $FROM_FLAKE (devsh_prompt)"); out != "p\n" {
			t.Errorf("it is %q", out)
		}
	}
	if n := b.evaluations(); n != 1 {
		t.Errorf("nix was run %d times:\n%s", n, strings.Join(b.nix.Runs(t), "\n"))
	}
	shown := Plain(idle.Session.Output(begin)) + Plain(waits.Session.Output(mark))
	if bad := regexp.MustCompile(`(?i)fail|error|ended|timed? ?out|longer|stopped`).FindString(shown); bad != "" {
		t.Errorf("told: %q in\n%s", bad, tail(shown, 3000))
	}
	before := b.daemonStatus(t).Resolved
	b.Write(dir+"/flake.nix", "{ outputs = _: throw \"no\"; }\n")
	b.until(t, "the daemon is awake, too", func(s daemonStatus) bool { return s.Resolved > before })
}

// clockIsLater makes files older, but for what compares with a file of the
// user's.
func (b *Bed) clockIsLater(t *testing.T, dir string, by time.Duration) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		when := info.ModTime().Add(-by)
		return os.Chtimes(path, when, when)
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}
