package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxOwnLog is beyond what the log of something in the background is begun anew,
// in bytes.
const maxOwnLog = 256 << 10

// detach starts this program once more, in a session of its own, and waits for
// nothing: what the terminal sends, and its end, do not reach it. What it says
// goes to the end of the file log, or nowhere if that is "".
func (a *app) detach(environ []string, log string, args ...string) error {
	program, err := a.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.Command(program, args...)
	cmd.Env, cmd.Dir = environ, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if log != "" {
		f, err := openLog(log)
		if err != nil {
			return err
		}
		defer f.Close()
		cmd.Stdout, cmd.Stderr = f, f
	}
	keepDescriptors()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", filepath.Base(program), err)
	}
	return cmd.Process.Release() // init waits for it, when this process has ended
}

func openLog(path string) (*os.File, error) {
	flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND | syscall.O_NOFOLLOW | syscall.O_NONBLOCK
	if info, err := os.Lstat(path); err == nil && info.Size() > maxOwnLog {
		flags |= os.O_TRUNC
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open a log: %w", err)
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open a log: %w", err)
	}
	return f, nil
}

// keepDescriptors has nothing that is started from here inherit a descriptor
// that it is not given: whoever waits for the end of a pipe must not wait for
// what goes on in the background.
func keepDescriptors() { _ = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) }
