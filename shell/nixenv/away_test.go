package nixenv

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
)

// blackhole returns the address of a port that drops what it is sent: the queue
// of those that want to connect is full.
func blackhole(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	for {
		c, err := net.DialTimeout("tcp", address, 200*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { c.Close() })
	}
}

// empty is a binary cache that answers, and has nothing.
func empty(t *testing.T, store string) (url string, asked func() int) {
	var n atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		if r.URL.Path == "/nix-cache-info" {
			fmt.Fprintf(w, "StoreDir: %s\nWantMassQuery: 1\nPriority: 30\n", store)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, func() int { return int(n.Load()) }
}

// daemon starts a nix daemon for the bed, to which nobody is a trusted user, and
// returns the environment in which nix uses it.
func daemon(t *testing.T, bed *nixtest.Bed) (environ []string) {
	t.Helper()
	socket := filepath.Join(bed.Dir, "daemon")
	program, err := exec.LookPath("nix-daemon")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(bed.Env(), "NIX_DAEMON_SOCKET_PATH="+socket)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the daemon: %s", &said)
		}
	})
	await(t, func() []string {
		if c, err := net.Dial("unix", socket); err == nil {
			c.Close()
			return []string{socket}
		}
		return nil
	})
	for _, v := range bed.Env() {
		if !strings.HasPrefix(v, "NIX_REMOTE=") {
			environ = append(environ, v)
		}
	}
	return append(environ, "NIX_REMOTE=unix://"+socket)
}

// stopDaemon kills a daemon and its children, who serve.
func stopDaemon(t *testing.T, bed *nixtest.Bed) {
	t.Helper()
	environs, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range environs {
		environ, _ := os.ReadFile(file)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if pid > 1 && strings.Contains(string(environ), "\x00NIX_DAEMON_SOCKET_PATH="+bed.Dir+"/") {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// failure is the error of an evaluation.
func failure(t *testing.T, err error) *Error {
	t.Helper()
	known, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("no failure that is known: %v", err)
	}
	return known
}

// A binary cache that is away must cost little, and nothing else: not the
// caches that are there, and no retries of a daemon, which does not listen to
// what its users want of downloads.
func TestCachesAway(t *testing.T) {
	for name, c := range map[string]struct {
		away   func(t *testing.T) string
		daemon bool
		limit  time.Duration // of nix by itself: 4-5 s, 10 s where packets are dropped
	}{
		"refused":         {func(*testing.T) string { return "127.0.0.1:9" }, false, 3 * time.Second},
		"dropped":         {blackhole, false, 4800 * time.Millisecond},
		"refused, daemon": {func(*testing.T) string { return "127.0.0.1:9" }, true, 3 * time.Second},
		"dropped, daemon": {blackhole, true, 4800 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bed := nixtest.New(t)
			there, asked := empty(t, filepath.Join(bed.Dir, "store"))
			bed.Configure(t, fmt.Sprintf("substituters = http://%s?priority=1 %s\ntrusted-users = nobody", c.away(t), there))
			dir := newProject(t, bed, "p")
			nixtest.Flake(t, dir, nixtest.Shell{Vars: map[string]string{"FOO": "bar"}, Builder: "echo made >$out"})
			req, err := request(bed, dir, "auto")
			if err != nil {
				t.Fatal(err)
			}
			if c.daemon {
				req.Env = daemon(t, bed)
			}
			var log bytes.Buffer
			req.Log = &log
			started := time.Now()
			r, err := Evaluate(t.Context(), req)
			took := time.Since(started)
			if err != nil || value(r.Delta, "FOO") != "bar" {
				t.Fatalf("%v\n%s", err, &log)
			}
			t.Logf("it took %v, nix ran %d times", took, len(bed.Runs(t)))
			if took > c.limit {
				t.Errorf("it took %v:\n%s", took, &log)
			}
			if asked() < 2 {
				t.Error("the cache that is there was left out, too")
			}
		})
	}
}

// The watch stops nix only for a cache that nix would try again.
func TestAway(t *testing.T) {
	const info, path = "http://c/nix-cache-info", "http://c/00000000000000000000000000000000.narinfo"
	failed := func(url, code, more string) string {
		return "warning: error: unable to download '" + url + "': Words (" + code + ")" + more
	}
	const again = "; retrying in 250 ms"
	for name, c := range map[string]struct {
		lines []string
		url   string
	}{
		"a timeout":        {[]string{failed(info, "28", again)}, info},
		"of a path":        {[]string{failed(path, "28", again)}, path},
		"one hiccup":       {[]string{failed(info, "7", again)}, ""},
		"two":              {[]string{failed(info, "7", again), failed(info, "6", again)}, info},
		"of two caches":    {[]string{failed(info, "7", again), failed("http://d/nix-cache-info", "7", again)}, ""},
		"nix gives up":     {[]string{failed(info, "28", ""), failed(info, "28", "")}, ""},
		"an input":         {[]string{failed("http://c/x.tar.gz", "28", again)}, ""},
		"what was fetched": {[]string{failed("http://c/nar/x.nar.xz", "28", again)}, ""},
		"another reason":   {[]string{failed(info, "22", again), failed(info, "22", again)}, ""},
		"since 2.26":       {[]string{failed(info, "28", " Connection timed out after 3001 milliseconds"+again)}, info},
		"with a query":     {[]string{failed(info+"?x=1", "28", again)}, info},
	} {
		stopped := false
		a := newAway(func(error) { stopped = true }, nil)
		for _, line := range c.lines {
			a.see(line)
		}
		a.quiet.Stop()
		if a.url != c.url || stopped != (c.url != "") {
			t.Errorf("%s: %q, stopped %t", name, a.url, stopped)
		}
	}
}

// After a silence, what was asked and cannot be reached is left out; what is
// slow is not, nor is anything while nix builds.
func TestAwaySilent(t *testing.T) {
	const slow, dead = "downloading 'http://slow/nix-cache-info'...", "downloading 'https://dead/sub/00000000000000000000000000000000.narinfo'..."
	for name, c := range map[string]struct {
		lines []string
		dead  bool
	}{
		"slow": {[]string{slow}, false}, "both": {[]string{dead, slow}, true}, "builds": {[]string{dead, "building '/x.drv'..."}, false},
		"builds before": {[]string{"building '/x.drv'...", dead}, true}, "an input": {[]string{"downloading 'https://dead/x.tar.gz'..."}, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			stopped := make(chan error, 2)
			a := newAway(func(err error) { stopped <- err }, func(address string) bool { return address != "dead:443" })
			for _, line := range c.lines {
				a.see(line)
			}
			select {
			case <-stopped:
				if !c.dead {
					t.Errorf("%s: stopped because of %q", name, a.url)
				}
			case <-time.After(time.Minute):
				if c.dead {
					t.Errorf("%s: nobody noticed", name)
				}
			}
			a.end()
		})
	}
}

