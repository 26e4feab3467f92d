package watch

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

const limit = 20 * time.Second

// bed is a directory and a watcher.
type bed struct {
	*Watcher
	t   *testing.T
	dir string
}

func newBed(t *testing.T) *bed {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b := &bed{New(func(dir string) bool { return filepath.Base(dir) == "skipped" }), t, dir}
	t.Cleanup(b.Close)
	return b
}

func (b *bed) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bed) mkdir(name string) {
	b.t.Helper()
	if err := os.MkdirAll(b.path(name), 0o755); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bed) write(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(b.path(name), []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bed) ok(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// set sets the watcher on files, each under its own name.
func (b *bed) set(names ...string) State {
	want := map[string][]Target{}
	for _, name := range names {
		dir, entries := strings.CutSuffix(name, "/")
		want[name] = []Target{{b.path(dir), entries}}
	}
	return b.Set(want)
}

// tells waits for a key, and returns the others that came before it.
func (b *bed) tells(what, key string) (others []string) {
	b.t.Helper()
	deadline := time.After(limit)
	for {
		select {
		case keys := <-b.Changes():
			found := slices.Contains(keys, key)
			others = append(others, slices.DeleteFunc(keys, func(k string) bool { return k == key })...)
			if found {
				return others
			}
		case <-deadline:
			b.t.Fatalf("%s: %s is not told; but %q", what, key, others)
		}
	}
}

// only demands that a change is told, and no other file.
func (b *bed) only(what, key string) {
	b.t.Helper()
	if others := b.tells(what, key); len(others) > 0 {
		b.t.Errorf("%s: %q is told as well", what, others)
	}
}

// settle waits until what was done before has been told: a mark comes after it.
func (b *bed) settle() []string {
	b.t.Helper()
	b.write("mark", "")
	return b.tells("settle", "mark")
}

// In all ways in which a file can change it is told, and its neighbours are not.
func TestChanges(t *testing.T) {
	for _, tt := range []struct {
		name  string
		do    func(*bed) error
		shown string // the key, if it is not file
	}{
		{name: "written", do: func(b *bed) error { return os.WriteFile(b.path("d/file"), []byte("new"), 0o644) }},
		{name: "touched", do: func(b *bed) error { return os.Chtimes(b.path("d/file"), time.Unix(1, 0), time.Unix(1, 0)) }},
		{name: "replaced", do: func(b *bed) error { b.write("d/tmp", "new"); return os.Rename(b.path("d/tmp"), b.path("d/file")) }},
		{name: "deleted", do: func(b *bed) error { return os.Remove(b.path("d/file")) }},
		{name: "renamed", do: func(b *bed) error { return os.Rename(b.path("d/file"), b.path("d/other")) }},
		{name: "a link replaced", shown: "d/link", do: func(b *bed) error {
			return exec.Command("ln", "-sfn", b.path("x"), b.path("d/link")).Run()
		}},
		{name: "behind a link", shown: "d/link", do: func(b *bed) error { return os.WriteFile(b.path("e/target"), []byte("new"), 0o644) }},
		{name: "created", shown: "d/absent", do: func(b *bed) error { return os.WriteFile(b.path("d/absent"), nil, 0o644) }},
		{name: "its directory deleted", do: func(b *bed) error { return os.RemoveAll(b.path("d")) }},
		{name: "its directory renamed", do: func(b *bed) error { return os.Rename(b.path("d"), b.path("d2")) }},
		{name: "its directory replaced", do: func(b *bed) error {
			err := os.Rename(b.path("d"), b.path("d2"))
			b.mkdir("d")
			b.write("d/file", "new")
			return err
		}},
		{name: "its directory deleted and made anew", do: func(b *bed) error {
			err := os.RemoveAll(b.path("d"))
			b.mkdir("d")
			b.write("d/file", "new")
			return err
		}},
		{name: "far below what is not there", shown: "no/such/dir/file", do: func(b *bed) error {
			b.mkdir("no/such/dir")
			return os.WriteFile(b.path("no/such/dir/file"), nil, 0o644)
		}},
		{name: "an entry comes", shown: "dir/", do: func(b *bed) error { return os.WriteFile(b.path("dir/new"), nil, 0o644) }},
		{name: "an entry goes", shown: "dir/", do: func(b *bed) error { return os.Remove(b.path("dir/old")) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			for _, dir := range []string{"d", "e", "dir", "skipped"} {
				b.mkdir(dir)
			}
			for _, name := range []string{"d/file", "d/neighbour", "e/target", "dir/old", "skipped/x"} {
				b.write(name, "old")
			}
			b.ok(os.Symlink("../e/target", b.path("d/link")))
			names := []string{"d/file", "d/neighbour", "d/link", "d/absent", "no/such/dir/file", "dir/", "skipped/x", "mark"}
			if s := b.set(names...); s.Why != "" || s.Directories != 4 {
				t.Fatalf("%+v", s)
			}
			b.ok(tt.do(b))
			if tt.shown == "" {
				tt.shown = "d/file"
			}
			others := b.tells(tt.name, tt.shown)
			others = append(others, b.settle()...)
			if slices.Contains(others, "d/neighbour") && !strings.Contains(tt.name, "directory") {
				t.Errorf("%q are told as well", others)
			}
			// It is watched as before also when all is new.
			b.mkdir("d")
			b.write("d/file", "again")
			b.tells("again", "d/file")
			b.settle()
			b.write("d/file", "and again")
			b.only("and again", "d/file")
		})
	}
}

// A directory's entries change only when they come and go.
func TestEntries(t *testing.T) {
	b := newBed(t)
	b.mkdir("dir")
	b.write("dir/old", "")
	b.set("dir/", "mark")
	b.write("dir/old", "other")
	if others := b.settle(); len(others) > 0 {
		t.Errorf("%q", others)
	}
}

// What is not wanted any more is not watched any more.
func TestSet(t *testing.T) {
	b := newBed(t)
	b.mkdir("a")
	b.mkdir("b")
	if s := b.set("a/x", "b/x", "mark"); s.Directories != 3 {
		t.Errorf("%+v", s)
	}
	if s := b.set("b/x", "mark"); s.Directories != 2 {
		t.Errorf("%+v", s)
	}
	b.write("a/x", "")
	if others := b.settle(); len(others) > 0 {
		t.Errorf("%q", others)
	}
	b.write("b/x", "")
	b.tells("still wanted", "b/x")
	if s := b.set(); s.Directories != 0 {
		t.Errorf("%+v", s)
	}
}

// A program that writes 1,000 files is told few times.
func TestManyFiles(t *testing.T) {
	b := newBed(t)
	names := []string{"mark"}
	for i := range 1000 {
		names = append(names, fmt.Sprintf("f%d", i))
	}
	want := map[string][]Target{"mark": {{b.path("mark"), false}}}
	for _, name := range names {
		want["all"] = append(want["all"], Target{b.path(name), false})
	}
	b.Set(want)
	cmd := exec.Command("sh", "-c", "cd "+b.dir+"; seq 0 999 | sed 's/^/f/' | while read f; do echo x >$f; done; echo >mark")
	begin := time.Now()
	b.ok(cmd.Start())
	told := 0
	for last := ""; last != "mark"; {
		select {
		case keys := <-b.Changes():
			told++
			last = keys[len(keys)-1]
		case <-time.After(limit):
			t.Fatal("not told")
		}
	}
	b.ok(cmd.Wait())
	if most := 4 + int(time.Since(begin)/(40*time.Millisecond)); told > most {
		t.Errorf("told %d times in %v", told, time.Since(begin))
	}
}

// fake is an inotify of which the test says what happens.
type fake struct {
	events chan fsnotify.Event
	errors chan error
	full   error // of adding
	added  []string
}

func (f *fake) open() (*backend, error) {
	return &backend{
		add:    func(dir string) error { f.added = append(f.added, dir); return f.full },
		remove: func(string) error { return nil }, close: func() error { return nil }, events: f.events, errors: f.errors,
	}, nil
}

// Where a limit is reached it is said, and tried again at the next occasion.
func TestLimits(t *testing.T) {
	f := &fake{events: make(chan fsnotify.Event), errors: make(chan error)}
	tooMany := error(syscall.EMFILE)
	w := start(func(string) bool { return false }, func() (*backend, error) {
		if tooMany != nil {
			return nil, tooMany
		}
		return f.open()
	})
	defer w.Close()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]Target{"key": {{filepath.Join(dir, "x"), false}}}
	check := func(what, why string, directories int) {
		t.Helper()
		s := w.Set(want)
		if s.Directories != directories || !strings.Contains(s.Why, why) || (why == "") != (s.Why == "") || (len(s.Unwatched) > 0) != (why != "") {
			t.Errorf("%s: %+v", what, s)
		}
	}
	check("no instance", "max_user_instances", 0)
	tooMany = nil
	f.full = syscall.ENOSPC
	check("no watch", "max_user_watches", 0)
	f.full = syscall.EACCES
	check("unreadable", "permission denied", 0)
	f.full = nil
	check("all is well", "", 1)
	f.errors <- fsnotify.ErrEventOverflow
	select {
	case keys := <-w.Changes():
		if !slices.Equal(keys, []string{"key"}) {
			t.Errorf("%q", keys)
		}
	case <-time.After(limit):
		t.Error("when events were lost not all is told")
	}
	close(f.events) // it broke
	select {
	case <-w.Changes():
	case <-time.After(limit):
		t.Error("when it broke not all is told")
	}
}

// Nothing is left behind: no goroutine and no descriptor, over many changes.
func TestNothingIsLeft(t *testing.T) {
	goroutines, files := runtime.NumGoroutine(), descriptors(t)
	b := &bed{New(func(string) bool { return false }), t, t.TempDir()}
	b.mkdir("d0")
	for i := range 100 {
		name := fmt.Sprintf("d%d/x", i%3)
		b.mkdir(filepath.Dir(name))
		b.set(name)
		b.write(name, "x")
		b.tells("it", name)
		if i%10 == 0 {
			b.ok(os.Rename(b.path(filepath.Dir(name)), b.path("gone"))) // and gone before anybody looks
			b.ok(os.RemoveAll(b.path("gone")))
			b.tells("gone", name)
		}
	}
	b.Close()
	deadline := time.After(limit)
	for runtime.NumGoroutine() > goroutines {
		select {
		case <-deadline:
			t.Fatalf("%d goroutines more", runtime.NumGoroutine()-goroutines)
		default:
			runtime.Gosched()
		}
	}
	if now := descriptors(t); now > files {
		t.Errorf("%d descriptors more", now-files)
	}
	if s := b.Set(nil); s.Directories != 0 {
		t.Errorf("after its end: %+v", s)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range names {
		if link, err := os.Readlink("/proc/self/fd/" + name.Name()); err == nil && strings.Contains(link, "inotify") {
			n++
		}
	}
	return n
}
