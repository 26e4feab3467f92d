package activation

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// wakeSignal makes a shell look at once. A process that has no handler for it
// ignores it, so that one which took a shell's place comes to no harm.
const wakeSignal = unix.SIGURG

// wake has the shells that stand in the project look at what was published,
// but for the one that is waiting for this process and will look anyway. Failing
// is no harm: they look at their next prompts.
func (r *Resolver) wake(dir string, p Place, waiting int) {
	for _, pid := range r.Store.live().in(dir, p) {
		if pid != waiting && pid != os.Getpid() {
			r.Store.wakeShell(pid)
		}
	}
}

// wakeShell signals one process if it is the shell that made the notes, or another
// fish with the hook that has its number now: that one looks, and finds nothing
// new. It is held fast by a descriptor while it is looked at.
func (s Store) wakeShell(pid int) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if _, err := os.Stat(filepath.Join(s.Shells(), strconv.Itoa(pid))); err != nil {
		return
	}
	proc := "/proc/" + strconv.Itoa(pid)
	info, err := os.Stat(proc)
	if err != nil || owned(proc, info) != nil || !isShell(proc) {
		return
	}
	_ = unix.PidfdSendSignal(fd, wakeSignal, nil, 0) // it may have ended
}

// isShell reports whether a process is a fish that can be woken.
func isShell(proc string) bool { return isFish(proc) && handles(proc, wakeSignal) }

// isFish reports whether a process runs fish still. What the shell has become
// by exec has its number and its age, and may take any signal that it has a
// handler for as a reason to end.
func isFish(proc string) bool {
	name, err := os.ReadFile(proc + "/comm")
	return err == nil && bytes.Contains(name, []byte("fish")) // .fish-wrapped, where a package wraps it
}

// handles reports whether a process has a handler for the signal.
func handles(proc string, sig syscall.Signal) bool {
	status, err := os.ReadFile(proc + "/status")
	if err != nil {
		return false
	}
	for line := range bytes.Lines(status) {
		if mask, ok := bytes.CutPrefix(line, []byte("SigCgt:")); ok {
			caught, err := strconv.ParseUint(string(bytes.TrimSpace(mask)), 16, 64)
			return err == nil && caught&(1<<(sig-1)) != 0
		}
	}
	return false
}

// ticks is how many of the kernel's USER_HZ a second has: 100 on every
// architecture that Go knows (proc(5), sysconf(3)).
const ticks = 100

// reuseSlack is how much later than its notes a process must have been started
// to be held for another one with the same number. The age of a process counts
// what the machine was asleep, but the clock, by which notes are dated, is set
// while machines run: after each sleep by up to a second, and that adds up.
const reuseSlack = 10 * time.Minute

// isAnother reports whether a process is younger than a note, and so another one
// with the number of the one that made it. A shell is never taken for another: the
// clock is set by hours where a virtual machine was paused, or the hardware's was
// wrong, and a shell that has the number of another makes its notes anew.
func isAnother(proc string, note time.Time) bool {
	started, err := startTime(proc)
	return err == nil && started.After(note.Add(reuseSlack)) && !isShell(proc)
}

// What [stat] returns.
const (
	fieldStart = 19  // when the process was started, in ticks since boot
	zombie     = "Z" // the first field of one that has ended and that nobody has waited for
)

// stat returns the fields of a process's stat from its state on (proc(5)).
func stat(proc string) ([]string, error) {
	text, err := os.ReadFile(proc + "/stat")
	if err != nil {
		return nil, err
	}
	// The name, in parentheses, may hold anything; the state follows it.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) <= fieldStart {
		return nil, fmt.Errorf("read %s/stat: %d fields", proc, len(fields))
	}
	return fields, nil
}

// startTime returns when a process was started, by the clock as it is set now.
func startTime(proc string) (time.Time, error) {
	fields, err := stat(proc)
	if err != nil {
		return time.Time{}, err
	}
	start, err := strconv.ParseInt(fields[fieldStart], 10, 64)
	if err != nil {
		return time.Time{}, err
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return time.Time{}, err
	}
	age := time.Duration(now.Nano()) - time.Duration(start)*(time.Second/ticks)
	return time.Now().Add(-age), nil
}
