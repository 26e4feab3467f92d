package trust

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func newStore(t *testing.T) *Store {
	t.Helper()
	return &Store{Dir: filepath.Join(t.TempDir(), "trust"), Risky: func(n string) bool { return n == "PATH" || n == "LD_PRELOAD" }}
}

func file(path, content string) File {
	return File{Path: path, Exists: true, Content: []byte(content)}
}

func envFile(path string, vars map[string]string) File {
	return File{Path: path, Exists: true, EnvFile: true, Vars: vars}
}

func state(t *testing.T, s *Store, in Inputs) State {
	t.Helper()
	v, err := s.Check(in)
	if err != nil {
		t.Fatal(err)
	}
	return v.State
}

func allow(t *testing.T, s *Store, in Inputs) {
	t.Helper()
	if err := s.Allow(in, now); err != nil {
		t.Fatal(err)
	}
}

// Promise 1: trust binds the path and the content of the deciding inputs.
func TestStates(t *testing.T) {
	s := newStore(t)
	in := Inputs{Dir: "/dev/a", Files: []File{file("devsh.toml", "one"), {Path: "flake.nix"}}}
	if got := state(t, s, in); got != Unknown {
		t.Fatalf("before: %s", got)
	}
	allow(t, s, in)
	if got := state(t, s, in); got != Allowed {
		t.Fatalf("allowed: %s", got)
	}
	for name, c := range map[string]struct {
		in   Inputs
		want State
	}{
		"another directory":         {Inputs{Dir: "/dev/b", Files: in.Files}, Unknown},
		"a name that begins so":     {Inputs{Dir: "/dev/a-evil", Files: in.Files}, Unknown},
		"a directory below":         {Inputs{Dir: "/dev/a/sub", Files: in.Files}, Unknown},
		"other content":             {Inputs{Dir: "/dev/a", Files: []File{file("devsh.toml", "two"), {Path: "flake.nix"}}}, Changed},
		"a file appeared":           {Inputs{Dir: "/dev/a", Files: []File{file("devsh.toml", "one"), file("flake.nix", "")}}, Changed},
		"a file nobody asked for":   {Inputs{Dir: "/dev/a", Files: append([]File{file("shell.nix", "")}, in.Files...)}, Changed},
		"the file went":             {Inputs{Dir: "/dev/a", Files: []File{{Path: "devsh.toml"}, {Path: "flake.nix"}}}, Changed},
		"it is not looked at":       {Inputs{Dir: "/dev/a"}, Changed},
		"in another order":          {Inputs{Dir: "/dev/a", Files: []File{in.Files[1], in.Files[0]}}, Allowed},
		"empty instead of missing":  {Inputs{Dir: "/dev/a", Files: []File{{Path: "devsh.toml", Exists: true}, {Path: "flake.nix"}}}, Changed},
		"content as an [env] file":  {Inputs{Dir: "/dev/a", Files: []File{envFile("devsh.toml", nil), {Path: "flake.nix"}}}, Changed},
		"a missing file not listed": {Inputs{Dir: "/dev/a", Files: []File{file("devsh.toml", "one")}}, Allowed},
	} {
		if got := state(t, s, c.in); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if err := s.Deny(in.Dir, now); err != nil {
		t.Fatal(err)
	}
	if got := state(t, s, in); got != Denied {
		t.Errorf("denied: %s", got)
	}
	allow(t, s, in)
	if got := state(t, s, in); got != Allowed {
		t.Errorf("allowed again: %s", got)
	}
}

// What changed is shown with both contents; Promise 1.
func TestChanges(t *testing.T) {
	s := newStore(t)
	odd := "\xff.nix"
	allow(t, s, Inputs{Dir: "/p\xff", Files: []File{file("devsh.toml", "old\n"), file(odd, "x"), file("gone.nix", "g")}})
	v, err := s.Check(Inputs{Dir: "/p\xff", Files: []File{file("devsh.toml", "new\n"), {Path: odd}, file("more.nix", "m")}})
	if err != nil {
		t.Fatal(err)
	}
	want := []Change{
		{Path: "devsh.toml", Old: []byte("old\n"), New: []byte("new\n")},
		{Path: "more.nix", New: []byte("m"), Added: true},
		{Path: odd, Old: []byte("x"), Removed: true},
		{Path: "gone.nix", Old: []byte("g"), Removed: true},
	}
	if v.State != Changed || !reflect.DeepEqual(v.Changes, want) {
		t.Errorf("%s %v, want %v", v.State, v.Changes, want)
	}
}

// Where a layer is off, its files are not asked for, and are no change; what is
// asked for is looked at as ever.
func TestPartial(t *testing.T) {
	s := newStore(t)
	allow(t, s, Inputs{Dir: "/p", Files: []File{file("devsh.toml", "x"), file("flake.nix", "f")}})
	for content, want := range map[string]State{"x": Allowed, "y": Changed} {
		if v, err := s.Check(Inputs{Dir: "/p", Files: []File{file("devsh.toml", content)}, Partial: true}); err != nil || v.State != want {
			t.Errorf("%s: %s %v, want %s", content, v.State, err, want)
		}
	}
}

// A change of an [env] file alone is taken over, unless it touches a variable
// that can make code run.
func TestEnvFileRule(t *testing.T) {
	s := newStore(t)
	in := func(f File) Inputs { return Inputs{Dir: "/p", Files: []File{file("devsh.toml", "x"), f}} }
	allow(t, s, in(envFile(".env", map[string]string{"A": "1", "LD_PRELOAD": "l"})))
	for name, c := range map[string]struct {
		f    File
		want State
	}{
		"same":                 {envFile(".env", map[string]string{"A": "1", "LD_PRELOAD": "l"}), Allowed},
		"another value":        {envFile(".env", map[string]string{"A": "2", "LD_PRELOAD": "l"}), Allowed},
		"another variable":     {envFile(".env", map[string]string{"B": "2", "LD_PRELOAD": "l"}), Allowed},
		"a risky value":        {envFile(".env", map[string]string{"A": "1", "LD_PRELOAD": "m"}), Changed},
		"a risky variable":     {envFile(".env", map[string]string{"A": "1", "LD_PRELOAD": "l", "PATH": ""}), Changed},
		"a risky one went":     {envFile(".env", map[string]string{"A": "1"}), Changed},
		"gone":                 {File{Path: ".env", EnvFile: true}, Changed},
		"unreadable now":       {File{Path: ".env", Exists: true, EnvFile: true, Unreadable: ".env:1: a quote that does not end"}, Changed},
		"another file instead": {envFile(".env.local", map[string]string{"PATH": "x"}), Changed},
	} {
		if got := state(t, s, in(c.f)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	// One that could not be read when it was allowed is asked about later, not
	// before: nothing of it is used.
	allow(t, s, in(File{Path: ".env", Exists: true, EnvFile: true, Unreadable: ".env:1: a quote that does not end"}))
	if got := state(t, s, in(envFile(".env", map[string]string{"A": "1"}))); got != Changed {
		t.Errorf("readable at last: %s", got)
	}
	if got := state(t, s, in(File{Path: ".env", Exists: true, EnvFile: true, Unreadable: "something else"})); got != Allowed {
		t.Errorf("still not readable: %s", got)
	}
}

// Of an [env] file the names are told, each under what happened to it.
func TestEnvFileChanges(t *testing.T) {
	s := newStore(t)
	check := func(f File) *EnvChange {
		t.Helper()
		v, err := s.Check(Inputs{Dir: "/p", Files: []File{f}})
		if err != nil || len(v.Changes) != 1 || v.Changes[0].Old != nil || v.Changes[0].New != nil {
			t.Fatalf("%+v, %v", v, err)
		}
		return v.Changes[0].Env
	}
	unreadable := File{Path: ".env", Exists: true, EnvFile: true, Unreadable: "why"}
	allow(t, s, Inputs{Dir: "/p", Files: []File{envFile(".env", map[string]string{"GONE": "1", "OTHER": "2", "SAME": "3", "PATH": "a"})}})
	for name, c := range map[string]struct {
		f    File
		want EnvChange
	}{
		"names":          {envFile(".env", map[string]string{"NEW": "1", "OTHER": "3", "SAME": "3", "PATH": "b"}), EnvChange{Added: []string{"NEW"}, Removed: []string{"GONE"}, Changed: []string{"OTHER", "PATH"}}},
		"not readable":   {unreadable, EnvChange{Unreadable: "why"}},
		"the file went":  {File{Path: ".env", EnvFile: true}, EnvChange{Removed: []string{"GONE", "OTHER", "PATH", "SAME"}}},
		"emptied wholly": {envFile(".env", nil), EnvChange{Removed: []string{"GONE", "OTHER", "PATH", "SAME"}}},
	} {
		if got := check(c.f); !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, *got, c.want)
		}
	}
	allow(t, s, Inputs{Dir: "/p", Files: []File{unreadable}})
	want := EnvChange{Added: []string{"A"}, WasUnreadable: true}
	if got := check(envFile(".env", map[string]string{"A": "1"})); !reflect.DeepEqual(*got, want) {
		t.Errorf("readable at last: %+v, want %+v", *got, want)
	}
}

// Promise 7: a record holds no value of an [env] file.
func TestRecordHoldsNoSecret(t *testing.T) {
	s := newStore(t)
	in := Inputs{Dir: "/p", Files: []File{{Path: ".env", Exists: true, EnvFile: true, Content: []byte("TOKEN=hunter2hunter2"), Vars: map[string]string{"TOKEN": "hunter2hunter2"}}}}
	allow(t, s, in)
	data, err := os.ReadFile(s.File("/p"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter2", "aHVudGVyM"} { // plain, in base64
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("the record holds the secret: %s", data)
		}
	}
	if info, _ := os.Stat(s.File("/p")); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if info, _ := os.Stat(s.Dir); info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v", info.Mode())
	}
}

