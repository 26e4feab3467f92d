package cli

import (
	"context"
	"math"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hbohlen/devsh/shell/activation"
)

const (
	// gcTime is how long collecting by itself may take; the next one goes on.
	gcTime = 10 * time.Minute
	// nicest gives way to all others.
	nicest = 19
)

// housekeep starts collecting in the background where it is time to, and waits
// for nothing. It is for the end of what resolves for the shells.
func (a *app) housekeep(store activation.Store) {
	if !store.CollectionDue(a.Now()) {
		return
	}
	self, err := a.Executable()
	if err != nil {
		return
	}
	keepDescriptors()
	cmd := exec.Command(self, "gc", "--auto")
	cmd.Dir, cmd.Env = "/", a.Environ
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if cmd.Start() == nil {
		_ = cmd.Process.Release() // nobody waits: init does, when this process has ended
	}
}

// keepDescriptors has nothing that is started from here inherit a descriptor
// that it is not given: whoever waits for the end of a pipe must not wait for
// what goes on in the background.
func keepDescriptors() { _ = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) }

// gcAlone collects as housekeeping does: nobody sees what it says.
func (a *app) gcAlone(ctx context.Context, o gcOptions) error {
	// All of the process, whose group is its own, gives way: to the system
	// priorities are those of threads.
	_ = unix.Setpriority(unix.PRIO_PGRP, 0, nicest)
	ctx, cancel := context.WithTimeout(ctx, gcTime)
	defer cancel()
	w, err := a.shellsWorld()
	if err == nil {
		_, _, err = a.collect(ctx, w, o)
	}
	if err != nil {
		return silent(exitFailed)
	}
	return nil
}
