package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/inputs"
)

// bed is a scratch home with a daemon that resolves as devsh does, in this
// process. Shells are processes that stand somewhere.
type bed struct {
	t        *testing.T
	home     string
	resolver *activation.Resolver
	daemon   *Daemon
	resolved chan string // the projects, as they are done
	mayBuild atomic.Bool
	fail     atomic.Bool
	dir      string
}

func newBed(t *testing.T) *bed {
	t.Helper()
	home, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b := &bed{t: t, home: home, resolved: make(chan string, 10000), dir: filepath.Join(home, "daemon")}
	b.resolver = &activation.Resolver{
		Store:    activation.NewStore(filepath.Join(home, "state")),
		Settings: activation.Settings{Roots: []string{filepath.Join(home, "dev")}, Files: []inputs.File{{Path: filepath.Join(home, "config.toml")}}},
		Home:     home, Env: []string{"HOME=" + home, "PATH=/usr/bin:/bin"}, Now: time.Now,
	}
	b.mayBuild.Store(true)
	b.daemon = &Daemon{
		Store: b.resolver.Store, Idle: time.Hour, Program: "test", MayBuild: b.mayBuild.Load, Skip: func(string) bool { return false },
		Resolve: func(ctx context.Context, dir string) error {
			defer func() { b.resolved <- dir }()
			if b.fail.Load() {
				return errors.New("the disk is full")
			}
			_, err := b.resolver.Enter(ctx, dir, activation.Options{})
			return err
		},
		Log: func(line string) { t.Log(line) },
	}
	if err := b.resolver.Store.Open(); err != nil {
		t.Fatal(err)
	}
	return b
}

// write writes a file in one step: one that is seen half written is resolved
// twice.
func (b *bed) write(name, text string) string {
	b.t.Helper()
	path, tmp := filepath.Join(b.home, "dev", name), filepath.Join(b.home, "tmp")
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(tmp, []byte(text), 0o644), os.Rename(tmp, path)); err != nil {
		b.t.Fatal(err)
	}
	return path
}

// project makes an allowed project, and resolves it.
func (b *bed) project(name, devshToml string) string {
	b.t.Helper()
	dir := filepath.Dir(b.write(name+"/devsh.toml", devshToml))
	req, err := b.resolver.Ask(dir)
	if err == nil {
		err = b.resolver.Allow(req)
	}
	if err == nil {
		_, err = b.resolver.Enter(b.t.Context(), dir, activation.Options{})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return dir
}

// shell is a process in a directory that notes that it has been in a project.
func (b *bed) shell(in, project string) *exec.Cmd {
	b.t.Helper()
	cmd := exec.Command("sleep", "1000")
	cmd.Dir = in
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { b.end(cmd) })
	if err := b.resolver.Store.Stands(cmd.Process.Pid, project); err != nil {
		b.t.Fatal(err)
	}
	return cmd
}

func (b *bed) end(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it was killed
}

// run runs the daemon until the test ends.
func (b *bed) run() (ended <-chan error) {
	b.t.Helper()
	l := take(b.t, b.dir, "test")
	ctx, cancel := context.WithCancel(b.t.Context())
	done := make(chan error, 1)
	over := make(chan struct{})
	go func() {
		defer close(over)
		done <- errors.Join(b.daemon.Run(ctx, l), l.Close())
	}()
	b.t.Cleanup(func() { cancel(); <-over })
	b.status() // it looks around before it answers
	return done
}