// The digest is what an agent repeats: whatever needs a new permission makes
// another one, and what does not need any makes none.
func TestDigest(t *testing.T) {
	s := newStore(t)
	base := Inputs{Dir: "/p", Files: []File{file("devsh.toml", "x"), envFile(".env", map[string]string{"A": "1", "LD_PRELOAD": "l"})}}
	seen := map[string]string{base.Digest(s.Risky): "base"}
	for name, in := range map[string]Inputs{
		"directory":   {Dir: "/q", Files: base.Files},
		"content":     {Dir: "/p", Files: []File{file("devsh.toml", "y"), base.Files[1]}},
		"missing":     {Dir: "/p", Files: []File{{Path: "devsh.toml"}, base.Files[1]}},
		"empty":       {Dir: "/p", Files: []File{file("devsh.toml", ""), base.Files[1]}},
		"more":        {Dir: "/p", Files: append([]File{file("flake.nix", "")}, base.Files...)},
		"risky value": {Dir: "/p", Files: []File{base.Files[0], envFile(".env", map[string]string{"A": "1", "LD_PRELOAD": "m"})}},
		"risky name":  {Dir: "/p", Files: []File{base.Files[0], envFile(".env", map[string]string{"A": "1", "LD_PRELOAD": "l", "PATH": "/x"})}},
		"unreadable":  {Dir: "/p", Files: []File{base.Files[0], {Path: ".env", Exists: true, EnvFile: true, Unreadable: "why"}}},
		"names":       {Dir: "/p", Files: []File{base.Files[0], envFile(".env", map[string]string{"AA": "1", "LD_PRELOAD": "l"})}},
	} {
		d := in.Digest(s.Risky)
		if other, known := seen[d]; known {
			t.Errorf("%s has the digest of %s", name, other)
		}
		seen[d] = name
	}
	same := Inputs{Dir: "/p", Files: []File{envFile(".env", map[string]string{"A": "a secret", "LD_PRELOAD": "l"}), base.Files[0]}}
	if same.Digest(s.Risky) != base.Digest(s.Risky) {
		t.Error("the digest depends on the value of a variable that is nobody's business")
	}
}

