package nixenv

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/hbohlen/devsh/shell/program"
)

// adoptOrphans has this process be the parent of what its descendants leave
// behind, until the function that it returns is called with how nix ended. A nix
// that was killed, for want of memory for one, cannot end what it was building:
// its builder dies with it, but not what that started, in a session of its own.
func adoptOrphans() (ended func(error)) {
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) // without it they are init's
	return func(how error) {
		if exit, ok := errors.AsType[*exec.ExitError](how); ok && exit.Sys().(syscall.WaitStatus).Signaled() {
			endChildren()
		}
		_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	}
}

// endChildren ends the children of this process, and theirs, which become its
// children then.
func endChildren() {
	for range 100 { // generations
		var found bool
		lists, _ := filepath.Glob("/proc/self/task/*/children")
		for _, list := range lists {
			pids, _ := os.ReadFile(list)
			for text := range strings.FieldsSeq(string(pids)) {
				if pid, err := strconv.Atoi(text); err == nil && endChild(pid) {
					found = true
				}
			}
		}
		if !found {
			return
		}
	}
}

// endChild kills and reaps one; a child's number is no other's until then.
func endChild(pid int) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	if unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) != nil {
		return false
	}
	process{fd: fd}.await(program.KillAfter)
	reaped, _ := syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
	return reaped == pid
}
