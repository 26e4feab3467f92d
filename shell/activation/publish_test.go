package activation

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/inputs"
)

// Promise 8: a second run changes nothing, not even an inode or a time.
func TestSecondRunChangesNothing(t *testing.T) {
	b := newBed(t)
	b.write("p/devsh.toml", one+"[watch]\nfiles = [\"*.lock\"]\n")
	b.write("p/x.lock", "x")
	b.allow("p")
	for name, again := range map[string]func() (*Entry, error){
		"resolve":             func() (*Entry, error) { return b.Resolve(t.Context(), b.dev+"/p", Options{}) },
		"current":             func() (*Entry, error) { return b.Current(t.Context(), b.dev+"/p") },
		"enter":               func() (*Entry, error) { return b.Enter(t.Context(), b.dev+"/p", Options{}) },
		"resolve all anew":    func() (*Entry, error) { return b.Resolve(t.Context(), b.dev+"/p", Options{Refresh: true}) },
		"publish settings":    func() (*Entry, error) { return b.resolve("p"), b.PublishSettings(b.Settings.Files[0].Path, "normal") },
		"an ask that is none": func() (*Entry, error) { _, err := b.Ask(b.dev + "/p"); return b.resolve("p"), err },
	} {
		if err := b.PublishSettings(b.Settings.Files[0].Path, "normal"); err != nil {
			t.Fatal(err)
		}
		first := b.resolve("p")
		before := hash(t, b.Store.Dir)
		e, err := again()
		if err != nil || e.ID != first.ID {
			t.Fatalf("%s: %v, %v", name, e, err)
		}
		after := hash(t, b.Store.Dir)
		if before != after {
			t.Errorf("%s changed the state:\n%s\n\n%s", name, before, after)
		}
		if got := rubbish(t, b.Store.Dir); len(got) > 0 {
			t.Errorf("%s left %q", name, got)
		}
	}
}

// An equal content with a new time is the same generation, also after the file
// was another for a while: a branch and back.
func TestContentDecides(t *testing.T) {
	b := newBed(t)
	file := b.write("p/devsh.toml", one)
	b.allow("p")
	first := b.resolve("p")
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(file, later, later); err != nil {
		t.Fatal(err)
	}
	if got := first.Stale(); len(got) != 1 || got[0] != file {
		t.Fatalf("stale: %q", got)
	}
	touched := b.resolve("p")
	if touched.Generation != first.Generation || touched.ID == first.ID || len(touched.Stale()) != 0 {
		t.Errorf("touched: %+v", touched)
	}
	b.write("p/devsh.toml", strings.Replace(one, "one", "two", 1))
	b.allow("p")
	branch := b.resolve("p")
	if branch.Generation == first.Generation || b.value(branch, "A") != "two" {
		t.Errorf("the branch: %+v", branch)
	}
	dir := b.Store.Place(b.dev + "/p").Generation(first.Generation)
	before, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	b.write("p/devsh.toml", one)
	b.allow("p")
	if back := b.resolve("p"); back.Generation != first.Generation {
		t.Errorf("back: %+v", back)
	}
	if after, err := os.Stat(dir); err != nil || !os.SameFile(before, after) {
		t.Errorf("the generation was made again: %v", err)
	}
}

