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

	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/shell/trust"
)

const one = "[env]\nA = \"one\"\n[path]\nprepend = [\"bin\"]\n"

// Promise 1: nothing from a project has an effect before it is allowed.
func TestNotAllowed(t *testing.T) {
	b := newBed(t)
	b.write("p/devsh.toml", one)
	e := b.resolve("p")
	if e.Generation != None || e.Mood != Notice || !strings.Contains(e.Note, "p is not allowed yet") || e.Good != "" {
		t.Errorf("%+v", e)
	}
	b.allow("p")
	if e = b.resolve("p"); b.value(e, "A") != "one" || e.Mood != OK || e.Good != e.Generation {
		t.Errorf("allowed: %+v", e)
	}
	// Beside it, with the same content and a name that begins so.
	b.write("p-evil/devsh.toml", one)
	if e := b.resolve("p-evil"); e.Generation != None {
		t.Errorf("p-evil: %+v", e)
	}
}

// Promise 8: a second run changes nothing, not even an inode or a time.
func TestSecondRunChangesNothing(t *testing.T) {
	b := newBed(t)
	b.write("p/devsh.toml", one+"[watch]\nfiles = [\"*.lock\"]\n")
	b.write("p/x.lock", "x")
	b.allow("p")
	for name, again := range map[string]func() (*Entry, error){
		"resolve":             func() (*Entry, error) { return b.Resolve(t.Context(), b.dev+"/p", Options{}) },
		"current":             func() (*Entry, error) { return b.Current(t.Context(), b.dev+"/p") },
		"enter":               func() (*Entry, error) { return b.Enter(t.Context(), b.dev+"/p") },
		"resolve all anew":    func() (*Entry, error) { return b.Resolve(t.Context(), b.dev+"/p", Options{Refresh: true}) },
		"publish settings":    func() (*Entry, error) { return b.resolve("p"), b.PublishSettings(b.Settings.Files[0], "normal") },
		"an ask that is none": func() (*Entry, error) { _, err := b.Ask(b.dev + "/p"); return b.resolve("p"), err },
	} {
		if err := b.PublishSettings(b.Settings.Files[0], "normal"); err != nil {
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

// Promise 4: the last good environment stays while the project is changed and
// not allowed, and when its files are wrong.
func TestLastGoodStays(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		allow bool
		note  string
		hint  bool
	}{
		"changed":            {text: strings.Replace(one, "one", "two", 1), note: "changed since you allowed it: devsh.toml"},
		"error, allowed":     {text: "[env]\nA = ", allow: true, note: "devsh.toml:2:"},
		"unknown key":        {text: "[evn]\nA = \"x\"", allow: true, note: "evn"},
		"error, not allowed": {text: "[env]\nA = ", note: "changed since you allowed it"},
		"huge":               {text: strings.Repeat("#", 2<<20), allow: true, note: "larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			b.write("p/devsh.toml", one)
			b.allow("p")
			good := b.resolve("p")
			b.write("p/devsh.toml", c.text)
			if c.allow {
				b.allow("p")
			}
			e := b.resolve("p")
			if e.Generation != good.Generation || e.Good != good.Generation || e.Mood != Notice || !strings.Contains(e.Note, c.note) || b.value(e, "A") != "one" {
				t.Errorf("%+v", e)
			}
			// Also in another process, that knows only what is on disk.
			if again := b.resolve("p"); again.Generation != good.Generation {
				t.Errorf("again: %+v", again)
			}
			b.write("p/devsh.toml", one)
			b.allow("p")
			if e := b.resolve("p"); e.Mood != OK || e.Generation != good.Generation || e.Error != "" {
				t.Errorf("mended: %+v", e)
			}
		})
	}
}

// What cannot be read is no environment, does not hang and says why.
func TestOddInputs(t *testing.T) {
	for name, c := range map[string]struct {
		make func(b *bed, dir string) error
		note string
		root bool
	}{
		"FIFO as devsh.toml":      {make: func(_ *bed, d string) error { return syscall.Mkfifo(d+"/devsh.toml", 0o600) }, note: "not a regular file"},
		"directory as devsh.toml": {make: func(_ *bed, d string) error { return os.Mkdir(d+"/devsh.toml", 0o700) }, note: "not a regular file"},
		"link to /dev/zero":       {make: func(_ *bed, d string) error { return os.Symlink("/dev/zero", d+"/devsh.toml") }, note: "not a regular file"},
		"huge devsh.toml": {make: func(b *bed, d string) error {
			b.write("p/devsh.toml", "")
			return os.Truncate(d+"/devsh.toml", 1<<40)
		}, note: "larger than"},
		"foreign devsh.toml": {make: func(b *bed, d string) error { return os.Chown(b.write("p/devsh.toml", one), 12345, 12345) }, note: "owned by another user", root: true},
		"FIFO as .env": {make: func(b *bed, d string) error {
			b.write("p/devsh.toml", "[env]\nfile = [\".env\"]\n")
			return syscall.Mkfifo(d+"/.env", 0o600)
		}, note: "not a regular file"},
		"link as .env": {make: func(b *bed, d string) error {
			b.write("p/devsh.toml", "[env]\nfile = [\".env\"]\n")
			return os.Symlink("/etc/passwd", d+"/.env")
		}, note: "symbolic link"},
		"foreign .env": {make: func(b *bed, d string) error {
			b.write("p/devsh.toml", "[env]\nfile = [\".env\"]\n")
			return os.Chown(b.write("p/.env", "A=1"), 12345, 12345)
		}, note: "owned by another user", root: true},
	} {
		t.Run(name, func(t *testing.T) {
			if c.root && os.Geteuid() != 0 {
				t.Skip("only root can make files of other users")
			}
			b := newBed(t)
			dir := b.mkdir(b.dev + "/p")
			if err := c.make(b, dir); err != nil {
				t.Fatal(err)
			}
			if e := b.resolve("p"); e.Generation != None {
				t.Errorf("before it is allowed: %+v", e)
			}
			req, err := b.Ask(dir)
			if err != nil || req.Problem == nil || !strings.Contains(req.Problem.Error(), c.note) {
				t.Fatalf("asked: %+v, %v", req, err)
			}
			if err := b.trust().Allow(req.inputs, b.Now()); err != nil { // as if root's check were not there
				t.Fatal(err)
			}
			e := b.resolve("p")
			if e.Generation != None || !strings.Contains(e.Note, c.note) {
				t.Errorf("allowed: %+v", e)
			}
		})
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
			if err := os.WriteFile(b.Settings.Files[0], nil, 0o600); err != nil {
				t.Fatal(err)
			}
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
			if e, err = b.Enter(t.Context(), b.dev+"/p"); err != nil {
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

			if err := b.PublishSettings(b.Settings.Files[0], "normal"); err != nil {
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
	leftovers := []string{place.Dir + "/.tmp-killed", b.Store.Settings() + "/.tmp-old", b.Store.Trust() + "/.tmp-old"}
	old := time.Now().Add(-2 * time.Hour)
	for _, dir := range leftovers {
		if err := errors.Join(os.MkdirAll(dir+"/x", 0o700), os.Chtimes(dir, old, old)); err != nil {
			t.Fatal(err)
		}
	}
	young := b.Store.Trust() + "/.tmp-young" // somebody may be writing it
	if err := os.WriteFile(young, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= keepGenerations+4; i++ {
		step(i)
	}
	left, err := filepath.Glob(place.Dir + "/g-*")
	if err != nil || len(left) != keepGenerations+2 { // and the one in force, and the shell's
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

// Denying takes a place's permission and what is known of all below.
func TestDeny(t *testing.T) {
	b := newBed(t)
	b.write("p/devsh.toml", one)
	b.write("p/in/devsh.toml", "[env]\nB = \"two\"\n")
	b.write("p-beside/devsh.toml", one)
	for _, p := range []string{"p", "p/in", "p-beside"} {
		b.allow(p)
	}
	if e := b.resolve("p/in"); b.value(e, "A") != "one" || b.value(e, "B") != "two" {
		t.Fatalf("%+v", e)
	}
	b.resolve("p-beside")
	if denied, err := b.Deny(t.Context(), b.dev+"/p"); err != nil || denied != b.dev+"/p" {
		t.Fatal(denied, err)
	}
	if _, err := os.Lstat(b.Store.Place(b.dev + "/p/in").Current()); err == nil {
		t.Error("the place below keeps what it had from the denied one")
	}
	if _, err := os.Lstat(b.Store.Place(b.dev + "/p-beside").Current()); err != nil {
		t.Error("the place beside lost what it had")
	}
	if e := b.resolve("p"); e.Generation != None || e.Mood != Refused || e.Note != "" {
		t.Errorf("denied: %+v", e)
	}
	if e := b.resolve("p/in"); b.value(e, "A") != "-" || b.value(e, "B") != "two" {
		t.Errorf("below the denied one: %+v", e)
	}
}

// Layers: outer ones first, an inner one may stand alone, and an outer one
// that is not allowed has no part.
func TestChain(t *testing.T) {
	b := newBed(t)
	b.write("o/devsh.toml", "[env]\nA = \"outer\"\nC = \"c\"\n")
	b.write("o/i/devsh.toml", "[env]\nA = \"inner ${C}\"\n")
	b.allow("o/i")
	if e := b.resolve("o/i"); b.value(e, "C") != "-" || e.Mood != Notice || !strings.Contains(e.Note, "which is not allowed yet") {
		t.Errorf("the outer one is not allowed: %+v", e)
	}
	b.allow("o")
	if e := b.resolve("o/i"); b.value(e, "A") != "inner c" || b.value(e, "C") != "c" || e.Mood != OK {
		t.Errorf("both: %+v", e)
	}
	b.write("o/i/devsh.toml", "inherit = false\n[env]\nA = \"alone\"\n")
	b.allow("o/i")
	if e := b.resolve("o/i"); b.value(e, "A") != "alone" || b.value(e, "C") != "-" {
		t.Errorf("alone: %+v", e)
	}
}

// Layers that multiply each other's values end in an error, not in gigabytes.
func TestLayersCannotMultiply(t *testing.T) {
	b := newBed(t)
	dir := ""
	for i := range 9 {
		dir = filepath.Join(dir, "d")
		value := strings.Repeat("${A}", 40)
		if i == 0 {
			value = strings.Repeat("x", 1000)
		}
		b.write(dir+"/devsh.toml", "[env]\nA = \""+value+"\"\n")
		b.allow(dir)
	}
	if e := b.resolve(dir); e.Generation != None || !strings.Contains(e.Error, "A comes out longer than") {
		t.Errorf("%s, %.300s", e.Generation, e.Error)
	}
}

// A worktree that is allowed because of another is denied with it.
func TestWorktreeFollowsTheOther(t *testing.T) {
	b := newBed(t)
	b.write("main/devsh.toml", one)
	b.write("main/.git/worktrees/w/gitdir", b.dev+"/w/.git\n")
	b.write("main/.git/worktrees/w/commondir", "../..\n")
	b.write("w/devsh.toml", one)
	b.write("w/.git", "gitdir: "+b.dev+"/main/.git/worktrees/w\n")
	b.allow("main")
	if e := b.resolve("w"); b.value(e, "A") != "one" {
		t.Fatalf("%+v", e)
	}
	if _, err := b.Deny(t.Context(), b.dev+"/main"); err != nil {
		t.Fatal(err)
	}
	if e, err := b.Current(t.Context(), b.dev+"/w"); err != nil || e.Generation != None {
		t.Errorf("the other was denied: %+v, %v", e, err)
	}
}

// The user's config.toml is a link into a store where all files have the time
// 1: that it leads elsewhere is seen, by the program and in the stamp.
func TestSettingsFromAStore(t *testing.T) {
	b := newBed(t)
	config := b.Settings.Files[0]
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
		link, err := os.Readlink(b.Store.Settings() + "/link")
		if err != nil || link != file {
			t.Errorf("%d: the stamp leads to %q, %v", i, link, err)
		}
		if info, err := os.Stat(b.Store.Settings() + "/stamp"); err != nil || !info.ModTime().Equal(time.Unix(1, 0)) {
			t.Errorf("%d: the stamp: %v, %v", i, info, err)
		}
	}
	if err := os.Remove(config); err != nil {
		t.Fatal(err)
	}
	if err := b.PublishSettings(config, "normal"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(b.Store.Settings() + "/stamp"); err == nil {
		t.Error("there is a stamp of a file that is not")
	}
}

// A place that is gone, or that became a link, is forgotten on entering.
func TestEnterForgets(t *testing.T) {
	b := newBed(t)
	b.write("p/sub/devsh.toml", one)
	b.allow("p/sub")
	if _, err := b.Enter(t.Context(), b.dev+"/p/sub"); err != nil {
		t.Fatal(err)
	}
	current := b.Store.Place(b.dev + "/p/sub").Current()
	if err := os.Rename(b.dev+"/p", b.dev+"/q"); err != nil {
		t.Fatal(err)
	}
	if e, err := b.Enter(t.Context(), b.dev+"/p/sub"); err != nil || e.Project.Dir != b.dev {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := os.Lstat(current); err == nil {
		t.Error("what is gone is still known")
	}
	if _, err := b.Enter(t.Context(), "relative"); err == nil {
		t.Error("a relative directory was taken")
	}
	if _, err := b.Enter(t.Context(), b.Home); !errors.Is(err, project.ErrNotGoverned) {
		t.Errorf("outside: %v", err)
	}
}

// Under sudo -E, root finds the user's state and does not trust it.
func TestForeignState(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make files of other users")
	}
	b := newBed(t)
	b.write("p/devsh.toml", one)
	b.allow("p")
	e := b.resolve("p")
	generation := b.Store.Place(b.dev + "/p").Generation(e.Generation)
	if _, ok := ParseActive(generation, b.dev+"/p"); !ok {
		t.Error("the user's own generation does not count")
	}
	if err := os.Chown(generation, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if _, ok := ParseActive(generation, b.dev+"/p"); ok {
		t.Error("another user's generation counts")
	}
	if err := os.Chown(b.Store.Dir, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Resolve(t.Context(), b.dev+"/p", Options{}); !errors.Is(err, ErrNotOwned) {
		t.Errorf("resolve: %v", err)
	}
	if err := b.PublishSettings(b.Settings.Files[0], "normal"); !errors.Is(err, ErrNotOwned) {
		t.Errorf("settings: %v", err)
	}
	if e, err := b.Current(t.Context(), b.dev+"/p"); !errors.Is(err, ErrNotOwned) {
		t.Errorf("current: %+v, %v", e, err)
	}
}

// Root allows nothing that belongs to another user.
func TestRootAllowsNothingOfOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("root's business")
	}
	b := newBed(t)
	for _, name := range []string{"dir", "file"} {
		file := b.write(name+"/devsh.toml", one)
		req, err := b.Ask(b.dev + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "dir" {
			file = filepath.Dir(file)
		}
		if err := os.Chown(file, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		if err := b.Allow(req); !errors.Is(err, ErrRoot) {
			t.Errorf("%s: %v", name, err)
		}
		if e := b.resolve(name); e.Generation != None || e.Places[0].State == trust.Allowed {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestParseActive(t *testing.T) {
	b := newBed(t)
	b.write("p/devsh.toml", one)
	b.allow("p")
	e := b.resolve("p")
	g, p := b.Store.Place(b.dev+"/p").Generation(e.Generation), b.dev+"/p"
	if a, ok := ParseActive(g, p); !ok || a.Store != b.Store || a.Generation != e.Generation || a.Project != p {
		t.Errorf("%+v, %t", a, ok)
	}
	for _, c := range [][2]string{{"", ""}, {g, ""}, {g, "/p"}, {g, b.dev + "/q"}, {g + "/x", p}, {g + "x", p}, {strings.TrimPrefix(g, "/"), p}, {strings.Replace(g, "/tree/", "/eert/", 1), p}, {g, p + "/"}, {"/proc/self" + p + "/@devsh/g-1", p}} {
		if a, ok := ParseActive(c[0], c[1]); ok {
			t.Errorf("%q: %+v", c, a)
		}
	}
}
