package nixenv

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hbohlen/devsh/shell/env"
)

// A binary cache that cannot be reached costs nix 4-5 s of retries, and minutes
// where packets are dropped: a daemon ignores what the options say against that,
// unless the user is a trusted one. So nix is stopped when it is about to try
// such a cache again, or is silent and waits for one that cannot be connected
// to, and is run without it, which any user may ask for. The other caches, and
// what is in the store already, are used as ever.

const (
	maxAway     = 4               // caches that are left out before nix does as it likes
	silence     = 2 * time.Second // after which it is looked whether the caches that were asked are there
	connectTime = time.Second     // in which they must be
)

// errAway says that nix was stopped since a cache cannot be reached.
var errAway = errors.New("a binary cache cannot be reached")

// What nix asks a binary cache: what it says of itself, or of a path.
const question = `'([^'?]+/(?:nix-cache-info|[0-9a-z]{32}\.narinfo))(?:\?[^']*)?'`

var (
	asking   = regexp.MustCompile(`^downloading ` + question)
	retrying = regexp.MustCompile(`unable to download ` + question + `: .*\((5|6|7|28)\).*; retrying in`)
)

// timedOut is curl's number for what took as long as connect-timeout: that is
// not waited for twice. Else one hiccup is survived.
const timedOut = "28"

// away watches the words of nix for caches that cannot be reached.
type away struct {
	stop   context.CancelCauseFunc
	reach  func(address string) bool
	failed map[string]int

	mu      sync.Mutex
	quiet   *time.Timer
	asked   map[string]string // what was asked, by address; "" where that can be reached
	url     string            // of what could not be had when nix was stopped
	expired bool              // nothing answers: it is no use to wait as long again
}

func newAway(stop context.CancelCauseFunc, reach func(string) bool) *away {
	a := &away{stop: stop, reach: reach, failed: map[string]int{}, asked: map[string]string{}}
	a.quiet = time.AfterFunc(silence, a.probe)
	return a
}

// see is shown each line of nix, but not how far something is: that comes also
// while nothing does.
func (a *away) see(line string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.quiet.Reset(silence)
	if strings.HasPrefix(line, "building '") {
		clear(a.asked) // nobody waits for an answer
	}
	if m := asking.FindStringSubmatch(line); m != nil {
		address := addressOf(m[1])
		if _, known := a.asked[address]; !known && address != "" {
			a.asked[address] = m[1]
		}
	}
	if m := retrying.FindStringSubmatch(line); m != nil {
		if a.failed[m[1]]++; m[2] == timedOut || a.failed[m[1]] > 1 {
			a.give(m[1], m[2] == timedOut)
		}
	}
}

// give stops nix because of a cache; a.mu is held.
func (a *away) give(url string, expired bool) {
	if a.url == "" {
		a.url, a.expired = url, expired
		a.stop(errAway)
	}
}

// probe looks after a silence whether one of the caches that were asked cannot
// be reached. What can be is slow, and is waited for.
func (a *away) probe() {
	a.mu.Lock()
	var addresses []string
	for address, url := range a.asked {
		if url != "" {
			addresses = append(addresses, address)
		}
	}
	a.mu.Unlock()
	for _, address := range addresses {
		go func() {
			there := a.reach(address)
			a.mu.Lock()
			defer a.mu.Unlock()
			if url, waits := a.asked[address]; waits && !there {
				a.give(url, true)
			} else if waits {
				a.asked[address] = ""
			}
		}()
	}
}

// end ends the watch and returns the cache that is away, "" if none is.
func (a *away) end() (url string, expired bool) {
	a.quiet.Stop()
	a.stop(nil)
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.asked)
	return a.url, a.expired
}

// addressOf is where an URL is connected to; "" where that is not known.
func addressOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	port := u.Port()
	switch {
	case u.Hostname() == "":
		return ""
	case port != "":
	case u.Scheme == "https":
		port = "443"
	case u.Scheme == "http":
		port = "80"
	default:
		return ""
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// reacher returns what tells whether an address can be connected to. Where a
// proxy stands in between, all can.
func reacher(ctx context.Context, e env.Env) func(address string) bool {
	for _, name := range []string{"http_proxy", "https_proxy", "all_proxy"} {
		if e[name] != "" || e[strings.ToUpper(name)] != "" {
			return func(string) bool { return true }
		}
	}
	return func(address string) bool {
		ctx, cancel := context.WithTimeout(ctx, connectTime)
		defer cancel()
		c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			c.Close()
		}
		return err == nil
	}
}

// printNear is [evaluation.print] without the binary caches that cannot be
// reached.
func (e *evaluation) printNear(ctx context.Context, profile string) ([]byte, error) {
	var caches, more []string
	for n := 0; ; n++ {
		e.listen()
		running, stop := context.WithCancelCause(ctx)
		watch := newAway(stop, reacher(ctx, e.env))
		if n < maxAway {
			e.stderr.notice = watch.see
		}
		out, err := e.print(running, profile, more...)
		stopped := errors.Is(context.Cause(running), errAway)
		url, expired := watch.end()
		if err == nil || !stopped {
			return out, err
		}
		if n == 0 {
			caches = e.caches(ctx)
		}
		caches = slices.DeleteFunc(caches, func(cache string) bool {
			base, _, _ := strings.Cut(cache, "?")
			return strings.HasPrefix(url, strings.TrimSuffix(base, "/")+"/")
		})
		more = []string{"--option", "substituters", strings.Join(caches, " ")}
		if expired {
			more = append(more, "--option", "connect-timeout", "1")
		}
	}
}

// caches returns the binary caches that nix is configured to use; none where it
// does not say.
func (e *evaluation) caches(ctx context.Context) []string {
	nix, err := findNix(e.env)
	if err != nil {
		return nil
	}
	for _, command := range [][]string{{"config", "show"}, {"show-config"}} { // since 2.20, and before
		cmd := exec.Command(nix, append(command, "--extra-experimental-features", "nix-command")...)
		out := &limited{limit: maxStdout}
		cmd.Dir, cmd.Env, cmd.Stdout = e.req.StateDir, e.env.List(), out
		if runGroup(ctx, cmd, out) != nil {
			continue
		}
		for line := range strings.Lines(out.data.String()) {
			if list, ok := strings.CutPrefix(line, "substituters ="); ok {
				return strings.Fields(list)
			}
		}
	}
	return nil
}