// What lies broken in the state is written anew.
func TestCorruptStateIsRewritten(t *testing.T) {
	for name, damage := range map[string]func(p Place, e *Entry) error{
		"enter.fish cut short": func(p Place, e *Entry) error { return os.Truncate(p.Generation(e.Generation)+"/enter.fish", 10) },
		"enter.fish other": func(p Place, e *Entry) error {
			return os.WriteFile(p.Generation(e.Generation)+"/enter.fish", []byte("echo evil"), 0o600)
		},
		"enter.fish directory": func(p Place, e *Entry) error {
			return errors.Join(os.Remove(p.Generation(e.Generation)+"/enter.fish"), os.MkdirAll(p.Generation(e.Generation)+"/enter.fish/x", 0o700))
		},
		"delta empty":   func(p Place, e *Entry) error { return os.Truncate(p.Generation(e.Generation)+"/delta.gob", 0) },
		"no generation": func(p Place, e *Entry) error { return os.RemoveAll(p.Generation(e.Generation)) },
		"generation is a file": func(p Place, e *Entry) error {
			return errors.Join(os.RemoveAll(p.Generation(e.Generation)), os.WriteFile(p.Generation(e.Generation), nil, 0o600))
		},
		"no id": func(p Place, e *Entry) error {
			ids, err := filepath.Glob(p.Current() + "/id=*")
			if err != nil || len(ids) != 1 {
				return fmt.Errorf("%q, %w", ids, err)
			}
			return os.Remove(ids[0])
		},
		"no checks":       func(p Place, e *Entry) error { return os.Remove(p.Current() + "/check.fish") },
		"entry cut short": func(p Place, e *Entry) error { return os.Truncate(p.Current()+"/entry.gob", 20) },
		"entry huge":      func(p Place, e *Entry) error { return os.Truncate(p.Current()+"/entry.gob", 1<<40) },
		"no entry":        func(p Place, e *Entry) error { return os.RemoveAll(p.Dir + "/e_" + e.ID) },
		"entry is a file": func(p Place, e *Entry) error {
			return errors.Join(os.RemoveAll(p.Dir+"/e_"+e.ID), os.WriteFile(p.Dir+"/e_"+e.ID, nil, 0o600))
		},
		"current dangles": func(p Place, e *Entry) error {
			return errors.Join(os.Remove(p.Current()), os.Symlink("e_nothing", p.Current()))
		},
		"current loops": func(p Place, e *Entry) error {
			return errors.Join(os.Remove(p.Current()), os.Symlink("current", p.Current()))
		},
		"current a directory": func(p Place, e *Entry) error {
			return errors.Join(os.Remove(p.Current()), os.MkdirAll(p.Current()+"/id/x", 0o700))
		},
		"current a FIFO": func(p Place, e *Entry) error {
			return errors.Join(os.Remove(p.Current()), syscall.Mkfifo(p.Current(), 0o600))
		},
		"the lock is a directory": func(p Place, e *Entry) error {
			return errors.Join(os.Remove(p.Dir+"/lock"), os.MkdirAll(p.Dir+"/lock/x", 0o700), os.Remove(p.Current()))
		},
		"the lock is a FIFO": func(p Place, e *Entry) error {
			return errors.Join(os.Remove(p.Dir+"/lock"), syscall.Mkfifo(p.Dir+"/lock", 0o600), os.Remove(p.Current()))
		},
		"the place is a file": func(p Place, e *Entry) error {
			return errors.Join(os.RemoveAll(p.Dir), os.WriteFile(p.Dir, nil, 0o600))
		},
		"settings a directory": func(p Place, e *Entry) error {
			s := filepath.Join(strings.Split(p.Dir, "/tree/")[0], "settings")
			return errors.Join(os.RemoveAll(s), os.MkdirAll(s+"/settings.fish/x", 0o700), os.MkdirAll(s+"/stamp/x", 0o700), os.MkdirAll(s+"/link/x", 0o700))
		},
		"settings a file": func(p Place, e *Entry) error {
			s := filepath.Join(strings.Split(p.Dir, "/tree/")[0], "settings")
			return errors.Join(os.RemoveAll(s), os.WriteFile(s, nil, 0o600))
		},
		"shells a file": func(p Place, e *Entry) error {
			s := filepath.Join(strings.Split(p.Dir, "/tree/")[0], "shells")
			return errors.Join(os.RemoveAll(s), os.WriteFile(s, nil, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			config := b.Settings.Files[0].Path
			if err := os.WriteFile(config, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			b.Settings.Files[0], _ = inputs.Stat(config)
			b.write("p/devsh.toml", one)
			b.allow("p")
			want := b.resolve("p")
			place := b.Store.Place(b.dev + "/p")
			script, err := os.ReadFile(place.Generation(want.Generation) + "/enter.fish")
			if err != nil {
				t.Fatal(err)
			}
			if err := damage(place, want); err != nil {
				t.Fatal(err)
			}
			e, err := b.Current(t.Context(), b.dev+"/p") // what exec does
			if err != nil || b.value(e, "A") != "one" {
				t.Errorf("current: %+v, %v", e, err)
			}
			if _, err := b.Enter(t.Context(), b.dev+"/p", Options{}); err != nil {
				t.Fatal(err)
			}
			if e, err = b.Resolve(t.Context(), b.dev+"/p", Options{Refresh: true}); err != nil || e.Generation != want.Generation || e.ID != want.ID {
				t.Errorf("%+v, %v; want %+v", e, err, want)
			}
			if got, err := os.ReadFile(place.Generation(want.Generation) + "/enter.fish"); err != nil || !bytes.Equal(got, script) {
				t.Errorf("enter.fish: %q, %v", got, err)
			}
			if id, err := filepath.Glob(place.Current() + "/id=e_" + want.ID + "=" + want.Generation + "=*"); err != nil || len(id) != 1 {
				t.Errorf("what the hook reads: %q, %v", id, err)
			}

			if err := b.PublishSettings(b.Settings.Files[0].Path, "normal"); err != nil {
				t.Error(err)
			}
			if got := rubbish(t, b.Store.Dir); len(got) > 0 {
				t.Errorf("left behind: %q", got)
			}
		})
	}
}

// Promise 9: eight processes at once resolve the same place to the same state.
func TestConcurrentProcesses(t *testing.T) {
	b := newBed(t)
	b.write("p/devsh.toml", one)
	b.allow("p")
	type result struct {
		out []byte
		err error
	}
	results := make(chan result)
	for range 8 {
		cmd := b.process(b.dev + "/p")
		go func() {
			out, err := cmd.Output()
			results <- result{out, err}
		}()
	}
	var first []byte
	for range 8 {
		r := <-results
		if r.err != nil {
			t.Fatal(r.err)
		}
		if first == nil {
			first = r.out
		}
		if !bytes.Equal(first, r.out) {
			t.Errorf("%s and %s", first, r.out)
		}
	}
	if got := rubbish(t, b.Store.Dir); len(got) > 0 {
		t.Errorf("left behind: %q", got)
	}
	for _, kind := range []string{"/e_*", "/g-*"} {
		if found, err := filepath.Glob(b.Store.Place(b.dev+"/p").Dir + kind); err != nil || len(found) != 1 {
			t.Errorf("not one %s: %q, %v", kind, found, err)
		}
	}
}

// Collection keeps what a shell uses, what is in force, and the latest few;
// what killed processes left goes.
func TestCollect(t *testing.T) {
	b := newBed(t)
	place := b.Store.Place(b.dev + "/p")
	var ids []string
	step := func(i int) {
		b.write("p/devsh.toml", fmt.Sprintf("[env]\nA = \"%d\"\n", i))
		b.allow("p")
		ids = append(ids, b.resolve("p").Generation)
		old := time.Now().Add(time.Duration(i-1000) * time.Minute) // older ones first
		if err := os.Chtimes(place.Generation(ids[i]), old, old); err != nil {
			t.Fatal(err)
		}
	}
	step(0)
	shell := filepath.Join(b.Store.Shells(), fmt.Sprint(os.Getpid()))
	dead := filepath.Join(b.Store.Shells(), "4194305") // beyond the largest process id
	for file, id := range map[string]string{shell: ids[0], dead: ids[0]} {
		if err := os.WriteFile(file, []byte(place.Generation(id)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	leftovers := []string{place.Dir + "/.tmp-killed", b.Store.settings() + "/.tmp-old", b.Store.trust() + "/.tmp-old"}
	old := time.Now().Add(-2 * time.Hour)
	for _, dir := range leftovers {
		if err := errors.Join(os.MkdirAll(dir+"/x", 0o700), os.Chtimes(dir, old, old)); err != nil {
			t.Fatal(err)
		}
	}
	young := b.Store.trust() + "/.tmp-young" // somebody may be writing it
	if err := os.WriteFile(young, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= KeepGenerations+4; i++ {
		step(i)
	}
	left, err := filepath.Glob(place.Dir + "/g-*")
	if err != nil || len(left) != KeepGenerations+2 { // and the one in force, and the shell's
		t.Errorf("%d generations are left: %q", len(left), left)
	}
	for _, keep := range []string{place.Generation(ids[0]), place.Generation(ids[len(ids)-1]), place.Generation(ids[len(ids)-2]), shell, young} {
		if _, err := os.Lstat(keep); err != nil {
			t.Errorf("it was needed: %v", err)
		}
	}
	for _, gone := range append(leftovers, dead, place.Generation(ids[1])) {
		if _, err := os.Lstat(gone); err == nil {
			t.Errorf("%s is left", gone)
		}
	}
}

// The user's config.toml is a link into a store where all files have the time
// 1: that it leads elsewhere is seen, by the program and in the stamp.
func TestSettingsFromAStore(t *testing.T) {
	b := newBed(t)
	config := b.Settings.Files[0].Path
	for i, name := range []string{"a", "b"} {
		file := filepath.Join(b.Home, name+"-config.toml")
		if err := errors.Join(os.WriteFile(file, []byte("# same"), 0o444), os.Chtimes(file, time.Unix(1, 0), time.Unix(1, 0))); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(config) // the first time there is none
		if err := os.Symlink(file, config); err != nil {
			t.Fatal(err)
		}
		if err := b.PublishSettings(config, "normal"); err != nil {
			t.Fatal(err)
		}
		link, err := os.Readlink(b.Store.settings() + "/link")
		if err != nil || link != file {
			t.Errorf("%d: the stamp leads to %q, %v", i, link, err)
		}
		if info, err := os.Stat(b.Store.settings() + "/stamp"); err != nil || !info.ModTime().Equal(time.Unix(1, 0)) {
			t.Errorf("%d: the stamp: %v, %v", i, info, err)
		}
	}
	if err := os.Remove(config); err != nil {
		t.Fatal(err)
	}
	if err := b.PublishSettings(config, "normal"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(b.Store.settings() + "/stamp"); err == nil {
		t.Error("there is a stamp of a file that is not")
	}
}

// A process that read the settings before they were changed publishes nothing
// that looks true, whatever it waited for: not what lay in a tree that was
// trusted then.
func TestSettingsOfBefore(t *testing.T) {
	for _, name := range []string{"a command", "a worker"} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			opts := Options{Judge: true}
			if name == "a worker" {
				opts.Lock, _ = os.Open("/dev/null") // not that of the project, which it takes
			}
			b.write("p/devsh.toml", one)
			b.Settings.TrustedTrees = []string{b.dev}
			if err := os.WriteFile(b.Settings.Files[0].Path, []byte("# no tree is trusted"), 0o600); err != nil {
				t.Fatal(err)
			}
			e, err := b.Resolve(t.Context(), b.dev+"/p", opts)
			if err != nil || e.State != OK {
				t.Fatalf("%+v, %v", e, err)
			}
			if now := b.Known(b.dev + "/p"); now != nil && len(now.Stale()) == 0 {
				t.Errorf("it looks true: %+v", now)
			}
		})
	}
}

// TestRubbishInAGeneration: what was killed while it wrote into a generation
// that is there leaves nothing for long.
func TestRubbishInAGeneration(t *testing.T) {
	b := newBed(t)
	b.write("p/devsh.toml", one)
	b.allow("p")
	e := b.resolve("p")
	left := filepath.Join(b.Store.Place(b.dev+"/p").Generation(e.Generation), ".tmp-1")
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b.resolve("p")
	if _, err := os.Stat(left); err == nil {
		t.Error("it is still there")
	}
}
