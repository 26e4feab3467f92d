package uv

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
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

func hello(version string, needs ...string) toolstest.Wheel {
	return toolstest.Wheel{
		Name: "hello-tool", Version: version, Needs: needs, Scripts: map[string]string{"hello": "hello_tool:main"},
		Files: map[string]string{"hello_tool.py": "import sys\ndef main():\n    print('hello " + version + "', *sys.argv[1:])\n"},
	}
}

func backend(t *testing.T, environ map[string]string) *Backend {
	return &Backend{Host: install.Host{Environ: environ, Limit: 2 * time.Minute, Temp: t.TempDir()}}
}

func wanted() install.Wanted {
	return install.Wanted{Name: "hello", Package: "Hello.Tool", MinAge: 24 * time.Hour, Now: now}
}

func index(t *testing.T) *toolstest.PyPI {
	p := toolstest.NewPyPI(t)
	p.Publish(t, old, hello("1.0.0"))
	p.Publish(t, old, hello("1.1.0", "dep"))
	p.Publish(t, now.Add(-time.Hour), hello("2.0.0"))
	p.Publish(t, old, hello("3.0.0rc1"))
	p.Publish(t, old, toolstest.Wheel{
		Name: "dep", Version: "1.0", Scripts: map[string]string{"dep": "dep:main"}, Files: map[string]string{"dep.py": "main = print\n"},
	})
	p.Publish(t, now.Add(-time.Hour), toolstest.Wheel{Name: "dep", Version: "2.0"})
	return p
}

func put(t *testing.T, b *Backend, tool lockfile.Tool) (dir string, bins map[string]string, err error) {
	t.Helper()
	staging := t.TempDir()
	dir = filepath.Join(t.TempDir(), "final")
	bins, err = b.Install(t.Context(), tool, staging, dir, nil)
	if err == nil {
		err = os.Rename(staging, dir)
	}
	return dir, bins, err
}

func TestResolve(t *testing.T) {
	b := backend(t, index(t).Environ(t))
	for name, c := range map[string]struct {
		change    func(*install.Wanted)
		want, err string
	}{
		"newest that is old enough": {func(*install.Wanted) {}, "dep 1.0, hello-tool 1.1.0", ""},
		"younger, if wanted":        {func(w *install.Wanted) { w.MinAge = 0 }, "hello-tool 2.0.0", ""},
		"a constraint":              {func(w *install.Wanted) { w.Want = ">=1.0.0, <1.1.0" }, "hello-tool 1.0.0", ""},
		"a prerelease by name":      {func(w *install.Wanted) { w.Want = "=3.0.0-rc.1" }, "hello-tool 3.0.0rc1", ""},
		"too young":                 {func(w *install.Wanted) { w.Want = "=2.0.0" }, "", "2.0.0, or something that it needs, appeared less than 24 h ago"},
		"no version":                {func(w *install.Wanted) { w.Want = ">=7" }, "", "lock Hello.Tool from PyPI: No solution found"},
		"no such package":           {func(w *install.Wanted) { w.Package = "nothing" }, "", "lock nothing from PyPI: No solution found"},
		"no name":                   {func(w *install.Wanted) { w.Package = "--x" }, "", "is no name of a package"},
	} {
		w := wanted()
		c.change(&w)
		tool, err := b.Resolve(t.Context(), w, nil)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v; want %s", name, err, c.err)
			}
			continue
		}
		var got []string
		for _, p := range tool.Packages {
			got = append(got, p.Path+" "+p.Version)
		}
		if err != nil || strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %q, %v; want %s", name, got, err, c.want)
			continue
		}
		read, err := lockfile.Parse("f", lockfile.Write(lockfile.Lock{Tools: []lockfile.Tool{tool}}))
		if err != nil || !reflect.DeepEqual(read.Tools[0], tool) {
			t.Errorf("%s: is not read as written: %v\n%#v\n%#v", name, err, read, tool)
		}
	}
}

