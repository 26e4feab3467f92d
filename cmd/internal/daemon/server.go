package daemon

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// protocol numbers what is spoken. The greeting and stop are the same in all
// versions: so that any program can replace any daemon.
const protocol = 1

const (
	verbLook   = "look" // a shell has come to the path, or something there changed
	verbStatus = "status"
	verbStop   = "stop"
)

const (
	maxRequest = 16 << 10 // bytes: the longest path, quoted
	maxGuests  = 8        // at a time; others wait
	guestLimit = 2 * time.Second
)

type request struct {
	verb, path string
	reply      chan any
}

// serve answers whoever comes, until the listener is closed. It returns when
// the last one has gone.
func serve(ctx context.Context, l *net.UnixListener, program string, asked chan<- request) {
	var guests sync.WaitGroup
	defer guests.Wait()
	seats := make(chan struct{}, maxGuests)
	for {
		seats <- struct{}{}
		conn, err := l.AcceptUnix()
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			// Too many open files, say.
			select {
			case <-ctx.Done():
				return
			case <-time.After(guestLimit):
			}
			<-seats
			continue
		}
		guests.Go(func() {
			defer func() { <-seats }()
			defer conn.Close()
			if mine(conn) {
				guest(ctx, conn, program, asked)
			}
		})
	}
}

// guest serves one.
func guest(ctx context.Context, conn *net.UnixConn, program string, asked chan<- request) {
	_ = conn.SetDeadline(time.Now().Add(guestLimit)) // of a socket that is open it does not fail
	fmt.Fprintf(conn, "devsh daemon %d %s\n", protocol, program)
	line, err := bufio.NewReader(io.LimitReader(conn, maxRequest)).ReadString('\n')
	if err != nil {
		return
	}
	q, ok := parse(strings.TrimSuffix(line, "\n"))
	if !ok {
		return
	}
	select {
	case asked <- q:
	case <-ctx.Done():
		return
	}
	_ = json.NewEncoder(conn).Encode(<-q.reply) // who asked may have gone
}

// parse reads a request. There is nothing in it but a verb and a path.
func parse(line string) (request, bool) {
	q := request{reply: make(chan any, 1)}
	verb, rest, more := strings.Cut(line, " ")
	q.verb = verb
	switch verb {
	case verbStatus, verbStop:
		return q, !more
	case verbLook:
		path, err := strconv.Unquote(rest)
		q.path = path
		return q, err == nil && filepath.IsAbs(path) && filepath.Clean(path) == path
	}
	return q, false
}
