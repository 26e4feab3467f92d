package daemon

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// exits tells when processes end, without ever looking for it: each is held by
// a descriptor that becomes readable then.
type exits struct {
	gone    chan struct{} // of capacity 1: somebody has ended
	held    map[int]*os.File
	waiting sync.WaitGroup
}

func newExits() *exits {
	return &exits{gone: make(chan struct{}, 1), held: map[int]*os.File{}}
}

// watch watches just these processes from now on.
func (x *exits) watch(pids []int) {
	keep := map[int]bool{}
	for _, pid := range pids {
		keep[pid] = true
		if x.held[pid] == nil {
			x.hold(pid)
		}
	}
	for pid, f := range x.held {
		if !keep[pid] {
			f.Close()
			delete(x.held, pid)
		}
	}
}

func (x *exits) hold(pid int) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return // it ended a moment ago, and the next look sees that
	}
	f := os.NewFile(uintptr(fd), "pidfd")
	conn, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return
	}
	x.held[pid] = f
	x.waiting.Go(func() {
		err := conn.Read(func(fd uintptr) bool {
			p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
			n, err := unix.Poll(p, 0)
			return err == nil && n > 0
		})
		if err != nil {
			return // closed: nobody wants to know any more
		}
		select {
		case x.gone <- struct{}{}:
		default:
		}
	})
}

// close forgets all of them.
func (x *exits) close() {
	x.watch(nil)
	x.waiting.Wait()
}
