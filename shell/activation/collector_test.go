package activation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const days = 24 * time.Hour

// collect plans and applies, and returns what went, as kind and path below the
// state directory, and which projects are missing.
func (b *bed) collect(after, goneFor time.Duration, keep int) (went, missing []string) {
	b.t.Helper()
	c := Collector{Store: b.Store, Roots: b.Settings.Roots, Now: time.Now().Add(after), Keep: keep, GoneFor: goneFor}
	before := hash(b.t, b.Store.Dir)
	plan, err := c.Plan(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	if hash(b.t, b.Store.Dir) != before {
		b.t.Error("planning changed something")
	}
	for _, g := range plan.Garbage {
		done, err := c.Remove(b.t.Context(), g)
		if err != nil || !done {
			b.t.Errorf("%+v: %t, %v", g, done, err)
		}
		went = append(went, fmt.Sprintf("%s %s", g.Kind, strings.TrimPrefix(g.Path, b.Store.Dir)))
	}
	for _, m := range plan.Missing {
		if err := c.Mark(b.t.Context(), m); err != nil {
			b.t.Error(err)
		}
		missing = append(missing, strings.TrimPrefix(m.Project, b.dev)+": "+m.Why)
	}
	again, err := c.Plan(b.t.Context())
	if err != nil || len(again.Garbage) != 0 {
		b.t.Errorf("a second run: %+v, %v", again, err)
	}
	return went, missing
}

// known is a project that is allowed and of which something is known.
func (b *bed) known(name string) *Entry {
	b.t.Helper()
	b.write(name+"/devsh.toml", one)
	b.allow(name)
	return b.resolve(name)
}

func (b *bed) rm(name string) {
	b.t.Helper()
	if err := os.RemoveAll(filepath.Join(b.dev, name)); err != nil {
		b.t.Fatal(err)
	}
}

// A project that is gone for long goes, with the directories that mirror it, but
// not what the user allowed.
func TestCollectGone(t *testing.T) {
	b := newBed(t)
	b.known("stays")
	b.known("a/b/p")
	trusted := hash(t, b.Store.trust())
	b.rm("a")
	for _, c := range []struct {
		after, goneFor time.Duration
		went           int
		why            string
	}{
		{0, GoneFor, 0, "it may come back"},
		{13 * days, GoneFor, 0, "it may come back"},
		{13 * days, 13*days - time.Hour, 1, ""},
	} {
		went, missing := b.collect(c.after, c.goneFor, 8)
		if len(went) != c.went || len(missing) == 1 == (c.why == "") || c.why != "" && !strings.HasSuffix(missing[0], c.why) {
			t.Errorf("%+v: went %q, missing %q", c, went, missing)
		}
	}
	if left, err := filepath.Glob(b.Store.tree() + b.dev + "/*"); err != nil || len(left) != 1 {
		t.Errorf("left: %q, %v", left, err)
	}
	if hash(t, b.Store.trust()) != trusted {
		t.Error("a trust record changed")
	}
	b.write("a/b/p/devsh.toml", one)
	if e := b.resolve("a/b/p"); b.value(e, "A") != "one" {
		t.Errorf("it came back: %+v", e)
	}
}

// What is only away for a while is not gone.
func TestCollectAway(t *testing.T) {
	for name, c := range map[string]struct {
		away func(b *bed)
		why  string // why it is kept; "" if it goes
	}{
		"removed":       {func(b *bed) { b.rm("in/p") }, ""},
		"moved":         {func(b *bed) { b.rename("in/p", "in/q") }, ""},
		"a file":        {func(b *bed) { b.rm("in/p"); b.write("in/p", "") }, ""},
		"a link":        {func(b *bed) { b.rename("in/p", "other"); b.link("other", "in/p") }, ""},
		"the root":      {func(b *bed) { b.rename("", "../elsewhere") }, "its root"},
		"nothing there": {func(b *bed) { b.rm("in"); b.mkdir(b.dev + "/in") }, "in is empty, as if something"},
		"a shell": {func(b *bed) {
			e := b.resolve("in/p")
			notes := b.Store.Place(e.Project.Dir).Generation(e.Generation) + "\n"
			if err := os.WriteFile(filepath.Join(b.Store.Shells(), fmt.Sprint(os.Getpid())), []byte(notes), 0o600); err != nil {
				b.t.Fatal(err)
			}
			b.rm("in/p")
		}, "a running shell"},
		"nothing can be known": {func(b *bed) {
			b.rename("in/p", "in/q")
			b.link("p", "in/p") // a loop
		}, "cannot be looked at"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			b.write("in/beside", "")
			b.known("in/p")
			c.away(b)
			went, missing := b.collect(100*days, 0, 8)
			if c.why == "" && (len(went) == 0 || len(missing) != 0) || c.why != "" && (len(went) != 0 || len(missing) != 1 || !strings.Contains(missing[0], c.why)) {
				t.Errorf("went %q, missing %q", went, missing)
			}
		})
	}
}

