package npm

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

const day = 24 * time.Hour

// pkg is a package.json.
func pkg(name, version string, more ...any) map[string]any {
	m := map[string]any{"name": name, "version": version, "bin": map[string]string{"x": "x.js"}}
	for i := 0; i < len(more); i += 2 {
		m[more[i].(string)] = more[i+1]
	}
	return m
}

func script(text string) map[string]string { return map[string]string{"x.js": text} }

const hello = "#!/usr/bin/env node\nconsole.log('hello', process.argv[2])\n"

func backend(environ map[string]string) *Backend {
	return &Backend{Host: install.Host{Environ: environ, Limit: 2 * time.Minute}}
}

func wanted(name string) install.Wanted {
	return install.Wanted{Name: name, Package: name, MinAge: day, Now: now}
}

// put installs into a directory, and returns the programs.
func put(t *testing.T, b *Backend, tool lockfile.Tool) (dir string, bins map[string]string, err error) {
	t.Helper()
	dir = t.TempDir()
	bins, err = b.Install(t.Context(), tool, dir, dir, nil)
	return dir, bins, err
}

func TestResolve(t *testing.T) {
	r := toolstest.NewNPM(t)
	r.Publish(t, old, pkg("x", "1.0.0"), script(hello))
	r.Publish(t, old, pkg("x", "2.0.0"), script(hello))
	r.Publish(t, old, pkg("x", "2.1.0", "engines", map[string]string{"node": ">=999"}), script(hello))
	r.Publish(t, old, pkg("x", "2.2.0", "deprecated", "broken"), script(hello))
	r.Publish(t, now.Add(-time.Hour), pkg("x", "2.3.0"), script(hello))
	r.Publish(t, old, pkg("x", "3.0.0-rc.1"), script(hello))
	r.Publish(t, old, pkg("x", "4.0.0"), script(hello))
	r.Tag(t, "x", "2.3.0")
	r.Publish(t, old, pkg("young", "1.0.0", "dependencies", map[string]string{"x": "2"}), script(hello))
	r.Publish(t, old, pkg("deep", "1.0.0", "dependencies", map[string]string{"x": "2.1.0"}), script(hello))
	b := backend(r.Environ(t))
	major := func(n string) func(string) bool {
		return func(v string) bool { return strings.HasPrefix(v, n+".") }
	}
	for name, c := range map[string]struct {
		change func(*install.Wanted)
		want   string
		err    string
	}{
		"newest old enough that runs": {func(*install.Wanted) {}, "2.0.0", ""},
		"younger ones, if wanted":     {func(w *install.Wanted) { w.MinAge = 0 }, "2.3.0", ""},
		"a constraint":                {func(w *install.Wanted) { w.Allows, w.Want = major("1"), ">=1, <2" }, "1.0.0", ""},
		"beyond latest, if asked for": {func(w *install.Wanted) { w.Allows, w.Want = major("4"), ">=4" }, "4.0.0", ""},
		"a prerelease by name":        {func(w *install.Wanted) { w.Allows, w.Want = major("3"), "=3.0.0-rc.1" }, "3.0.0-rc.1", ""},
		"no prerelease else":          {func(w *install.Wanted) { w.Allows, w.Want = major("3"), ">=3, <4" }, "", "no version is >=3, <4"},
		"too young by name":           {func(w *install.Wanted) { w.Allows, w.Want = major("2.3"), "=2.3.0" }, "", "2.3.0 appeared 1 h ago"},
		"node too old":                {func(w *install.Wanted) { w.Allows, w.Want = major("2.1"), "=2.1.0" }, "", "2.1.0 needs node >=999, and this is "},
		"what it needs is old enough": {func(w *install.Wanted) { w.Package = "young" }, "1.0.0", ""},
		"what it needs runs here":     {func(w *install.Wanted) { w.Package = "deep" }, "", "1.0.0: EBADENGINE"},
		"no such package":             {func(w *install.Wanted) { w.Package = "nothing" }, "", "look up nothing in npm's registry: E404"},
		"no name":                     {func(w *install.Wanted) { w.Package = "--global" }, "", "is no name of a package"},
	} {
		w := wanted("x")
		c.change(&w)
		tool, err := b.Resolve(t.Context(), w, nil)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v; want %s", name, err, c.err)
			}
			continue
		}
		if err != nil || tool.Version != c.want || !strings.HasPrefix(tool.Hash, "sha512-") || tool.Published.IsZero() {
			t.Errorf("%s: %+v, %v; want %s", name, tool, err, c.want)
			continue
		}
		if w.Package == "young" && (len(tool.Packages) != 2 || tool.Packages[0].Path != "node_modules/x" || tool.Packages[0].Version == "2.3.0") {
			t.Errorf("%s: %+v", name, tool.Packages)
		}
		read, err := lockfile.Parse("f", lockfile.Write(lockfile.Lock{Tools: []lockfile.Tool{tool}}))
		if err != nil || !reflect.DeepEqual(read.Tools[0], tool) {
			t.Errorf("%s: is not read as written: %v\n%#v\n%#v", name, err, read, tool)
		}
	}
}

