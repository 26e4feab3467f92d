package activation

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/project"
)

const one = "[env]\nA = \"one\"\n[path]\nprepend = [\"bin\"]\n"

// Promise 1: nothing from a project has an effect before it is allowed.
func TestNotAllowed(t *testing.T) {
	b := newBed(t)
	b.write("p/devsh.toml", one)
	e := b.resolve("p")
	if e.Generation != None || e.State != Notice || !strings.Contains(e.Note, "p is not allowed yet") || e.Good != "" {
		t.Errorf("%+v", e)
	}
	b.allow("p")
	if e = b.resolve("p"); b.value(e, "A") != "one" || e.State != OK || e.Good != e.Generation {
		t.Errorf("allowed: %+v", e)
	}
	// Beside it, with the same content and a name that begins so.
	b.write("p-evil/devsh.toml", one)
	if e := b.resolve("p-evil"); e.Generation != None {
		t.Errorf("p-evil: %+v", e)
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
			if e.Generation != good.Generation || e.Good != good.Generation || e.State != Notice || !strings.Contains(e.Note, c.note) || b.value(e, "A") != "one" {
				t.Errorf("%+v", e)
			}
			// Also in another process, that knows only what is on disk.
			if again := b.resolve("p"); again.Generation != good.Generation {
				t.Errorf("again: %+v", again)
			}
			b.write("p/devsh.toml", one)
			b.allow("p")
			if e := b.resolve("p"); e.State != OK || e.Generation != good.Generation || e.Error != "" {
				t.Errorf("mended: %+v", e)
			}
		})
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
	if e := b.resolve("p"); e.Generation != None || e.State != Denied || e.Note != "" {
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
	if e := b.resolve("o/i"); b.value(e, "C") != "-" || e.State != Notice || !strings.Contains(e.Note, "which is not allowed yet") {
		t.Errorf("the outer one is not allowed: %+v", e)
	}
	b.allow("o")
	if e := b.resolve("o/i"); b.value(e, "A") != "inner c" || b.value(e, "C") != "c" || e.State != OK {
		t.Errorf("both: %+v", e)
	}
	b.write("o/i/devsh.toml", "inherit = false\n[env]\nA = \"alone\"\n")
	b.allow("o/i")
	if e := b.resolve("o/i"); b.value(e, "A") != "alone" || b.value(e, "C") != "-" {
		t.Errorf("alone: %+v", e)
	}
}

// Promise 4 around a project: where an outer place changed since it was allowed,
// its last good environment stays also for the places in it.
func TestOuterChanged(t *testing.T) {
	b := newBed(t)
	outer := "[env]\nA = \"outer\"\n"
	b.write("o2/devsh.toml", "[env]\nZ = \"z\"\n")
	b.write("o2/o/devsh.toml", outer)
	b.allow("o2")
	b.allow("o2/o")
	b.resolve("o2/o")
	b.write("o2/o/devsh.toml", "[env]\nA = \"changed\"\n")
	b.write("o2/o/i/devsh.toml", "[env]\nB = \"in ${A}\"\n")
	b.write("o2/o/plain/go.mod", "")
	for _, name := range []string{"o2/o/plain", "o2/o/i"} { // the second is not allowed yet
		if e := b.resolve(name); b.value(e, "A") != "outer" || b.value(e, "Z") != "z" || b.value(e, "B") != "-" || e.State != Notice {
			t.Errorf("%s: %+v", name, e)
		}
	}
	b.allow("o2/o/i")
	e := b.resolve("o2/o/i")
	if b.value(e, "A") != "outer" || b.value(e, "Z") != "z" || b.value(e, "B") != "in outer" || len(e.Layers) != 3 || e.Good != e.Generation {
		t.Errorf("%+v", e)
	}
	if e.State != Notice || !strings.Contains(e.Note, "o: changed since you allowed it: devsh.toml") {
		t.Errorf("%s %q", e.State, e.Note)
	}
	b.write("o2/o/i/devsh.toml", "inherit = false\n[env]\nB = \"alone\"\n")
	b.allow("o2/o/i")
	if e := b.resolve("o2/o/i"); b.value(e, "A") != "-" || b.value(e, "B") != "alone" || e.State != OK {
		t.Errorf("alone: %+v", e)
	}
	b.write("o2/o/i/devsh.toml", "[env]\nB = \"${A} again\"\n")
	b.allow("o2/o/i")
	b.allow("o2/o")
	if e := b.resolve("o2/o/i"); b.value(e, "B") != "changed again" || e.State != OK {
		t.Errorf("allowed: %+v", e)
	}
	// What was denied meanwhile is in no last good environment.
	b.resolve("o2/o")
	b.write("o2/o/devsh.toml", outer)
	if _, err := b.Deny(t.Context(), b.dev+"/o2"); err != nil {
		t.Fatal(err)
	}
	if e := b.resolve("o2/o/i"); b.value(e, "Z") != "-" {
		t.Errorf("denied: %+v", e)
	}
}