func (b *bed) rename(from, to string) {
	b.t.Helper()
	if err := os.Rename(filepath.Join(b.dev, from), filepath.Join(b.dev, to)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bed) link(to, name string) {
	b.t.Helper()
	if err := os.Symlink(to, filepath.Join(b.dev, name)); err != nil {
		b.t.Fatal(err)
	}
}

// What lies on a disk that is not mounted is not gone, also where the directory
// in which it is mounted is not empty.
func TestCollectNotMounted(t *testing.T) {
	b := newBed(t)
	disk := b.mkdir(b.dev + "/disk")
	b.write("disk/beneath", "")
	mount := func() {
		t.Helper()
		if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk).CombinedOutput(); err != nil {
			t.Skipf("nothing can be mounted here: %v: %s", err, out)
		}
		b.write("disk/another", "")
	}
	umount := func() {
		if out, err := exec.Command("umount", "-l", disk).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
	mount()
	e := b.known("disk/p")
	umount()
	if e.Mount != disk {
		t.Errorf("it was mounted at %q", e.Mount)
	}
	if went, missing := b.collect(100*days, 0, 8); len(went) != 0 || len(missing) != 1 || !strings.Contains(missing[0], "not mounted") {
		t.Errorf("went %q, missing %q", went, missing)
	}
	mount()
	defer umount()
	if went, missing := b.collect(100*days, 0, 8); len(went) != 1 || len(missing) != 0 {
		t.Errorf("mounted again: went %q, missing %q", went, missing)
	}
}

// A project that is there again is not held to have been gone.
func TestCollectBack(t *testing.T) {
	for _, back := range []string{"collect", "resolve"} {
		b := newBed(t)
		b.known("stays")
		b.known("p")
		b.rename("p", "away")
		b.collect(0, GoneFor, 8)
		b.rename("away", "p")
		if back == "resolve" {
			b.resolve("p")
		} else if went, _ := b.collect(0, GoneFor, 8); len(went) != 1 || !strings.HasSuffix(went[0], "/gone") {
			t.Errorf("went %q", went)
		}
		b.rename("p", "away")
		if went, _ := b.collect(15*days, GoneFor, 8); len(went) != 0 {
			t.Errorf("%s: went %q", back, went)
		}
	}
}

// Generations beyond the number, logs of long ago, what killed processes and
// ended shells left, empty directories; nothing else.
func TestCollectOld(t *testing.T) {
	b := newBed(t)
	for i := range 5 {
		b.write("p/devsh.toml", fmt.Sprintf("[env]\nA = \"%d\"\n", i))
		b.allow("p")
		b.resolve("p")
	}
	place := b.Store.Place(b.dev + "/p")
	files := map[string]string{ // of the state directory, and what becomes of it
		"/shells/4194305": "shell", "/shells/note": "",
		"/trust/.tmp-x": "temporary", "/trust/other": "",
		"/settings/.tmp-x": "temporary", "/nix/.tmp-x/y": "temporary /nix/.tmp-x",
		"/trash/.tmp-x/@devsh/x": "temporary /trash/.tmp-x",
	}
	for name := range files {
		if err := errors.Join(os.MkdirAll(filepath.Dir(b.Store.Dir+name), 0o700), os.WriteFile(b.Store.Dir+name, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	b.mkdir(b.Store.tree() + "/home/x/y")
	b.mkdir(b.Store.tree() + "/home/x/z")
	if err := os.WriteFile(place.Log(), []byte("well"), 0o600); err != nil {
		t.Fatal(err)
	}
	went, _ := b.collect(0, 0, 8)
	if len(went) != 3 { // the shell, the trash, and the directories in which nothing is
		t.Errorf("at once: %q", went)
	}
	went, _ = b.collect(40*days, 0, 2)
	want := map[string]bool{"log " + strings.TrimPrefix(place.Log(), b.Store.Dir): true}
	for name, becomes := range files {
		if kind, path, ok := strings.Cut(becomes, " "); becomes != "" && name != "/shells/4194305" && !strings.HasPrefix(name, "/trash") {
			if !ok {
				path = name
			}
			want[kind+" "+path] = true
		}
	}
	generations := 0
	for _, g := range went {
		if strings.HasPrefix(g, "generation ") {
			generations++
		} else if !want[g] {
			t.Errorf("it was needed: %s", g)
		}
		delete(want, g)
	}
	if generations != 2 || len(want) != 0 { // of five, one is in force, and two stay
		t.Errorf("%d generations went; %v did not", generations, want)
	}
}

// The number of a process that ended is given to another one.
func TestReusedPID(t *testing.T) {
	b := newBed(t)
	b.known("p")
	file := filepath.Join(b.Store.Shells(), fmt.Sprint(os.Getpid()))
	if err := os.WriteFile(file, []byte("x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		age   time.Duration
		ended bool
	}{{0, false}, {time.Minute, false}, {365 * days, true}} {
		at := time.Now().Add(-c.age)
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
		used, ended := b.Store.shells()
		if (len(ended) == 1) != c.ended || (len(used) == 1) == c.ended {
			t.Errorf("written %v ago: used %v, ended %q", c.age, used, ended)
		}
	}
}

// What was planned is looked at again before it goes.
func TestCollectLooksAgain(t *testing.T) {
	b := newBed(t)
	b.known("stays")
	old := b.known("p")
	b.write("p/devsh.toml", "[env]\nA = \"two\"\n")
	b.allow("p")
	b.resolve("p")
	b.known("gone")
	b.rm("gone")
	c := Collector{Store: b.Store, Roots: b.Settings.Roots, Now: time.Now()}
	plan, err := c.Plan(t.Context())
	if err != nil || len(plan.Garbage) != 2 {
		t.Fatalf("%+v, %v", plan, err)
	}
	b.known("gone")
	notes := b.Store.Place(b.dev+"/p").Generation(old.Generation) + "\n"
	if err := os.WriteFile(filepath.Join(b.Store.Shells(), fmt.Sprint(os.Getpid())), []byte(notes), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, g := range plan.Garbage {
		if done, err := c.Remove(t.Context(), g); done || err != nil {
			t.Errorf("%+v: %t, %v", g, done, err)
		}
		if _, err := os.Stat(g.Path); err != nil {
			t.Error(err)
		}
	}
	lock, err := b.Store.lock(t.Context(), b.Store.Place(b.dev+"/p"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if done, err := c.Remove(t.Context(), Garbage{Kind: OldGeneration, Path: strings.TrimSpace(notes), Project: b.dev + "/p"}); done || err != nil {
		t.Errorf("while another one works there: %t, %v", done, err)
	}
}

// Promise 9: collecting keeps nobody from resolving, and takes nothing from
// those who do.
func TestCollectConcurrently(t *testing.T) {
	b := newBed(t)
	b.known("stays")
	b.known("p")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var collectors []*exec.Cmd
	for range 7 {
		cmd := exec.CommandContext(ctx, os.Args[0])
		cmd.Env = append(os.Environ(), "DEVSH_TEST_COLLECT_HOME="+b.Home)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		collectors = append(collectors, cmd)
	}
	for i := range 100 {
		b.rm("p")
		b.write("p/devsh.toml", one)
		e, err := b.Enter(t.Context(), b.dev+"/p", Options{})
		if err != nil || b.value(e, "A") != "one" {
			t.Fatalf("number %d: %+v, %v", i, e, err)
		}
		if got, err := b.Store.Place(b.dev + "/p").Entry(); err != nil || got.ID != e.ID {
			t.Fatalf("number %d: in force is %+v, %v", i, got, err)
		}
	}
	cancel()
	for _, cmd := range collectors {
		_ = cmd.Wait()
		if s := cmd.ProcessState.String(); s != "signal: killed" {
			t.Errorf("a collector ended by itself: %s", s)
		}
	}
	b.rm("p")
	if went, _ := b.collect(0, 0, 8); len(went) == 0 {
		t.Error("nothing was left to collect")
	}
	if got := rubbish(t, b.Store.Dir); len(got) > 0 {
		t.Errorf("left behind: %q", got)
	}
}

// collectMain collects all the time, as gc does.
func collectMain(home string) int {
	for {
		if err := collectOnce(resolver(home)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
}

func collectOnce(r *Resolver) error {
	c := Collector{Store: r.Store, Roots: r.Settings.Roots, Now: time.Now()}
	lock, err := c.Lock(context.Background())
	if err != nil {
		return err
	}
	defer lock.Close()
	plan, err := c.Plan(context.Background())
	if err != nil {
		return err
	}
	for _, g := range plan.Garbage {
		if _, err := c.Remove(context.Background(), g); err != nil {
			return err
		}
	}
	return c.Collected()
}
