package fishtest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
)

// daemonStatus is what the tests look at of «devsh daemon status --json».
type daemonStatus struct {
	Running, Enabled, Outdated bool
	PID, Shells, Resolved      int
	Limit                      string
	Projects                   []struct{ Project string }
	Unwatched                  []string
	Directories                int
}

func (b *Bed) daemonStatus(t testing.TB) (s daemonStatus) {
	t.Helper()
	out, _ := b.TryDevsh(t, "daemon", "status", "--json")
	if err := json.NewDecoder(strings.NewReader(out)).Decode(&s); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return s
}

// until asks the daemon until it says so.
func (b *Bed) until(t testing.TB, what string, ok func(daemonStatus) bool) daemonStatus {
	t.Helper()
	deadline := time.Now().Add(Limit())
	for {
		s := b.daemonStatus(t)
		if ok(s) {
			return s
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(b.Home, "state/devsh/v1/daemon/log"))
			t.Fatalf("%s: %+v; the daemon's log: %s", what, s, log)
		}
	}
}

// startDaemon starts one that ends with the test.
func (b *Bed) startDaemon(t testing.TB) {
	t.Helper()
	b.Devsh(t, "daemon", "start")
	t.Cleanup(func() { b.stopDaemon(t) })
}

func (b *Bed) stopDaemon(t testing.TB) {
	t.Helper()
	cmd := exec.Command(b.bin, "daemon", "stop") // also when the test's context has ended
	cmd.Env = b.Env().List()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("devsh daemon stop: %v %s", err, out)
	}
}

const daemonProject = "[env]\nFROM = \"toml\"\nfile = [\".env\"]\n"

// onChange has the shell write what VALUE is whenever it changes.
func (f *Fish) onChange() (file string) {
	f.t.Helper()
	file = filepath.Join(f.dir, "value")
	f.OK("function changed --on-variable VALUE; echo $VALUE >>" + file + "; end")
	return file
}

// awaitLine waits until a file has the line.
func awaitLine(t testing.TB, file, line string) {
	t.Helper()
	deadline := time.After(Limit())
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if data, err := os.ReadFile(file); err == nil && strings.Contains("\n"+string(data), "\n"+line+"\n") {
			return
		}
		select {
		case <-deadline:
			data, _ := os.ReadFile(file)
			t.Fatalf("%q did not come within %v: %q", line, Limit(), data)
		case <-tick.C:
		}
	}
}

// TestDaemonBringsChanges: where a shell waits at its prompt, a change comes
// without a key, over what is typed; what is not allowed is not taken over.
func TestDaemonBringsChanges(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Project("p", daemonProject)
	b.Write(dir+"/.env", "VALUE=1\n")
	b.Allow(t, dir)
	b.startDaemon(t)
	f := Start(t, b, Options{})
	value := f.onChange()
	f.OK("cd " + dir)
	b.until(t, "the project is watched", func(s daemonStatus) bool {
		return len(s.Projects) == 1 && s.Projects[0].Project == dir && s.Shells == 1
	})
	if err := f.Session.Type("echo half"); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		b.Write(dir+"/.env", fmt.Sprintf("VALUE=%d\n", i+2))
		awaitLine(t, value, strconv.Itoa(i+2))
	}
	tmp := b.Write(dir+"/tmp", "VALUE=renamed\n")
	if err := os.Rename(tmp, dir+"/.env"); err != nil {
		t.Fatal(err)
	}
	awaitLine(t, value, "renamed")
	if out, _ := f.Run(" a line\x01\x05"); out != "half a line\n" {
		t.Errorf("the line that was half typed printed %q", out)
	}
	mark := f.Session.Mark()
	before := b.daemonStatus(t).Resolved
	b.Write(dir+"/devsh.toml", strings.ReplaceAll(daemonProject, "toml", "changed"))
	b.until(t, "it is looked at", func(s daemonStatus) bool { return s.Resolved > before })
	if out := f.OK("echo $FROM $VALUE"); out != "toml renamed\n" {
		t.Errorf("not allowed, and it is %q", out)
	}
	f.shows("devsh: p: changed since you allowed it: devsh.toml", mark)
	b.Allow(t, dir)
	if out := f.OK("echo $FROM"); out != "changed\n" {
		t.Errorf("allowed, and it is %q", out)
	}
	b.stopDaemon(t)
	b.Write(dir+"/.env", "VALUE=without\n")
	f.OK("true")
	if out := f.OK("echo $VALUE"); out != "without\n" {
		t.Errorf("without the daemon it is %q", out)
	}
}

