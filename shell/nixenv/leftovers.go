package nixenv

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hbohlen/devsh/shell/program"
)

// hookMark is the variable by which the processes of one hook are known: those
// that it left running in a session of their own, too, as daemons are.
const hookMark = "DEVSH_HOOK"

// endMarked ends the processes that have the mark, NAME=VALUE, in their
// environment, and returns the names of their programs, sorted. Those that it
// may not look at are not found.
func endMarked(mark string) []string {
	var names []string
	for range 3 { // one may just have started another
		found := marked(mark)
		if len(found) == 0 {
			break
		}
		for _, p := range found {
			names = append(names, p.name)
			_ = unix.PidfdSendSignal(p.fd, unix.SIGTERM, nil, 0)
		}
		until := time.Now().Add(program.KillAfter)
		for _, p := range found {
			p.await(time.Until(until))
			_ = unix.PidfdSendSignal(p.fd, unix.SIGKILL, nil, 0) // gone already, as a rule
			_ = unix.Close(p.fd)
		}
	}
	return sorted(names)
}

// process is a running program, held so that its number is no other's.
type process struct {
	name string
	fd   int
}

func (p process) await(limit time.Duration) {
	fds := []unix.PollFd{{Fd: int32(p.fd), Events: unix.POLLIN}}
	_, _ = unix.Poll(fds, int(max(limit, 0).Milliseconds())) // interrupted, it is killed a little early
}

func marked(mark string) []process {
	var found []process
	dirs, _ := filepath.Glob("/proc/[1-9]*")
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil || !hasMark(dir, mark) {
			continue
		}
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue
		}
		if !hasMark(dir, mark) { // the number was another's meanwhile
			_ = unix.Close(fd)
			continue
		}
		name, _ := os.ReadFile(dir + "/comm")
		found = append(found, process{name: strings.TrimSpace(string(name)), fd: fd})
	}
	return found
}

func hasMark(dir, mark string) bool {
	environ, err := os.ReadFile(dir + "/environ") // empty of one that has ended
	return err == nil && slices.ContainsFunc(bytes.Split(environ, []byte{0}), func(v []byte) bool { return string(v) == mark })
}