// What is installed runs by the Python that it is bound to, from where it lies,
// whatever a project sets; what it only needs brings no program.
func TestInstall(t *testing.T) {
	p := index(t)
	tool := toolstest.Wheel{
		Name: "hello-tool", Version: "1.2.0", Needs: []string{"dep"}, Scripts: map[string]string{"hello": "hello_tool:main"},
		Files: map[string]string{
			"hello_tool.py": "import sys, dep\ndef main():\n    print('hello', *sys.argv[1:])\n", "hello_tool-1.2.0.data/scripts/plain": "#!/bin/sh\necho plain\n",
			"hello_tool-1.2.0.data/data/share/man/man1/hello.1": "x",
		},
	}
	p.Publish(t, old, tool)
	environ := p.Environ(t)
	environ["UV_PYTHON"], environ["UV_NO_BINARY"], environ["VIRTUAL_ENV"] = "/nothing", "1", "/nothing"
	b := backend(t, environ)
	if err := os.WriteFile(filepath.Join(b.Temp, "uv.toml"), []byte("no-index = true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	locked, err := b.Resolve(t.Context(), wanted(), nil)
	if err != nil {
		t.Fatal(err)
	}
	dir, bins, err := put(t, b, locked)
	if err != nil || !reflect.DeepEqual(bins, map[string]string{"hello": "venv/bin/hello", "plain": "venv/bin/plain"}) {
		t.Fatalf("%q, %v", bins, err)
	}
	for program, says := range map[string]string{"bin/hello": "hello you\n", "bin/plain": "plain\n", "venv/bin/hello": "hello you\n"} {
		cmd := exec.Command(filepath.Join(dir, program), "you")
		cmd.Env = []string{"PATH=/nothing"}
		if program == "bin/hello" {
			cmd.Env = append(cmd.Env, "PYTHONHOME=/nothing")
		}
		if out, err := cmd.CombinedOutput(); string(out) != says {
			t.Errorf("%s: %q, %v", program, out, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "share/man/man1/hello.1")); err != nil {
		t.Error(err)
	}
	// Offline, from the cache.
	p.Fail("", toolstest.Broken)
	if _, _, err := put(t, b, locked); err != nil {
		t.Errorf("offline: %v", err)
	}
}

// An index that fails is told in words, with what uv did.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		suffix string
		fault  toolstest.Fault
		want   string
	}{
		"hangs":     {".whl", toolstest.Hang, "uv took longer than 3s"},
		"breaks":    {".whl", toolstest.Broken, "500"},
		"truncated": {".whl", toolstest.Truncate, "install Hello.Tool 1.1.0 from PyPI: "},
		"tampered":  {".whl", toolstest.Tamper, "Hash mismatch"},
		"no index":  {"/", toolstest.Broken, "lock Hello.Tool from PyPI: "},
	} {
		t.Run(name, func(t *testing.T) {
			p := index(t)
			tool, err := backend(t, p.Environ(t)).Resolve(t.Context(), wanted(), nil)
			if err != nil {
				t.Fatal(err)
			}
			b := backend(t, p.Environ(t)) // an empty cache
			if _, err := b.about(t.Context()); err != nil {
				t.Fatal(err)
			}
			p.Fail(c.suffix, c.fault)
			if c.fault == toolstest.Hang {
				b.Limit = 3 * time.Second
			}
			if name == "no index" {
				_, err = b.Resolve(t.Context(), wanted(), nil)
			} else {
				_, _, err = put(t, b, tool)
			}
			var e *install.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v; want %s", err, c.want)
			}
			if c.fault == toolstest.Tamper && e.Hint != install.Beware {
				t.Errorf("hint: %s", e.Hint)
			}
			if left, err := os.ReadDir(b.Temp); err != nil || len(left) != 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestCanceled(t *testing.T) {
	p := index(t)
	p.Fail("/", toolstest.Hang)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-p.Asked()
		cancel()
	}()
	if _, err := backend(t, p.Environ(t)).Resolve(ctx, wanted(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestUnavailable(t *testing.T) {
	var u *install.Unavailable
	for path, program := range map[string]string{"relative": "uv", toolstest.PlayUV(t): "python3"} {
		if _, err := backend(t, map[string]string{"PATH": path}).Resolve(t.Context(), wanted(), nil); !errors.As(err, &u) || u.Program != program || u.Hint == "" {
			t.Errorf("%v", err)
		}
	}
}

// What uv itself writes, as of its own tests.
func TestReason(t *testing.T) {
	for text, want := range map[string]string{
		"Resolved 1 package\n  × Failed to download `idna==3.6`\n  ╰─▶ Hash mismatch for `idna==3.6`\n\n      Expected:\n        sha256:2f\n":                                                    "Failed to download `idna==3.6`: Hash mismatch for `idna==3.6`",
		"  × No solution found when resolving dependencies:\n  ╰─▶ Because x was not found in the package registry and you require\n      x, we can conclude that it is\n      unsatisfiable.\n": "No solution found when resolving dependencies: Because x was not found in the package registry and you require x, we can conclude that it is unsatisfiable.",
		"error: Failed to fetch: `http://x/`\n  Caused by: Request failed after 3 retries\n  Caused by: connection refused\n":                                                                    "Failed to fetch: `http://x/`: connection refused",
		"warning: something": "",
	} {
		if got, _ := reason("", text); got != want {
			t.Errorf("%q\nwant %q", got, want)
		}
	}
}

func TestRequirements(t *testing.T) {
	text := "# header\nA.b==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:bb \\\n    --hash=sha256:aa\nc[extra]==2 \\\n    --hash=sha256:cc\n    # via a\n"
	packages, err := read(text)
	want := []lockfile.Package{
		{Path: "a-b", Version: "1.0", Marker: "sys_platform == 'win32'", Hashes: []string{"sha256:aa", "sha256:bb"}}, {Path: "c", Version: "2", Hashes: []string{"sha256:cc"}},
	}
	if err != nil || !reflect.DeepEqual(packages, want) {
		t.Errorf("%+v, %v", packages, err)
	}
	again, err := read(write(lockfile.Tool{Packages: packages}))
	if err != nil || !reflect.DeepEqual(again, want) {
		t.Errorf("%+v, %v", again, err)
	}
	for text, want := range map[string]string{
		"a==1\n":                         "no version or no hash",
		"--index-url http://x\n":         "no version or no hash",
		"a @ http://x --hash=sha256:a\n": "no version or no hash",
		"a==1 --hash=sha256:a\na==2 ; x --hash=sha256:b\n": "several versions of a",
	} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for want, text := range map[string]string{"": "x \n", "=1.2": "x ==1.2\n", ">=1, <2": "x >=1, <2\n"} {
		if got := wish("x", want); got != text {
			t.Errorf("%q: %q", want, got)
		}
	}
}
