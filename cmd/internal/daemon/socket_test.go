package daemon

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hbohlen/devsh/shell/filelock"
)

const limit = 20 * time.Second

// TestMain also is a stranger who calls: another user's process.
func TestMain(m *testing.M) {
	if path := os.Getenv("DEVSH_TEST_CALL"); path != "" {
		os.Exit(callMain(path))
	}
	os.Exit(m.Run())
}

// callMain says what a daemon answers.
func callMain(path string) int {
	conn, err := net.Dial("unix", path)
	if err != nil {
		fmt.Println("no connection:", err)
		return 0
	}
	defer conn.Close()
	fmt.Fprintln(conn, "stop")
	line, err := bufio.NewReader(conn).ReadString('\n')
	fmt.Printf("answer %q %v\n", line, err)
	return 0
}

// A request is a verb and a path, and nothing else is understood.
func TestParse(t *testing.T) {
	for line, want := range map[string]string{
		`look "/a/b"`: "/a/b", `look "/\xff\n"`: "/\xff\n", "status": "", "stop": "",
		`look "a"`: "-", `look "/a/../b"`: "-", "look /a": "-", "look": "-", `look "/a" "/b"`: "-", `look "/a" A=b`: "-",
		"status /a": "-", "stop now": "-", "": "-", `run "/bin/sh"`: "-", "STOP": "-", `env "A=b"`: "-",
	} {
		q, ok := parse(line)
		if ok != (want != "-") || ok && q.path != want {
			t.Errorf("%q: %q, %t", line, q.path, ok)
		}
	}
}

func TestOnBattery(t *testing.T) {
	supplies := func(files string) fstest.MapFS {
		m := fstest.MapFS{}
		for _, f := range strings.Fields(files) {
			name, text, _ := strings.Cut(f, "=")
			m[name] = &fstest.MapFile{Data: []byte(text + "\n")}
		}
		return m
	}
	for files, want := range map[string]bool{
		"": false, // a server
		"AC/type=Mains AC/online=1 BAT0/type=Battery BAT0/status=Charging":             false,
		"AC/type=Mains AC/online=1 BAT0/type=Battery BAT0/status=Discharging":          false, // a weak charger
		"AC/type=Mains AC/online=0 BAT0/type=Battery BAT0/status=Discharging":          true,
		"BAT1/type=Battery BAT1/status=Full BAT0/type=Battery BAT0/status=Discharging": true,
		"BAT0/type=Battery BAT0/status=Full":                                           false,
		"UCSI/type=USB UCSI/online=1 BAT0/type=Battery BAT0/status=Discharging":        false,
		"mouse/type=Battery mouse/scope=Device mouse/status=Discharging":               false,
	} {
		if got := OnBattery(supplies(files)); got != want {
			t.Errorf("%q: %t", files, got)
		}
	}
	if OnBattery(os.DirFS("/does/not/exist")) {
		t.Error("without power supplies it runs from a battery")
	}
}

// serving is a daemon that answers, and nothing else.
func serving(t *testing.T, l *Lease, program string) (ended <-chan error) {
	t.Helper()
	b := newBed(t)
	b.daemon.Program = program
	done := make(chan error, 1)
	go func() { done <- errors.Join(b.daemon.Run(t.Context(), l), l.Close()) }()
	return done
}

// daemonDir is one with a name that is too long for a socket's.
func daemonDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "daemon")
}

