package prefix

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/toolchains/prefix/plan"
)

// fakeNode makes a node that says which it is, and notes that it was started;
// and an npm beside it.
func (b *bed) fakeNode(dir, abi string) string {
	b.t.Helper()
	dir = filepath.Join(b.sys, dir)
	b.write(map[string]string{
		dir + "/bin/node": "#!/bin/sh\necho node >>'" + b.home + "/started'\ncase $1 in -e) echo '{\"exec\":\"" + dir + "/bin/node\",\"version\":\"v" + abi + "\",\"abi\":\"" + abi + "\"}';; *) echo \"abi " + abi + " $*\";; esac\n",
		dir + "/bin/npm":  "#!/bin/sh\necho npm >>'" + b.home + "/started'\necho /etc/site-npmrc\n",
	})
	return filepath.Join(dir, "bin")
}

func (b *bed) started() string {
	data, _ := os.ReadFile(filepath.Join(b.home, "started"))
	return strings.Join(strings.Fields(string(data)), " ")
}

// node and npm are asked once, and again when either is another file.
func TestAskedOnce(t *testing.T) {
	b := newBed(t, "")
	bin := b.fakeNode("n", "115")
	b.Environ["PATH"] = bin + ":/nowhere"
	first := b.layer()
	if got := b.started(); got != "node npm" {
		t.Fatalf("started: %s", got)
	}
	if text, _ := first.Delta.Set["NPM_CONFIG_GLOBALCONFIG"].Literal(); text != "/etc/site-npmrc" {
		t.Errorf("pinned to %q", text)
	}
	for range 3 {
		b.layer()
	}
	if got := b.started(); got != "node npm" {
		t.Errorf("nothing changed, and started: %s", got)
	}
	b.write(map[string]string{bin + "/npm": "#!/bin/sh\necho /other/npmrc\n"})
	if text, _ := b.layer().Delta.Set["NPM_CONFIG_GLOBALCONFIG"].Literal(); text != "/other/npmrc" {
		t.Errorf("another npm, and pinned to %q", text)
	}
	b.fakeNode("n", "9999")
	if l := b.layer(); !strings.HasSuffix(l.Places[0].Dir, "npm-abi9999") {
		t.Errorf("another node, and the prefix is %s", l.Places[0].Dir)
	}
	// A shim leads to another node, and its own file stays the same.
	b.write(map[string]string{"shim/node": "#!/bin/sh\nexec \"$(cat '" + b.home + "/which')\" \"$@\"\n", "which": bin + "/node"})
	b.fakeNode("n2", "137")
	b.Environ["PATH"] = filepath.Join(b.home, "shim") + ":" + bin + ":/usr/bin:/bin"
	b.layer()
	b.write(map[string]string{"which": filepath.Join(b.sys, "n2/bin/node")})
	b.Fresh = true
	if l := b.layer(); !strings.HasSuffix(l.Places[0].Dir, "npm-abi137") || l.Places[0].Bound.Path != filepath.Join(b.sys, "n2/bin/node") {
		t.Errorf("the shim leads elsewhere, and the prefix is %s", l.Places[0].Dir)
	}
}

