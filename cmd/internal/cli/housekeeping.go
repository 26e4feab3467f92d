package cli

import (
	"context"
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
	_ = a.detach(a.Environ, "", "gc", "--auto") // next time, then
}

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
