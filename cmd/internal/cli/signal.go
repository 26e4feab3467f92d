package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// signalled is why the context ended: somebody wants the program to end.
type signalled struct{ signal syscall.Signal }

func (s *signalled) Error() string { return s.signal.String() }

// Is makes it what a context that ends is, to those who do not ask why.
func (s *signalled) Is(target error) bool { return target == context.Canceled }

// untilSignal returns a context that ends when the program is to end, with the
// signal as its cause.
func untilSignal(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		select {
		case s := <-signals:
			sig, _ := s.(syscall.Signal) // of this system, which has no others
			cancel(&signalled{sig})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

// signalCode is the exit code that shells show for a program that a signal ended.
func signalCode(sig syscall.Signal) int { return 128 + int(sig) }

// endedBy returns the signal that ended the context of a call.
func endedBy(err error) (syscall.Signal, bool) {
	s, ok := errors.AsType[*signalled](err)
	if !ok {
		return 0, false
	}
	return s.signal, true
}
