package session

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// onTerminal starts cmd on a new terminal and returns the master side. Size
// and modes are set before it runs: it finds them as they are to be.
func onTerminal(cmd *exec.Cmd, size unix.Winsize, modes *unix.Termios) (*os.File, error) {
	blocking, slave, err := pty.Open()
	if err != nil {
		return nil, err
	}
	defer slave.Close()
	tty, err := pollable(blocking)
	if err != nil {
		return nil, err
	}
	err = control(slave, func(fd int) error {
		if modes != nil {
			if err := unix.IoctlSetTermios(fd, unix.TCSETS, modes); err != nil {
				return fmt.Errorf("set the modes of the terminal: %w", err)
			}
		}
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &size)
	})
	if err == nil {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		err = cmd.Start()
	}
	if err != nil {
		tty.Close()
		return nil, err
	}
	return tty, nil
}

// control lets f use the descriptor of a file without making it blocking.
func control(file *os.File, f func(fd int) error) error {
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = conn.Control(func(fd uintptr) { inner = f(int(fd)) })
	return errors.Join(err, inner)
}

// pollable replaces the terminal, which the pty package leaves in blocking
// mode, by one whose pending reads end when it is closed.
func pollable(blocking *os.File) (*os.File, error) {
	defer blocking.Close()
	fd, err := unix.FcntlInt(blocking.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("duplicate the terminal: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("make the terminal non-blocking: %w", err)
	}
	return os.NewFile(uintptr(fd), blocking.Name()), nil
}