func take(t *testing.T, dir, program string) *Lease {
	t.Helper()
	l, err := Take(t.Context(), dir, program, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func stop(t *testing.T, dir string, ended <-chan error) {
	t.Helper()
	c, err := Dial(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(); err != nil {
		t.Error(err)
	}
	awaitEnd(t, ended)
}

func awaitEnd(t *testing.T, ended <-chan error) {
	t.Helper()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(limit):
		t.Fatal("it does not end")
	}
}

// Whatever lies where the socket should be, the holder of the lock replaces it.
func TestStaleSocket(t *testing.T) {
	for name, leave := range map[string]func(path string) error{
		"of one that was killed": func(path string) error {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
			if err != nil {
				return err
			}
			l.SetUnlinkOnClose(false)
			return l.Close()
		},
		"a file":      func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"a directory": func(path string) error { return os.MkdirAll(path+"/x", 0o700) },
		"a link away": func(path string) error { return os.Symlink("/etc/passwd", path) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := daemonDir(t)
			if err := Prepare(dir); err != nil {
				t.Fatal(err)
			}
			if err := short(dir, leave); err != nil {
				t.Fatal(err)
			}
			ended := serving(t, take(t, dir, "a"), "a")
			for path, mode := range map[string]os.FileMode{dir: 0o700 | os.ModeDir, Socket(dir): 0o600 | os.ModeSocket} {
				if info, err := os.Lstat(path); err != nil || info.Mode() != mode {
					t.Errorf("%s: %v %v", path, info.Mode(), err)
				}
			}
			stop(t, dir, ended)
			if _, err := os.Lstat(Socket(dir)); err == nil {
				t.Error("the socket is left")
			}
			if pid := Holder(dir); pid != 0 {
				t.Errorf("process %d holds the lock", pid)
			}
		})
	}
}

// Of many who start at once one serves, and the others know it.
func TestStartedAtOnce(t *testing.T) {
	dir := daemonDir(t)
	var all sync.WaitGroup
	served := make(chan (<-chan error), 20)
	for range 20 {
		all.Go(func() {
			l, err := Take(t.Context(), dir, "a", nil)
			switch {
			case err == nil:
				served <- serving(t, l, "a")
			case !errors.Is(err, ErrRunning):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(served) != 1 {
		t.Fatalf("%d serve", len(served))
	}
	if pid := Holder(dir); pid != os.Getpid() {
		t.Errorf("process %d holds the lock", pid)
	}
	stop(t, dir, <-served)
}

// A daemon of another program ends for the one that is started, which serves.
func TestOtherProgram(t *testing.T) {
	dir := daemonDir(t)
	old := serving(t, take(t, dir, "old"), "old")
	l := take(t, dir, "new")
	awaitEnd(t, old)
	ended := serving(t, l, "new")
	c, err := Dial(t.Context(), dir)
	if err != nil || c.Program != "new" {
		t.Errorf("%q serves, %v", c.Program, err)
	}
	c.Close()
	stop(t, dir, ended)
}

// So does one of another version, of which nothing is understood but that.
func TestOtherVersion(t *testing.T) {
	dir := daemonDir(t)
	l := take(t, dir, "x")
	heard := make(chan string, 1)
	go func() {
		for {
			conn, err := l.listener.Accept()
			if err != nil {
				return
			}
			fmt.Fprintf(conn, "devsh daemon %d same\n", protocol+1)
			if line, err := bufio.NewReader(conn).ReadString('\n'); err == nil {
				heard <- line
				fmt.Fprintln(conn, "{}")
				conn.Close()
				l.Close()
				return
			}
			conn.Close()
		}
	}()
	ended := serving(t, take(t, dir, "same"), "same")
	if line := <-heard; line != "stop\n" {
		t.Errorf("it was asked %q", line)
	}
	stop(t, dir, ended)
}

// Where the state directory was deleted, another may serve, and this one ends.
func TestStateDeleted(t *testing.T) {
	dir := daemonDir(t)
	ended := serving(t, take(t, dir, "a"), "a")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	again := serving(t, take(t, dir, "a"), "a")
	awaitEnd(t, ended)
	stop(t, dir, again)
}

// A daemon whose socket was taken away, or replaced, would be found by nobody and
// keep all others from serving: it ends, and leaves what is not its own.
func TestSocketTakenAway(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"removed":     func(string) error { return nil },
		"a file":      func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"a FIFO":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a directory": func(path string) error { return os.MkdirAll(path+"/x", 0o700) },
		"a link":      func(path string) error { return os.Symlink("lock", path) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := daemonDir(t)
			ended := serving(t, take(t, dir, "a"), "a")
			if err := replaceSocket(Socket(dir), name != "removed", put); err != nil {
				t.Fatal(err)
			}
			awaitEnd(t, ended)
			if _, err := os.Lstat(Socket(dir)); (err == nil) != (name != "removed") {
				t.Error(err)
			}
			stop(t, dir, serving(t, take(t, dir, "a"), "a"))
		})
	}
}

// replaceSocket puts something in the place of a socket, in one step: a daemon
// that sees nothing there clears up after itself.
func replaceSocket(socket string, other bool, put func(path string) error) error {
	if !other {
		return os.Remove(socket)
	}
	path := socket + ".new"
	if err := put(path); err != nil {
		return err
	}
	err := unix.Renameat2(unix.AT_FDCWD, path, unix.AT_FDCWD, socket, unix.RENAME_EXCHANGE)
	return errors.Join(err, os.RemoveAll(path))
}

// The number of a process of before may have been longer.
func TestHolderAfterALongerNumber(t *testing.T) {
	dir := daemonDir(t)
	if err := Prepare(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(lockFile(dir), []byte("4194303999\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ended := serving(t, take(t, dir, "a"), "a")
	if pid := Holder(dir); pid != os.Getpid() {
		t.Errorf("process %d holds the lock", pid)
	}
	stop(t, dir, ended)
}

// A socket that systemd holds is not taken away: who comes there has a daemon
// started, with that socket.
func TestServed(t *testing.T) {
	dir := daemonDir(t)
	if err := Prepare(dir); err != nil {
		t.Fatal(err)
	}
	var theirs *net.UnixListener
	err := short(dir, func(path string) (err error) {
		theirs, err = net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	theirs.SetUnlinkOnClose(false)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := Take(ctx, dir, "a", nil); !errors.Is(err, ErrServed) {
		t.Error(err)
	}
	l, err := Take(t.Context(), dir, "a", theirs)
	if err != nil {
		t.Fatal(err)
	}
	stop(t, dir, serving(t, l, "a"))
	if _, err := os.Lstat(Socket(dir)); err != nil {
		t.Error(err)
	}
}

// Who was given systemd's socket waits for the lock, and calls nobody: it would be
// itself that does not answer, and what it called would wait to be served.
func TestServedWaits(t *testing.T) {
	dir := daemonDir(t)
	theirs := listens(t, dir, 5)
	lock, err := filelock.Try(lockFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, ErrHeld)
	defer cancel()
	if _, err := Take(ctx, dir, "a", theirs); !errors.Is(err, ErrHeld) {
		t.Error(err)
	}
	if err := theirs.SetDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if conn, err := theirs.Accept(); err == nil {
		t.Error("it called itself")
		conn.Close()
	}
}

// One that neither answers nor ends is told, in time.
func TestHeld(t *testing.T) {
	dir := daemonDir(t)
	if err := Prepare(dir); err != nil {
		t.Fatal(err)
	}
	lock, err := filelock.Try(lockFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, ErrHeld)
	defer cancel()
	if _, err := Take(ctx, dir, "a", nil); !errors.Is(err, ErrHeld) {
		t.Error(err)
	}
}

// Another user is not listened to, even one who can reach the socket.
func TestStranger(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can act as another user")
	}
	tmp, err := os.MkdirTemp("", "daemon") // others can enter it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(tmp) })
	exe := filepath.Join(tmp, "test")
	self, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = errors.Join(os.Chmod(tmp, 0o755), os.WriteFile(exe, self, 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(tmp, "daemon")
	ended := serving(t, take(t, dir, "a"), "a")
	call := func(uid uint32) string {
		cmd := exec.Command(exe)
		cmd.Env = []string{"DEVSH_TEST_CALL=" + Socket(dir)}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	if out := call(65534); !strings.Contains(out, "permission denied") {
		t.Errorf("the directory lets in: %s", out)
	}
	if err := errors.Join(os.Chmod(dir, 0o755), os.Chmod(Socket(dir), 0o777)); err != nil {
		t.Fatal(err)
	}
	if out := call(65534); !strings.HasPrefix(out, `answer ""`) {
		t.Errorf("the daemon answers: %s", out)
	}
	if out := call(0); !strings.HasPrefix(out, `answer "devsh daemon `) {
		t.Errorf("its own user is told: %s", out)
	}
	awaitEnd(t, ended) // as that one asked
}
