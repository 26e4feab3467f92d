package cli

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"

	"github.com/hbohlen/devsh/shell/activation"
)

// lockDescriptor is where a worker finds the lock that it inherits.
const lockDescriptor = 3

// starter returns what starts a worker with the flags of «devsh work».
func (a *app) starter(flags ...string) activation.Starter {
	return func(dir string, lock *os.File) (*activation.Worker, error) { return a.startWorker(dir, lock, flags) }
}

// startWorker starts this program once more, in a session of its own: what the
// terminal sends, and its end, do not reach it.
func (a *app) startWorker(dir string, lock *os.File, flags []string) (*activation.Worker, error) {
	program, err := a.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.Command(program, slices.Concat([]string{"work"}, flags, []string{"--", dir})...)
	cmd.Env = a.leave().List()
	cmd.Dir = "/"
	cmd.ExtraFiles = []*os.File{lock} // the first of them is lockDescriptor
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	proceed, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	keepDescriptors()
	if err := cmd.Start(); err != nil {
		proceed.Close()
		return nil, err
	}
	return &activation.Worker{PID: cmd.Process.Pid, Program: program, Proceed: func() { proceed.Close() }}, nil
}