// Promise 1: a last good environment holds what the user allowed; where one of
// the places that made it is allowed no longer, it is none.
func TestRevoked(t *testing.T) {
	const broken = "[env]\nA = "
	for name, c := range map[string]struct {
		trusted string // the tree that is trusted at first, and then no longer
		then    func(b *bed)
	}{
		"its own place, around it an error": {"o/i", func(b *bed) { b.write("o/devsh.toml", broken); b.allow("o") }},
		"its own place, around it a change": {"o/i", func(b *bed) {
			b.write("o/devsh.toml", "[env]\nA = \"changed\"\n")
			if err := os.RemoveAll(b.Store.Place(b.dev + "/o").Dir); err != nil {
				b.t.Fatal(err)
			}
		}},
		"the place around, its own changed": {"", func(b *bed) { b.write("o/i/devsh.toml", "[env]\nB = \"changed\"\n") }},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			b.write("o/devsh.toml", "[env]\nA = \"outer\"\n")
			b.write("o/i/devsh.toml", "[env]\nB = \"inner\"\n")
			tree := b.dev + "/" + c.trusted
			if c.trusted == "" { // all of it, and the inner place of its own
				b.allow("o/i")
			} else {
				b.allow("o")
			}
			b.Settings.TrustedTrees = []string{tree}
			if e := b.resolve("o/i"); b.value(e, "A") != "outer" || b.value(e, "B") != "inner" {
				t.Fatalf("%+v", e)
			}
			if c.trusted == "" {
				if _, err := os.Stat(b.Store.Place(b.dev + "/o").Dir); err == nil {
					t.Fatal("the place around is known")
				}
			}
			b.Settings.TrustedTrees, b.Settings.Digest = nil, "without"
			c.then(b)
			e := b.resolve("o/i")
			if e.Generation != None || e.Good != "" {
				t.Errorf("what is allowed no longer stays: A is %s, B is %s: %+v", b.value(e, "A"), b.value(e, "B"), e)
			}
		})
	}
}

// The same for what stands in for a place around that changed.
func TestRevokedAround(t *testing.T) {
	b := newBed(t)
	b.write("o2/devsh.toml", "[env]\nZ = \"z\"\n")
	b.write("o2/o/devsh.toml", "[env]\nA = \"outer\"\n")
	b.write("o2/o/i/devsh.toml", "[env]\nB = \"inner\"\n")
	b.allow("o2/o/i")
	b.allow("o2/o")
	b.Settings.TrustedTrees = []string{b.dev + "/o2"}
	if e := b.resolve("o2/o"); b.value(e, "Z") != "z" {
		t.Fatalf("%+v", e)
	}
	b.Settings.TrustedTrees, b.Settings.Digest = nil, "without"
	b.write("o2/o/devsh.toml", "[env]\nA = \"changed\"\n")
	if e := b.resolve("o2/o/i"); b.value(e, "Z") != "-" || b.value(e, "A") != "-" {
		t.Errorf("what is allowed no longer stays: %+v", e)
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

// A place that is gone, or that became a link, is forgotten on entering.
func TestEnterForgets(t *testing.T) {
	b := newBed(t)
	b.write("p/sub/devsh.toml", one)
	b.allow("p/sub")
	if _, err := b.Enter(t.Context(), b.dev+"/p/sub", Options{}); err != nil {
		t.Fatal(err)
	}
	current := b.Store.Place(b.dev + "/p/sub").Current()
	if err := os.Rename(b.dev+"/p", b.dev+"/q"); err != nil {
		t.Fatal(err)
	}
	if e, err := b.Enter(t.Context(), b.dev+"/p/sub", Options{}); err != nil || e.Project.Dir != b.dev {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := os.Lstat(current); err == nil {
		t.Error("what is gone is still known")
	}
	// So is one that is part of another project now.
	b.write("m/go.mod", "")
	b.write("m/in/go.mod", "")
	for _, kind := range []project.Kind{project.Repository, project.Declared} {
		if e, err := b.Enter(t.Context(), b.dev+"/m/in", Options{}); err != nil || e.Project.Dir != b.dev+"/m"+map[bool]string{true: "/in"}[kind == project.Repository] || e.Project.Kind != kind {
			t.Errorf("%+v, %v", e, err)
		}
		b.write("m/devsh.toml", one)
	}
	if _, err := os.Lstat(b.Store.Place(b.dev + "/m/in").Current()); err == nil {
		t.Error("what is part of another project is still known by itself")
	}
	if _, err := b.Enter(t.Context(), "relative", Options{}); err == nil {
		t.Error("a relative directory was taken")
	}
	if _, err := b.Enter(t.Context(), b.Home, Options{}); !errors.Is(err, project.ErrNotGoverned) {
		t.Errorf("outside: %v", err)
	}
}