// A node that says nonsense, fails or hangs until the user has enough is none.
func TestNodeThatDoesNotWork(t *testing.T) {
	for _, script := range []string{"#!/bin/sh\nexit 1\n", "#!/bin/sh\necho '{\"exec\":\"/x\",\"abi\":\"../../etc\"}'\n", "#!/bin/sh\necho hello\n", "#!/nowhere/sh\n"} {
		b := newBed(t, "")
		b.write(map[string]string{"n/node": script, "n/npm": "#!/bin/sh\n"})
		b.Environ["PATH"] = filepath.Join(b.home, "n")
		if l := b.layer(); l.Places[0].State != plan.Absent || len(l.Delta.Set) > 0 {
			t.Errorf("%q: %s", script, l.Places[0].State)
		}
	}
	b := newBed(t, "")
	b.write(map[string]string{"n/node": "#!/bin/sh\n: >'" + b.home + "/asked'\nexec sleep 1000\n"})
	b.Environ["PATH"] = filepath.Join(b.home, "n") + ":/usr/bin:/bin"
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(filepath.Join(b.home, "asked")); err == nil {
				cancel()
			}
		}
	}()
	if _, err := b.Layer(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// What belongs to another ABI stays on PATH, and runs by its own node.
func TestTwoNodes(t *testing.T) {
	b := newBed(t, "")
	one, two := b.fakeNode("one", "115"), b.fakeNode("two", "137")
	b.Environ["PATH"] = one + ":/usr/bin:/bin"
	dir := b.layer().Places[0].Dir
	b.write(map[string]string{"x/cli.js": "#!/usr/bin/env node\n"})
	install := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "bin", name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	install("tool", "#!/usr/bin/env node\n")
	install("flags", "#!/usr/bin/env -S node --max-old-space-size=10\n")
	install("shell", "#!/bin/sh\necho by the shell\n")
	install("named", "#!"+two+"/node\n")
	b.Environ["PATH"] = two + ":/usr/bin:/bin"
	e := b.inside(b.layer()) // the first one with tool in it
	for name, want := range map[string]string{
		"tool": "abi 115 " + dir + "/bin/tool a", "flags": "abi 115 --max-old-space-size=10 " + dir + "/bin/flags a", "shell": "by the shell",
		"named": "abi 137 " + dir + "/bound/named a",
	} {
		if got := b.must(e, b.home, name, "a"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if now := e["NPM_CONFIG_PREFIX"]; !strings.HasSuffix(now, "npm-abi137") {
		t.Errorf("and npm installs into %s", now)
	}
	// Its node goes: that is told, and what can be done.
	if err := os.RemoveAll(filepath.Join(b.sys, "one")); err != nil {
		t.Fatal(err)
	}
	list, _, err := b.Survey(t.Context())
	if err != nil || len(list[0].Problems) != 1 || !strings.Contains(list[0].Problems[0].Text, one+"/node is gone, which runs flags, named, shell, tool") || list[0].Problems[0].Next != "rm -r "+dir {
		t.Errorf("its node is gone: %v, %+v", err, list[0].Problems)
	}
}

// Eight at once leave what one leaves.
func TestAtOnce(t *testing.T) {
	b := newBed(t, "")
	b.Environ["PATH"] = b.fakeNode("n", "115") + ":/usr/bin:/bin"
	dir := b.layer().Places[0].Dir
	var names []string
	for i := range 20 {
		name := "t" + string(rune('a'+i))
		names = append(names, name)
		if err := os.WriteFile(filepath.Join(dir, "bin", name), []byte("#!/usr/bin/env node\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "bound/.tmp-left"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := b.Layer(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := programs(filepath.Join(dir, "bound")); !slices.Equal(got, names) {
		t.Errorf("bound are %q", got)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "bound"))
	if err != nil || len(entries) != len(names)+1 {
		t.Errorf("there is rubbish: %v, %v", entries, err)
	}
}

// No directory is taken that is a link, or that others can write to.
func TestHostileDirectories(t *testing.T) {
	for name, spoil := range map[string]func(at, elsewhere string) error{
		"is a link":                 func(at, elsewhere string) error { return os.Symlink(elsewhere, at) },
		"is no directory":           func(at, _ string) error { return os.WriteFile(at, nil, 0o600) },
		"can be written by anybody": func(at, _ string) error { return errors.Join(os.Mkdir(at, 0o700), os.Chmod(at, 0o777)) },
	} {
		for _, at := range []string{"devsh", "devsh/prefix", "devsh/prefix/npm-abi115", "devsh/prefix/npm-abi115/bin", "devsh/prefix/npm-abi115/bound", "devsh/prefix/npm-abi115/lib"} {
			b := newBed(t, "")
			b.Environ["PATH"] = b.fakeNode("n", "115")
			at = filepath.Join(b.home, ".local/share", at)
			elsewhere := t.TempDir()
			if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), spoil(at, elsewhere)); err != nil {
				t.Fatal(err)
			}
			_, err := b.Layer(t.Context())
			var unsafe *Unsafe
			if !errors.As(err, &unsafe) || unsafe.Path != at || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v", at, err)
			}
			if left, _ := os.ReadDir(elsewhere); len(left) > 0 {
				t.Errorf("%s was followed: %v", at, left)
			}
		}
	}
}

// Where nothing can be written the error says so; what is there is explained all
// the same, and a memory that cannot be kept is no error.
func TestReadOnly(t *testing.T) {
	b := newBed(t, "")
	b.Environ["PATH"] = b.fakeNode("n", "115")
	b.Environ["XDG_DATA_HOME"], b.Memory = "/dev/null/none", "/dev/null/none"
	if _, err := b.Layer(t.Context()); err == nil || !strings.Contains(err.Error(), "make a place for global installs: mkdir /dev/null") {
		t.Errorf("a layer: %v", err)
	}
	list, _, err := b.Survey(t.Context())
	if err != nil || list[0].Writable || len(list[0].Problems) != 1 || !strings.Contains(list[0].Problems[0].Text, "cannot be written") {
		t.Errorf("a survey: %v, %+v", err, list[0])
	}
	b.Environ["HOME"] = "x"
	if _, err := b.Layer(t.Context()); err == nil {
		t.Error("a relative HOME is taken")
	}
}

// A directory with a colon would be two on PATH.
func TestColon(t *testing.T) {
	b := newBed(t, "")
	b.Environ["PATH"] = b.fakeNode("n", "115")
	b.Environ["XDG_DATA_HOME"] = b.home + "/a:b"
	if _, err := b.Layer(t.Context()); err == nil || !strings.Contains(err.Error(), "colon") {
		t.Errorf("a colon: %v", err)
	}
}

// Wrappers name node's own file, but in nix's store what leads there, which
// the collector keeps.
func TestStable(t *testing.T) {
	dir := resolved(t.TempDir())
	store, link := filepath.Join(dir, "store"), filepath.Join(dir, "node")
	exec := filepath.Join(store, "x-nodejs/bin/node")
	if err := errors.Join(os.MkdirAll(filepath.Dir(exec), 0o755), os.WriteFile(exec, nil, 0o755), os.Symlink(exec, link)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ found, store, want string }{
		{link, store, link}, {link, "/nowhere", exec}, {exec, store, exec}, {"/shims/node", store, exec},
	} {
		if got := stable(c.found, exec, c.store); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestSurvey(t *testing.T) {
	b := newBed(t, "")
	bin := b.fakeNode("n", "115")
	b.write(map[string]string{"go/bin/gopls": "#!/bin/sh\n", "first/gopls": "#!/bin/sh\n", "first/go": "#!/bin/sh\n", "first/uv": "#!/bin/sh\n"})
	b.Environ["PATH"] = filepath.Join(b.home, "first") + ":" + filepath.Join(b.home, "go/bin") + ":" + bin
	if err := errors.Join(os.MkdirAll(filepath.Join(b.Root(), "uv/tools/ruff/bin"), 0o755), os.Symlink("/nix/store/gone/bin/python", filepath.Join(b.Root(), "uv/tools/ruff/bin/python"))); err != nil {
		t.Fatal(err)
	}
	b.Environ["NPM_CONFIG_PREFIX"] = "/dev/null/none"
	list, _, err := b.Survey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		var said []string
		for _, p := range s.Problems {
			said = append(said, p.Text+" → "+p.Next)
		}
		want := map[string]string{
			"npm": "/dev/null/none/bin is not on PATH → fish_add_path /dev/null/none/bin; /dev/null/none/bin cannot be written → set -e NPM_CONFIG_PREFIX",
			"uv":  "the Python of ruff is gone → uv tool install --reinstall ruff",
		}[s.Manager.Name]
		if got := strings.Join(said, "; "); got != want {
			t.Errorf("%s: %s; want %s", s.Manager.Name, got, want)
		}
		if s.Manager.Name == "go" && (!s.OnPath || !s.Writable || len(s.Programs) != 1 || s.Programs[0].Shadowed != filepath.Join(b.home, "first/gopls")) {
			t.Errorf("go: %+v", s)
		}
	}
	if _, err := os.Stat(filepath.Join(b.Root(), "go")); err == nil {
		t.Error("a survey makes directories")
	}
}

// What the layer says can make it stale is all that it depends on.
func TestInputs(t *testing.T) {
	b := newBed(t, "")
	bin := b.fakeNode("n", "115")
	b.Environ["PATH"] = bin + ":/usr/bin:/bin"
	l := b.layer()
	for _, want := range []string{bin + "/node", bin + "/npm", filepath.Join(b.home, ".npmrc"), "/etc/site-npmrc", l.Places[0].Bins[0]} {
		if !slices.Contains(l.Inputs, want) {
			t.Errorf("%s is not among %q", want, l.Inputs)
		}
	}
	if !slices.IsSorted(l.Inputs) || !slices.IsSorted(l.Variables) {
		t.Error("they are not sorted")
	}
	if _, err := env.Compose(l.Delta); err != nil {
		t.Error(err)
	}
}