// A record that is damaged is no permission and says so; allowing or denying
// anew mends it.
func TestDamagedRecords(t *testing.T) {
	in := Inputs{Dir: "/p", Files: []File{file("devsh.toml", "x")}}
	for name, damage := range map[string]func(file string) error{
		"empty":              func(f string) error { return os.Truncate(f, 0) },
		"cut short":          func(f string) error { return os.Truncate(f, 40) },
		"no JSON":            func(f string) error { return os.WriteFile(f, []byte("allowed"), 0o600) },
		"null":               func(f string) error { return os.WriteFile(f, []byte("null"), 0o600) },
		"another state":      func(f string) error { return os.WriteFile(f, []byte(`{"dir":"/p","state":"not allowed"}`), 0o600) },
		"of another place":   func(f string) error { return os.WriteFile(f, []byte(`{"dir":"/q","state":"allowed"}`), 0o600) },
		"a full directory":   func(f string) error { return errors.Join(os.Remove(f), os.MkdirAll(f+"/x", 0o700)) },
		"a FIFO":             func(f string) error { return errors.Join(os.Remove(f), syscall.Mkfifo(f, 0o600)) },
		"a link to a record": func(f string) error { return errors.Join(os.Rename(f, f+".x"), os.Symlink(f+".x", f)) },
		"a dangling link":    func(f string) error { return errors.Join(os.Remove(f), os.Symlink("nothing", f)) },
		"of another user":    func(f string) error { return os.Chown(f, 12345, 12345) },
		"huge":               func(f string) error { return os.Truncate(f, 1<<40) },
	} {
		t.Run(name, func(t *testing.T) {
			if name == "of another user" && os.Geteuid() != 0 {
				t.Skip("only root can give files away")
			}
			s := newStore(t)
			allow(t, s, in)
			if err := damage(s.File("/p")); err != nil {
				t.Fatal(err)
			}
			v, err := s.Check(in)
			var damaged *RecordError
			if v.State != Unknown || !errors.As(err, &damaged) || damaged.File != s.File("/p") {
				t.Errorf("%v, %v", v, err)
			}
			allow(t, s, in)
			if got := state(t, s, in); got != Allowed {
				t.Errorf("allowed anew: %s", got)
			}
			if err := damage(s.File("/p")); err != nil && name != "a FIFO" && name != "a link to a record" {
				t.Fatal(err)
			}
			if err := s.Deny("/p", now); err != nil {
				t.Fatal(err)
			}
			if got := state(t, s, in); got != Denied {
				t.Errorf("denied: %s", got)
			}
		})
	}
}