// What is installed runs by the node it is bound to, whatever is on PATH and
// whatever a project's npmrc says; no script ran.
func TestInstall(t *testing.T) {
	r := toolstest.NewNPM(t)
	post := map[string]string{"postinstall": "echo ran > ran"}
	r.Publish(t, old, pkg("dep", "1.0.0", "scripts", post), nil)
	r.Publish(t, old, pkg("@s/x", "1.0.0", "scripts", post, "dependencies", map[string]string{"dep": "^1"},
		"optionalDependencies", map[string]string{"x-of-another-system": "1.0.0"}, "man", "x.1", "bin",
		map[string]string{"x": "x.js", "flags": "./flags", "plain": "plain.sh", "../../out": "x.js", "outside": "../dep/package.json"}),
		map[string]string{"x.js": hello, "x.1": "", "flags": "#!/usr/bin/env -S node --no-warnings\nconsole.log(process.execArgv[0])\n", "plain.sh": "#!/bin/sh\necho plain\n"})
	environ := r.Environ(t)
	environ["NPM_CONFIG_GLOBAL"], environ["npm_config_omit"], environ["NODE_OPTIONS"] = "true", "optional", "--require=/nothing"
	b := backend(environ)
	b.Temp = t.TempDir() // as /tmp, where anybody may put a project
	for file, text := range map[string]string{"package.json": "{}", ".npmrc": "registry=http://127.0.0.1:1/\n"} {
		if err := os.WriteFile(filepath.Join(b.Temp, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	delete(environ, "npm_config_registry") // which would go before that
	if err := os.WriteFile(filepath.Join(environ["HOME"], ".npmrc"), []byte("registry="+r.URL+"/\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := wanted("@s/x")
	w.Name = "x"
	tool, err := b.Resolve(t.Context(), w, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir, bins, err := put(t, b, tool)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"x": "node_modules/@s/x/x.js", "flags": "node_modules/@s/x/flags", "plain": "node_modules/@s/x/plain.sh", "out": "node_modules/@s/x/x.js"}
	if !reflect.DeepEqual(bins, want) {
		t.Errorf("programs: %q", bins)
	}
	for program, says := range map[string]string{"x": "hello you\n", "flags": "--no-warnings\n", "plain": "plain\n"} {
		cmd := exec.Command(filepath.Join(dir, "bin", program), "you")
		cmd.Env = []string{"PATH=" + toolstest.Programs(t)}
		if out, err := cmd.CombinedOutput(); string(out) != says {
			t.Errorf("%s: %q, %v", program, out, err)
		}
	}
	for _, path := range []string{"node_modules/dep/ran", "node_modules/@s/x/ran"} {
		if _, err := os.Stat(filepath.Join(dir, path)); err == nil {
			t.Errorf("a script ran: %s", path)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "share/man/man1/x.1")); err != nil {
		t.Error(err)
	}
	// Of a package that is named, and of no other, they do; offline, too.
	r.Fail("", toolstest.Broken)
	tool.Scripts = []string{"dep", "not-there"}
	dir, _, err = put(t, b, tool)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules/dep/ran")); err != nil {
		t.Errorf("the allowed script did not run: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules/@s/x/ran")); err == nil {
		t.Error("another's script ran as well")
	}
}

// A registry that fails is told in words, with what it did.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		suffix string
		fault  toolstest.Fault
		want   string
	}{
		"hangs":     {".tgz", toolstest.Hang, "npm took longer than 3s"},
		"breaks":    {".tgz", toolstest.Broken, "500 Internal Server Error"},
		"truncated": {".tgz", toolstest.Truncate, "install x 1.0.0 from npm: "},
		"tampered":  {".tgz", toolstest.Tamper, "EINTEGRITY"},
		"no lookup": {"/x", toolstest.Broken, "look up x in npm's registry: "},
	} {
		t.Run(name, func(t *testing.T) {
			r := toolstest.NewNPM(t)
			r.Publish(t, old, pkg("x", "1.0.0"), script(hello))
			b := backend(r.Environ(t))
			if c.suffix == "/x" {
				r.Fail(c.suffix, c.fault)
			}
			tool, err := b.Resolve(t.Context(), wanted("x"), nil)
			if err == nil {
				r.Fail(c.suffix, c.fault)
				if c.fault == toolstest.Hang {
					b.Limit = 3 * time.Second
				}
				_, _, err = put(t, b, tool)
			}
			var e *install.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v; want %s", err, c.want)
			}
		})
	}
}

func TestCanceled(t *testing.T) {
	r := toolstest.NewNPM(t)
	r.Publish(t, old, pkg("x", "1.0.0"), script(hello))
	r.Fail("/x", toolstest.Hang)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-r.Asked()
		cancel()
	}()
	if _, err := backend(r.Environ(t)).Resolve(ctx, wanted("x"), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestUnavailable(t *testing.T) {
	b := backend(map[string]string{"PATH": toolstest.Programs(t, "node") + ":relative"})
	var u *install.Unavailable
	if _, err := b.Resolve(t.Context(), wanted("x"), nil); !errors.As(err, &u) || u.Program != "npm" || u.Hint == "" {
		t.Errorf("%v", err)
	}
}

func TestReason(t *testing.T) {
	for text, want := range map[string]string{
		"npm error code E404\nnpm error 404 Not Found - GET http://x/y\nnpm error 404\n":                                                                     "E404: 404 Not Found - GET http://x/y",
		"npm ERR! code EINTEGRITY\nnpm ERR! sha512-a integrity checksum failed\nnpm ERR! A complete log of this run can be found":                            "EINTEGRITY: sha512-a integrity checksum failed",
		"npm error code ENOSPC\nnpm error syscall write\nnpm error errno -28\nnpm error nospc ENOSPC: no space left on device, write\nnpm error nospc again": "nospc ENOSPC: no space left on device, write",
		"something": "",
	} {
		if got, _ := reason("", text); got != want {
			t.Errorf("%q\nwant %q", got, want)
		}
	}
}
