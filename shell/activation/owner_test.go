package activation

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hbohlen/devsh/shell/trust"
)

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
	if _, err := os.Lstat(b.Store.Place(b.dev + "/w").Current()); err == nil {
		t.Error("a shell in the worktree finds what it had at its next prompt")
	}
	if e, err := b.Current(t.Context(), b.dev+"/w"); err != nil || e.Generation != None {
		t.Errorf("the other was denied: %+v, %v", e, err)
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
	if _, ok := ParseActive(generation); !ok {
		t.Error("the user's own generation does not count")
	}
	if err := os.Chown(generation, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if _, ok := ParseActive(generation); ok {
		t.Error("another user's generation counts")
	}
	if err := os.Chown(b.Store.Dir, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Resolve(t.Context(), b.dev+"/p", Options{}); !errors.Is(err, ErrNotOwned) {
		t.Errorf("resolve: %v", err)
	}
	if err := b.PublishSettings(b.Settings.Files[0].Path, "normal"); !errors.Is(err, ErrNotOwned) {
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
	if a, ok := ParseActive(g); !ok || a.Store != b.Store || a.Generation != e.Generation || a.Project != p {
		t.Errorf("%+v, %t", a, ok)
	}
	for _, c := range []string{"", "/", g + "/x", g + "x", g + "/", g + "/../" + filepath.Base(g), strings.TrimPrefix(g, "/"), strings.Replace(g, "/tree/", "/eert/", 1), "/proc/self" + p + "/@devsh/g-1"} {
		if a, ok := ParseActive(c); ok {
			t.Errorf("%q: %+v", c, a)
		}
	}
}
