package activation

import (
	"errors"
	"os"
	"syscall"
)

// maxLog bounds the log of one evaluation, in bytes; what comes after is
// dropped.
const maxLog = 16 << 20

// logFile is the log of one evaluation. It replaces the one before when the
// first byte is written: what a cached result has to say was said then.
type logFile struct {
	path string
	f    *os.File
	size int
	anew bool // something was evaluated that was not stored
}

func (l *logFile) Write(p []byte) (int, error) {
	if l.f == nil {
		if err := os.Remove(l.path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return 0, err
		}
		f, err := os.OpenFile(l.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|syscall.O_NOFOLLOW, 0o600)
		if err != nil {
			return 0, err
		}
		l.f = f
	}
	if keep := maxLog - l.size; keep < len(p) {
		n, err := l.f.Write(p[:max(keep, 0)])
		l.size += n
		if err != nil {
			return n, err
		}
		return len(p), nil
	}
	n, err := l.f.Write(p)
	l.size += n
	return n, err
}

// good ends the log of before, unless this one was written, where it is of
// another evaluation: that of a failure is no longer true.
func (l *logFile) good(before *Entry) {
	if l.f == nil && (l.anew || before != nil && before.State != OK) {
		_ = os.Remove(l.path) // where that fails, an old log is shown
	}
}

func (l *logFile) Close() error {
	if l.f == nil {
		return nil
	}
	return l.f.Close()
}