// TestDaemonBuildsAhead: what a changed flake needs is built while the shell
// is idle, by a process of its own, once.
func TestDaemonBuildsAhead(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	dir := filepath.Join(b.Dev, "p")
	b.Write(dir+"/data", "1")
	b.Write(dir+"/devsh.toml", "[watch]\nfiles = [\"data\"]\n")
	nixtest.Flake(t, dir, nixtest.Shell{Nix: map[string]string{"VALUE": "builtins.readFile ./data"}})
	b.Allow(t, dir)
	b.startDaemon(t)
	f := Start(t, b.Bed, Options{})
	value := f.onChange()
	f.OK("cd " + dir)
	b.until(t, "the project is watched", func(s daemonStatus) bool { return len(s.Projects) == 1 })
	n := b.evaluations()
	b.Write(dir+"/data", "2")
	awaitLine(t, value, "2")
	if got := b.evaluations() - n; got != 1 {
		t.Errorf("nix was run %d times", got)
	}
	b.until(t, "no child is left", func(daemonStatus) bool { return len(childrenOf(b.holder())) == 0 })
	// Without nix, as systemd may start it, it leaves the project alone.
	b.stopDaemon(t)
	path := b.more["PATH"]
	b.more["PATH"] = filepath.Join(b.Tmp, "bin")
	b.Devsh(t, "daemon", "start")
	b.more["PATH"] = path
	b.until(t, "the project is watched", func(s daemonStatus) bool { return len(s.Projects) == 1 })
	b.Write(dir+"/data", "3")
	b.until(t, "it is looked at", func(s daemonStatus) bool { return s.Resolved == 1 })
	f.OK("true")
	awaitLine(t, value, "3")
}

// TestDaemonOnDemand: with the setting it is there when a shell has come, one
// for all of them, and ends when it is of no use.
func TestDaemonOnDemand(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Project("p", daemonProject)
	b.Write("config/devsh/config.toml", "[daemon]\nenabled = true\n")
	b.Write(dir+"/.env", "VALUE=1\n")
	b.Allow(t, dir)
	if s := b.daemonStatus(t); s.Running || !s.Enabled {
		t.Errorf("before a shell has come: %+v", s)
	}
	for i := range 5 {
		b.Write(fmt.Sprintf("dev/new%d/.git/x", i), "")
	}
	var pids []int
	for i := range 5 {
		f := Start(t, b, Options{})
		f.OK(fmt.Sprintf("cd %s/new%d", b.Dev, i)) // cold: it has devsh asked
		f.OK("cd " + dir)
		pids = append(pids, b.until(t, "it runs", func(s daemonStatus) bool { return s.PID != 0 && s.Shells == i+1 && s.Directories > 0 }).PID)
	}
	t.Cleanup(func() { b.stopDaemon(t) })
	for _, pid := range pids {
		if pid != pids[0] {
			t.Errorf("they are several: %d", pids)
		}
	}
}

// TestDaemonInheritsNothing: who waits for the end of a pipe that a shell had
// does not wait for the daemon.
func TestDaemonInheritsNothing(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command(b.bin, "daemon", "start")
	cmd.Env = b.Env().List()
	cmd.ExtraFiles = []*os.File{w}
	if out, err := cmd.CombinedOutput(); err != nil { // it waits for the end of these, too
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { b.stopDaemon(t) })
	w.Close()
	if err := r.SetReadDeadline(time.Now().Add(Limit())); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || os.IsTimeout(err) {
		t.Errorf("the pipe is held open: %v", err)
	}
	if s := b.daemonStatus(t); !s.Running {
		t.Errorf("%+v", s)
	}
}

// TestDaemonKilled: killed at any moment it leaves nothing that is in the way
// of the shell or of the next one.
func TestDaemonKilled(t *testing.T) {
	t.Parallel()
	kills := 30
	if n, err := strconv.Atoi(os.Getenv("DEVSH_TEST_N")); err == nil {
		kills = n
	}
	b := newBed(t)
	dir := b.Project("p", daemonProject)
	b.Write("config/devsh/config.toml", "[daemon]\nenabled = true\n")
	b.Write(dir+"/.env", "VALUE=0\n")
	b.Allow(t, dir)
	f := Start(t, b, Options{})
	value := f.onChange()
	f.OK("cd " + dir)
	t.Cleanup(func() { b.stopDaemon(t) })
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for i := 1; i <= kills; i++ {
		b.Write(dir+"/.env", fmt.Sprintf("VALUE=%d\n", i))
		// Whoever is first, prompt or daemon, it is done; and a daemon is started.
		f.OK("true")
		wait := time.After(time.Duration(random.Int64N(int64(60 * time.Millisecond))))
		pid := 0
		for done := false; !done; {
			select {
			case <-wait:
				done = true
			default:
				pid = b.holder()
			}
		}
		if pid != 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
		}
		// It is there by now, or comes: the prompt does not wait for another
		// process that is at it.
		awaitLine(t, value, strconv.Itoa(i))
	}
	b.startDaemon(t)
	b.until(t, "the next one is well", func(s daemonStatus) bool { return s.Shells == 1 && len(s.Projects) == 1 })
	b.Write(dir+"/.env", "VALUE=last\n")
	awaitLine(t, value, "last")
	var rubbish []string
	_ = filepath.WalkDir(filepath.Join(b.Home, "state"), func(path string, _ os.DirEntry, _ error) error {
		if strings.HasPrefix(filepath.Base(path), ".tmp-") {
			rubbish = append(rubbish, path)
		}
		return nil
	})
	if len(rubbish) > 0 {
		t.Errorf("left: %q", rubbish)
	}
	if zombies := childrenOf(b.holder()); len(zombies) > 0 {
		t.Errorf("the daemon has children: %q", zombies)
	}
}