func (b *bed) status() Status {
	b.t.Helper()
	c, err := Dial(b.t.Context(), b.dir)
	if err != nil {
		b.t.Fatal(err)
	}
	s, err := c.Status()
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (b *bed) look(dir string) {
	b.t.Helper()
	c, err := Dial(b.t.Context(), b.dir)
	if err == nil {
		err = c.Look(dir)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// await waits until a project has been resolved.
func (b *bed) await(dir string) {
	b.t.Helper()
	select {
	case got := <-b.resolved:
		if got != dir {
			b.t.Fatalf("%s is resolved, not %s", got, dir)
		}
	case <-time.After(limit):
		b.t.Fatalf("%s is not resolved", dir)
	}
}

// none demands that nothing is resolved any more: what was to be is before
// what comes now.
func (b *bed) none(what, settled, dir string) {
	b.t.Helper()
	b.write(settled, "X="+strconv.FormatInt(time.Now().UnixNano(), 10)+"\n")
	b.await(dir)
	if n := len(b.resolved); n > 0 {
		b.t.Errorf("%s: resolved %d times more", what, n)
	}
}

const withFile = "[env]\nfile = [\".env\"]\n[watch]\nfiles = [\"*.txt\"]\n"

// What changes is resolved once, where a shell stands, and nowhere else.
func TestChanged(t *testing.T) {
	b := newBed(t)
	b.write("here/other", "")
	here, there := b.project("here", withFile), b.project("there", withFile)
	b.shell(here, here)
	b.shell(b.home, there) // it was there
	b.run()
	b.write("there/.env", "A=1\n")
	b.write("here/.env", "A=1\n")
	b.await(here)
	b.write("here/new.txt", "")
	b.await(here)
	if err := os.WriteFile(filepath.Join(here, "other"), []byte("changed"), 0o644); err != nil {
		t.Fatal(err)
	}
	b.none("no input", "here/.env", here)
	if e := b.resolver.Known(here); e == nil || len(e.Stale()) > 0 {
		t.Errorf("%+v", e)
	}
	// One that comes is looked after, and so is what its entry says then.
	b.shell(there, there)
	b.await(there)
	b.write("there/devsh.toml", "[env]\nfile = [\"later\"]\n")
	b.await(there) // to tell that it is not allowed
	if e := b.resolver.Known(there); e == nil || e.State != activation.Changed {
		t.Errorf("%+v", e)
	}
	b.write("there/later", "A=1\n")
	b.await(there)
	b.none("not allowed", "here/.env", here)
	s := b.status()
	if s.Shells != 3 || len(s.Projects) != 2 || s.Projects[0].Dir != here || s.Projects[0].Files < 5 || s.Resolved+s.Pending != 7 || s.Watching.Why != "" {
		t.Errorf("%+v", s)
	}
}

// What fails is not tried again before something changes.
func TestFailure(t *testing.T) {
	b := newBed(t)
	dir, other := b.project("p", withFile), b.project("other", withFile)
	b.shell(dir, dir)
	b.shell(other, other)
	b.run()
	b.fail.Store(true)
	b.write("p/.env", "A=1\n")
	b.await(dir)
	b.look(dir)
	b.shell(b.home, other) // has it look at all
	b.none("failed", "other/.env", other)
	b.fail.Store(false)
	b.write("p/.env", "A=2\n")
	b.await(dir)
}

// On battery nothing is done; what changed then is when somebody looks.
func TestBattery(t *testing.T) {
	b := newBed(t)
	dir := b.project("p", withFile)
	b.shell(dir, dir)
	b.mayBuild.Store(false)
	b.run()
	b.write("p/.env", "A=1\n")
	b.look(dir)
	if s := b.status(); s.MayBuild || s.Resolved+s.Pending != 0 {
		t.Errorf("%+v", s)
	}
	b.mayBuild.Store(true)
	b.look(dir)
	b.await(dir)
	if n := len(b.resolved); n > 0 {
		t.Errorf("%d times more", n)
	}
}

// A checkout that changes 1,000 watched files is followed by few resolutions.
func TestCheckout(t *testing.T) {
	b := newBed(t)
	var toml strings.Builder
	toml.WriteString("[watch]\nfiles = [\"a/*.txt\", \"b/*.txt\"]\n")
	dir := filepath.Join(b.home, "dev", "p")
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x@x"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v %s", args, err, out)
		}
	}
	branch := func(name string) {
		t.Helper()
		for i := range 500 {
			b.write(fmt.Sprintf("p/a/%d.txt", i), name)
			b.write(fmt.Sprintf("p/c/%d", i), name)
		}
		git("checkout", "-q", "-b", name)
		git("add", ".")
		git("commit", "-q", "-m", name)
	}
	b.write("p/b/x.txt", "")
	git("init", "-q")
	branch("one")
	branch("two")
	b.project("p", toml.String())
	b.shell(dir, dir)
	b.run()
	git("checkout", "-q", "one")
	b.await(dir)
	for deadline := time.Now().Add(limit); ; { // until what is known is what is there
		s, e := b.status(), b.resolver.Known(dir)
		if s.Pending == 0 && e != nil && len(e.Stale()) == 0 {
			if s.Resolved > 6 {
				t.Errorf("resolved %d times", s.Resolved)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", s)
		}
	}
}

// When no shell is left, it ends; not before. One that has ended is none, also
// where its parent never waits for it.
func TestIdle(t *testing.T) {
	for _, waited := range []bool{true, false} {
		t.Run(fmt.Sprintf("waited for %t", waited), func(t *testing.T) { testIdle(t, waited) })
	}
}

func testIdle(t *testing.T, waited bool) {
	b := newBed(t)
	dir := b.project("p", withFile)
	sh := b.shell(dir, dir)
	b.daemon.Idle = 30 * time.Millisecond
	ended := b.run()
	for range 3 { // several times Idle
		b.write("p/.env", "A="+strconv.FormatInt(time.Now().UnixNano(), 10)+"\n")
		b.await(dir)
	}
	select {
	case err := <-ended:
		t.Fatalf("it ended before the shell: %v", err)
	default:
	}
	if waited {
		b.end(sh)
	} else if err := sh.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	awaitEnd(t, ended)
}

// The end of a process is noticed by itself.
func TestExits(t *testing.T) {
	b := newBed(t)
	one, two := b.shell(b.home, b.home), b.shell(b.home, b.home)
	x := newExits()
	defer x.close()
	x.watch([]int{one.Process.Pid, two.Process.Pid})
	x.watch([]int{two.Process.Pid})
	x.watch([]int{two.Process.Pid})
	b.end(one)
	if len(x.held) != 1 || len(x.gone) != 0 {
		t.Errorf("%d held, %d gone", len(x.held), len(x.gone))
	}
	b.end(two)
	select {
	case <-x.gone:
	case <-time.After(limit):
		t.Error("its end is not told")
	}
}

// A process that has the number of a shell that ended is none.
func TestReusedNumber(t *testing.T) {
	b := newBed(t)
	dir := b.project("p", withFile)
	sh := b.shell(dir, dir)
	note := filepath.Join(b.resolver.Store.Shells(), strconv.Itoa(sh.Process.Pid))
	if err := os.Chtimes(note, time.Unix(1000, 0), time.Unix(1000, 0)); err != nil {
		t.Fatal(err)
	}
	b.run()
	if s := b.status(); s.Shells != 0 {
		t.Errorf("%+v", s)
	}
}

// Over 1,000 changes neither goroutines nor descriptors become more, and when
// it has ended none is left.
func TestNothingIsLeft(t *testing.T) {
	changes := 200
	if n, err := strconv.Atoi(os.Getenv("DEVSH_TEST_N")); err == nil {
		changes = 5 * n
	}
	goroutines, files := runtime.NumGoroutine(), descriptors(t)
	b := newBed(t)
	dir := b.project("p", withFile)
	sh := b.shell(dir, dir)
	ended := b.run()
	change := func(i int) {
		b.write("p/.env", fmt.Sprintf("A=%d\n", i))
		b.await(dir)
		if i%10 == 0 {
			b.end(b.shell(dir, dir))
			b.look(dir)
		}
	}
	for i := range 20 {
		change(i)
	}
	b.status()
	g, f := runtime.NumGoroutine(), descriptors(t)
	for i := range changes {
		change(i + 20)
	}
	b.status()
	if g2, f2 := runtime.NumGoroutine(), descriptors(t); g2 > g+2 || f2 > f+2 {
		t.Errorf("%d goroutines more, %d descriptors", g2-g, f2-f)
	}
	stop(t, b.dir, ended)
	b.end(sh)
	deadline := time.After(limit)
	for runtime.NumGoroutine() > goroutines+1 { // that of run's Cleanup
		select {
		case <-deadline:
			t.Fatalf("%d goroutines are left", runtime.NumGoroutine()-goroutines)
		default:
			runtime.Gosched()
		}
	}
	if n := descriptors(t); n > files {
		t.Errorf("%d descriptors are left", n-files)
	}
}

// descriptors counts those of kinds that a daemon opens.
func descriptors(t *testing.T) (n int) {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		link, err := os.Readlink("/proc/self/fd/" + name.Name())
		if err == nil && (strings.Contains(link, "inotify") || strings.Contains(link, "pidfd") || strings.Contains(link, "socket") || strings.Contains(link, "/daemon")) {
			n++
		}
	}
	return n
}
