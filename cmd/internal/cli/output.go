package cli

import (
	"errors"
	"io"
	"syscall"
)

// output is standard output, for commands that need not look at each write: it
// remembers the first that fails and drops what comes after it.
type output struct {
	io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	if o.err == nil {
		_, o.err = o.Writer.Write(p)
	}
	return len(p), nil
}

// judge is how a command ended, which has failed where it could not say what it
// had to. A reader that wants no more knows that it has not read all.
func (o *output) judge(err error) error {
	var quiet silent
	switch {
	case o.err == nil, err != nil && !errors.As(err, &quiet):
		return err
	case errors.Is(o.err, syscall.EPIPE):
		return silent(exitFailed)
	}
	return o.err
}