// holder is the process that holds the daemon's lock, as far as it says so.
func (b *Bed) holder() int {
	text, _ := os.ReadFile(filepath.Join(b.Home, "state/devsh/v1/daemon/lock"))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if pid == 0 || err != nil || exe != b.bin {
		return 0
	}
	return pid
}

func childrenOf(pid int) []string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	return strings.Fields(string(text))
}

// TestDaemonReplaced: after an upgrade the next that is started serves.
func TestDaemonReplaced(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.startDaemon(t)
	before := b.daemonStatus(t)
	other := filepath.Join(b.Tmp, "other-devsh")
	// Not written here: what another test starts meanwhile would inherit it open.
	if out, err := exec.Command("cp", b.bin, other).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b.bin = other
	if s := b.daemonStatus(t); !s.Running || !s.Outdated || s.PID != before.PID {
		t.Errorf("%+v", s)
	}
	b.Devsh(t, "daemon", "start")
	if s := b.daemonStatus(t); !s.Running || s.Outdated || s.PID == before.PID {
		t.Errorf("%+v", s)
	}
}

// TestDaemonOfSystemd: it takes the socket that systemd made, and leaves it.
func TestDaemonOfSystemd(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := filepath.Join(b.Home, "state/devsh/v1/daemon")
	b.mkdir(dir, 0o700)
	unit := b.Devsh(t, "daemon", "unit", "socket")
	path := filepath.Join(dir, "socket")
	if !strings.Contains(unit, "ListenStream="+path+"\n") {
		t.Fatalf("%s", unit)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // it is started again
		cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" daemon run --idle 1h`, b.bin)
		cmd.Env = b.Env().List()
		cmd.ExtraFiles = []*os.File{socket}
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("unix", path) // as systemd sees it: somebody has come
		if err != nil {
			t.Fatal(err)
		}
		if greeting, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.HasPrefix(greeting, "devsh daemon ") {
			t.Errorf("%q %v", greeting, err)
		}
		conn.Close()
		if s := b.daemonStatus(t); s.PID != cmd.Process.Pid {
			t.Errorf("%+v", s)
		}
		b.Devsh(t, "daemon", "start") // it runs already
		b.stopDaemon(t)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(path); err != nil {
			t.Error(err)
		}
	}
}

// TestDaemonAtTheLimit: where inotify's limit is reached it says so, and the
// prompts look as they do without it.
func TestDaemonAtTheLimit(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("unshare", "-Ur", "true").CombinedOutput(); err != nil {
		t.Skipf("no user namespaces, which have a limit of their own: %v %s", err, out)
	}
	b := newBed(t)
	dir := b.Project("p", daemonProject)
	b.Write(dir+"/.env", "VALUE=1\n")
	b.Allow(t, dir)
	cmd := exec.Command("unshare", "-Ur", "sh", "-c", `echo 2 >/proc/sys/user/max_inotify_watches; exec "$0" daemon run`, b.bin)
	cmd.Env = b.Env().List()
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b.until(t, "it runs", func(s daemonStatus) bool { return s.PID != 0 && s.Limit != "" })
	f := Start(t, b, Options{})
	f.OK("cd " + dir)
	b.Write(dir+"/.env", "VALUE=2\n")
	f.OK("true")
	if got := f.OK("echo $VALUE"); got != "2\n" {
		t.Errorf("VALUE is %q", got)
	}
	b.Devsh(t, "enter", "--abi", "1", "--", dir)
	s := b.daemonStatus(t)
	if !strings.Contains(s.Limit, "fs.inotify.max_user_watches") || len(s.Unwatched) == 0 || s.Directories > 2 {
		t.Errorf("%+v", s)
	}
	if text := b.Devsh(t, "status", dir); !strings.Contains(text, "not watched, the prompts look there: the limit of inotify's watches") {
		t.Errorf("%s", text)
	}
	b.stopDaemon(t)
	if err := cmd.Wait(); err != nil || strings.Count(log.String(), "max_user_watches") != 1 {
		t.Errorf("%v: %q", err, log.String())
	}
}

// TestDaemonIsSmall: what it takes of memory is bounded, after work too.
func TestDaemonIsSmall(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Project("p", daemonProject)
	b.Write(dir+"/.env", "VALUE=0\n")
	b.Allow(t, dir)
	b.startDaemon(t)
	f := Start(t, b, Options{})
	value := f.onChange()
	f.OK("cd " + dir)
	b.until(t, "the project is watched", func(s daemonStatus) bool { return len(s.Projects) == 1 })
	for i := 1; i <= 20; i++ {
		b.Write(dir+"/.env", fmt.Sprintf("VALUE=%d\n", i))
		awaitLine(t, value, strconv.Itoa(i))
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.holder()))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		t.Fatalf("%s", status)
	}
	if kb, _ := strconv.Atoi(string(m[1])); kb > 20<<10 {
		t.Errorf("it takes %d kB", kb)
	}
}
