package session

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// afterCrash takes back what shells ask of a terminal beside its modes, where
// they were killed and could not: bracketed paste, focus reports, the keyboard
// protocols of kitty and xterm, a hidden cursor, colours. Terminals that do not
// know a sequence ignore it.
const afterCrash = "\x1b[?2004l\x1b[?1004l\x1b[<u\x1b[>4;0m\x1b[?25h\x1b[0m"

// terminal is the process's own one, that a person sits at. It is opened anew
// so that it can be non-blocking: that is shared by all who have a descriptor.
type terminal struct {
	file  *os.File
	modes *unix.Termios // as they were found
	state *term.State   // the same
}

func openTerminal() (*terminal, error) {
	file, err := os.OpenFile("/dev/tty", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	t := &terminal{file: file}
	err = control(file, func(fd int) (err error) {
		if t.modes, err = unix.IoctlGetTermios(fd, unix.TCGETS); err != nil {
			return err
		}
		t.state, err = term.GetState(fd)
		return err
	})
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("read the modes of %s: %w", file.Name(), err)
	}
	return t, nil
}

// raw hands every key on as it is.
func (t *terminal) raw() error {
	err := control(t.file, func(fd int) error { _, err := term.MakeRaw(fd); return err })
	if err != nil {
		return fmt.Errorf("set the modes of %s: %w", t.file.Name(), err)
	}
	return nil
}

// restore sets the modes that were found. It fails where the terminal is gone.
func (t *terminal) restore() error {
	return control(t.file, func(fd int) error { return term.Restore(fd, t.state) })
}

func (t *terminal) size() (unix.Winsize, error) {
	var size unix.Winsize
	err := control(t.file, func(fd int) error {
		got, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
		if err == nil {
			size = *got
		}
		return err
	})
	if err != nil {
		return size, fmt.Errorf("read the size of %s: %w", t.file.Name(), err)
	}
	return size, nil
}

// add shows what the program in the session writes.
func (t *terminal) add(b []byte) {
	_, _ = t.file.Write(b) // where the terminal is gone, reading from it tells
}

func (t *terminal) end() {}

// hurry bounds a write that is waiting for somebody to look.
func (t *terminal) hurry(d time.Duration) {
	_ = t.file.SetWriteDeadline(time.Now().Add(d)) // fails on what never waits
}