// A trusted tree holds what is in it, not what begins like it, and a denial
// wins over it.
func TestTrustedTrees(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"dev/a", "dev-evil", "real/p"} {
		if err := os.MkdirAll(filepath.Join(top, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("real", filepath.Join(top, "link")); err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	s.Trees = []string{filepath.Join(top, "dev"), filepath.Join(top, "link"), filepath.Join(top, "missing")}
	for dir, want := range map[string]State{"dev": Allowed, "dev/a": Allowed, "dev-evil": Unknown, "real/p": Allowed, "": Unknown, "missing/x": Unknown} {
		v, err := s.Check(Inputs{Dir: filepath.Join(top, dir)})
		if err != nil || v.State != want || (want == Allowed) != strings.HasPrefix(v.Because, "trusted tree ") {
			t.Errorf("%s: %v, %v; want %s", dir, v, err, want)
		}
	}
	if err := s.Deny(filepath.Join(top, "dev/a"), now); err != nil {
		t.Fatal(err)
	}
	if got := state(t, s, Inputs{Dir: filepath.Join(top, "dev/a")}); got != Denied {
		t.Errorf("denied in a trusted tree: %s", got)
	}
}

func ExampleInputs_Digest() {
	in := Inputs{Dir: "/home/u/dev/p", Files: []File{{Path: "devsh.toml", Exists: true, Content: []byte("[env]\n")}}}
	fmt.Println(len(in.Digest(func(string) bool { return true })))
	// Output: 64
}
