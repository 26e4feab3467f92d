// Package program finds other programs and runs them so that nothing of them is
// left: without a terminal, in a session and process group of their own that
// ends with them.
//
// It knows nothing of what a program is for, and reads nothing that it writes.
package program

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// KillAfter is the time between asking a process group to end and killing it.
const KillAfter = 2 * time.Second

// Find returns the program of a name in the absolute directories of path, "" if
// it is in none.
func Find(path, name string) string {
	for dir := range strings.SplitSeq(path, ":") {
		if !filepath.IsAbs(dir) {
			continue
		}
		// With a slash in the name LookPath asks only whether it can be run.
		if found, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return found
		}
	}
	return ""
}

// Run runs cmd in a session of its own, with nothing to read, until it or ctx
// ends; then everything that is left of its process group is killed. When ctx
// ends, the group is first asked to end by a signal. Where devsh itself is
// killed, the system kills the program.
func Run(ctx context.Context, cmd *exec.Cmd, ask syscall.Signal) error {
	// To the system the parent is the thread that forks, and Go ends threads:
	// this one is kept until the child has ended.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = KillAfter
	if err := cmd.Start(); err != nil {
		return err
	}
	group := -cmd.Process.Pid
	ended, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-ended:
			return
		case <-ctx.Done():
		}
		_ = syscall.Kill(group, ask)
		select {
		case <-ended:
		case <-time.After(KillAfter):
			_ = syscall.Kill(group, syscall.SIGKILL)
		}
	}()
	AwaitExit(cmd.Process.Pid)
	close(ended)
	<-watched
	// The process is not yet reaped, so its group is still this group.
	_ = syscall.Kill(group, syscall.SIGKILL)
	return cmd.Wait()
}

// AwaitExit waits until a child has ended and leaves it to be reaped.
func AwaitExit(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, syscall.EINTR) {
			return
		}
	}
}
