package golang

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
	"github.com/hbohlen/devsh/toolchains/toolstest"
)

// now is when the tests are; old is long enough before.
var (
	now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	old = now.Add(-1000 * time.Hour)
)

const module1 = "example.test/tools"

func hello(text string) map[string]string {
	return map[string]string{"cmd/hello/main.go": "package main\n\nfunc main() { println(\"" + text + "\") }\n"}
}

func backend(environ map[string]string) *Backend {
	return &Backend{Host: install.Host{Environ: environ, Limit: 2 * time.Minute}}
}

func wanted() install.Wanted {
	return install.Wanted{Name: "hello", Package: module1 + "/cmd/hello", MinAge: 24 * time.Hour, Now: now}
}

func registry(t *testing.T) *toolstest.GoRegistry {
	r := toolstest.NewGo(t)
	r.Publish(t, old, module1, "v1.0.0", "1.21", hello("one"))
	r.Publish(t, old, module1, "v1.1.0", "1.21", hello("two"))
	r.Publish(t, old, module1, "v1.2.0", "1.999", hello("three"))
	r.Publish(t, now.Add(-time.Hour), module1, "v1.3.0", "1.21", hello("four"))
	r.Publish(t, old, module1, "v1.4.0-rc.1", "1.21", hello("five"))
	return r
}

func TestResolve(t *testing.T) {
	r := registry(t)
	b := backend(r.Environ(t))
	only := func(prefix string) func(string) bool {
		return func(v string) bool { return strings.HasPrefix(v, prefix) }
	}
	for name, c := range map[string]struct {
		change    func(*install.Wanted)
		want, err string
	}{
		"newest that is old enough and builds": {func(*install.Wanted) {}, "v1.1.0", ""},
		"younger, if wanted":                   {func(w *install.Wanted) { w.MinAge = 0 }, "v1.3.0", ""},
		"a constraint":                         {func(w *install.Wanted) { w.Allows, w.Want = only("v1.0."), ">=1.0, <1.1" }, "v1.0.0", ""},
		"a prerelease by name":                 {func(w *install.Wanted) { w.Allows, w.Want = only("v1.4."), "=1.4.0-rc.1" }, "v1.4.0-rc.1", ""},
		"too young":                            {func(w *install.Wanted) { w.Allows, w.Want = only("v1.3"), "=1.3.0" }, "", "v1.3.0 appeared 1 h ago"},
		"needs a newer Go":                     {func(w *install.Wanted) { w.Allows, w.Want = only("v1.2"), "=1.2.0" }, "", "v1.2.0 needs Go 1.999, and this is 1."},
		"no such module":                       {func(w *install.Wanted) { w.Package = "example.test/nothing" }, "", "look up example.test/nothing@latest in Go's proxy"},
		"no path":                              {func(w *install.Wanted) { w.Package = "-x" }, "", "is no name of a package"},
	} {
		w := wanted()
		c.change(&w)
		tool, err := b.Resolve(t.Context(), w, nil)
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v; want %s", name, err, c.err)
			}
		case err != nil || tool.Version != c.want || tool.Module != module1 || !strings.HasPrefix(tool.Hash, "h1:"):
			t.Errorf("%s: %+v, %v; want %s", name, tool, err, c.want)
		default:
			if _, err := lockfile.Parse("f", lockfile.Write(lockfile.Lock{Tools: []lockfile.Tool{tool}})); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestInstall(t *testing.T) {
	r := registry(t)
	environ := r.Environ(t)
	environ["GOOS"], environ["GOWORK"], environ["GOFLAGS"] = "plan9", "/nothing", "-mod=vendor"
	b := backend(environ)
	tool, err := b.Resolve(t.Context(), wanted(), nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	bins, err := b.Install(t.Context(), tool, dir, dir, nil)
	if err != nil || len(bins) != 1 || bins["hello"] != "bin/hello" {
		t.Fatalf("%q, %v", bins, err)
	}
	if out, err := exec.Command(filepath.Join(dir, "bin/hello")).CombinedOutput(); string(out) != "two\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	// Offline, from the cache.
	r.Fail("", toolstest.Broken)
	if _, err := b.Install(t.Context(), tool, t.TempDir(), "", nil); err != nil {
		t.Errorf("offline: %v", err)
	}
	tool.Hash = "h1:Dn6mf9WXu9iLnTftDDMb9wV0c6Se7PjzEMqP0LEe08Y="
	if _, err := b.Install(t.Context(), tool, t.TempDir(), "", nil); err == nil || !strings.Contains(err.Error(), "and the lock says h1:Dn6mf9") {
		t.Errorf("another sum: %v", err)
	}
}

// A proxy that fails is told in words, with what it did.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault toolstest.Fault
		want  string
	}{
		"hangs":     {toolstest.Hang, "go took longer than 3s"},
		"breaks":    {toolstest.Broken, "500 Internal Server Error"},
		"truncated": {toolstest.Truncate, "unexpected EOF"},
		"tampered":  {toolstest.Tamper, "and the lock says h1:"},
	} {
		t.Run(name, func(t *testing.T) {
			r := registry(t)
			tool, err := backend(r.Environ(t)).Resolve(t.Context(), wanted(), nil)
			if err != nil {
				t.Fatal(err)
			}
			b := backend(r.Environ(t)) // an empty cache
			if _, err := b.about(t.Context()); err != nil {
				t.Fatal(err)
			}
			r.Fail(".zip", c.fault)
			if c.fault == toolstest.Hang {
				b.Limit = 3 * time.Second
			}
			dir := t.TempDir()
			_, err = b.Install(t.Context(), tool, dir, dir, nil)
			var e *install.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v; want %s", err, c.want)
			}
		})
	}
}

func TestCanceled(t *testing.T) {
	r := registry(t)
	r.Fail("/list", toolstest.Hang)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-r.Asked()
		cancel()
	}()
	if _, err := backend(r.Environ(t)).Resolve(ctx, wanted(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestUnavailable(t *testing.T) {
	var u *install.Unavailable
	if _, err := backend(map[string]string{"PATH": "relative"}).Resolve(t.Context(), wanted(), nil); !errors.As(err, &u) || u.Program != "go" || u.Hint == "" {
		t.Errorf("%v", err)
	}
}

func TestNames(t *testing.T) {
	for pkg, want := range map[string]string{"mvdan.cc/gofumpt": "gofumpt", "a.b/c/v2": "c", "a.b/c/v2/cmd/d": "d", "a.b/v": "v"} {
		if got := binary(pkg); got != want {
			t.Errorf("%s: %s", pkg, got)
		}
	}
	if got := languageOf("go1.26.8 X:nodwarf5"); got != "go1.26.8" {
		t.Error(got)
	}
}

// The real proxy: the newest gopls needs a newer Go than some have.
func TestReal(t *testing.T) {
	toolstest.GoProxy(t)
	b := &Backend{Host: install.Host{Environ: toolstest.User(t), Limit: 5 * time.Minute}}
	for name, pkg := range map[string]string{"gofumpt": "mvdan.cc/gofumpt", "gopls": "golang.org/x/tools/gopls"} {
		w := install.Wanted{Name: name, Package: pkg, MinAge: 24 * time.Hour, Now: time.Now()}
		tool, err := b.Resolve(t.Context(), w, nil)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if _, err := b.Install(t.Context(), tool, dir, dir, nil); err != nil {
			t.Fatal(err)
		}
		program := filepath.Join(dir, "bin", name)
		args := map[string][]string{"gofumpt": {"--version"}, "gopls": {"version"}}[name]
		if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
			t.Errorf("%s %s: %q, %v", name, tool.Version, out, err)
		}
	}
}