// A daemon that is not there, or goes in the middle, is told in one line, and
// the next try is a success.
func TestDaemonAway(t *testing.T) {
	t.Parallel()
	bed := nixtest.New(t)
	dir, pids := newProject(t, bed, "p"), filepath.Join(bed.Dir, "pids")
	nixtest.Flake(t, dir, nixtest.Shell{Vars: map[string]string{"FOO": "bar"}, Builder: "echo $$ >>" + pids + "; test -e " + bed.Dir + "/go || read -t 600 <> <(:); echo >$out"})
	req, err := request(bed, dir, "auto")
	if err != nil {
		t.Fatal(err)
	}
	req.Env = daemon(t, bed)
	failed := make(chan error, 1)
	go func() {
		_, err := Evaluate(t.Context(), req)
		failed <- err
	}()
	await(t, func() []string {
		text, _ := os.ReadFile(pids)
		return strings.Fields(string(text))
	})
	stopDaemon(t, bed)
	meanwhile := <-failed
	_, before := Evaluate(t.Context(), req)
	for _, err := range []error{meanwhile, before} {
		known := failure(t, err)
		if known.Kind != Daemon || strings.Contains(known.Message, "\n") || !strings.Contains(known.Hint, "nix-daemon") {
			t.Errorf("%v: %q, hint %q\n%s", known.Kind, known.Message, known.Hint, known.Detail)
		}
	}
	nixtest.Write(t, filepath.Join(bed.Dir, "go"), "")
	_ = os.Remove(filepath.Join(bed.Dir, "daemon"))
	req.Env = daemon(t, bed)
	if r, err := Evaluate(t.Context(), req); err != nil || value(r.Delta, "FOO") != "bar" {
		t.Errorf("with a daemon: %v", err)
	}
}

// A disk without room is told in one line, while evaluating and while building,
// and with room the next try is a success.
func TestDiskFull(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	for name, size := range map[string]string{"evaluating": "8k", "building": "512k"} {
		bed := nixtest.New(t)
		dir, store := newProject(t, bed, "p"), filepath.Join(bed.Dir, "store")
		nixtest.Flake(t, dir, nixtest.Shell{
			Vars:    map[string]string{"FOO": "bar"},
			Builder: "printf -v x %1000000s x; echo \"$x$x\" >$out || exit 1; echo done",
		})
		mount := func(options string) {
			t.Helper()
			if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", store).CombinedOutput(); err != nil {
				t.Skipf("nothing can be mounted here: %v: %s", err, out)
			}
		}
		mount("size=" + size)
		t.Cleanup(func() { // before the bed's directory is removed
			if out, err := exec.Command("umount", "-l", store).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
		req, err := request(bed, dir, "auto")
		if err != nil {
			t.Fatal(err)
		}
		_, err = Evaluate(t.Context(), req)
		known := failure(t, err)
		if known.Kind != DiskFull || strings.Contains(known.Message, "\n") || !strings.Contains(known.Hint, "nix store gc") {
			t.Errorf("%s: %v: %q, hint %q\n%s", name, known.Kind, known.Message, known.Hint, known.Detail)
		}
		mount("remount,size=64m")
		if r, err := Evaluate(t.Context(), req); err != nil || value(r.Delta, "FOO") != "bar" {
			t.Errorf("%s: with room: %v", name, err)
		}
	}
}
