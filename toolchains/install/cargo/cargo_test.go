package cargo

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
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

func hello(version string) toolstest.Crate {
	return toolstest.Crate{Name: "hello", Version: version, Files: map[string]string{"src/main.rs": "fn main() { println!(\"hello " + version + "\"); }\n"}}
}

func backend(t *testing.T, environ map[string]string) *Backend {
	return &Backend{Host: install.Host{Environ: environ, Limit: 2 * time.Minute, Temp: t.TempDir()}}
}

func wanted() install.Wanted {
	return install.Wanted{Name: "hello", Package: "hello", MinAge: 24 * time.Hour, Now: now}
}

// registry has versions of hello, each with something about it.
func registry(t *testing.T) *toolstest.CargoRegistry {
	toolstest.Rust(t)
	r := toolstest.NewCargo(t)
	r.Publish(t, old, hello("1.0.0"))
	r.Publish(t, old, hello("1.1.0"))
	unlocked, newer, hidden := hello("1.2.0"), hello("1.3.0"), hello("2.0.0")
	unlocked.Unlocked, newer.Rust, hidden.Hidden = true, "1.999", true
	r.Publish(t, old, unlocked)
	r.Publish(t, old, newer)
	r.Publish(t, now.Add(-time.Hour), hello("1.4.0"))
	r.Publish(t, old, hello("1.5.0-rc.1"))
	r.Publish(t, old, hidden)
	return r
}

// put installs into a directory, and returns it with the programs.
func put(t *testing.T, b *Backend, tool lockfile.Tool) (dir string, bins map[string]string, err error) {
	t.Helper()
	dir = t.TempDir()
	bins, err = b.Install(t.Context(), tool, dir, dir, nil)
	return dir, bins, err
}

func TestResolve(t *testing.T) {
	r := registry(t)
	b := backend(t, r.Environ(t))
	for name, c := range map[string]struct {
		change    func(*install.Wanted)
		want, err string
	}{
		"newest that is old enough and locked": {func(w *install.Wanted) { w.Want = "<2" }, "1.1.0", ""},
		"younger, if wanted":                   {func(w *install.Wanted) { w.Want, w.MinAge = ">=1, <2", 0 }, "1.4.0", ""},
		"of unknown age, if wanted":            {func(w *install.Wanted) { w.MinAge = 0 }, "2.0.0", ""},
		"of unknown age":                       {func(w *install.Wanted) { w.Want = "=2.0.0" }, "", "2.0.0: nobody knows how long ago it appeared"},
		"any":                                  {func(*install.Wanted) {}, "1.1.0", ""},
		"a prerelease by name":                 {func(w *install.Wanted) { w.Want = "=1.5.0-rc.1" }, "1.5.0-rc.1", ""},
		"too young":                            {func(w *install.Wanted) { w.Want = "=1.4.0" }, "", "1.4.0 appeared 1 h ago"},
		"needs a newer Rust":                   {func(w *install.Wanted) { w.Want = "=1.3.0" }, "", "1.3.0 needs Rust 1.999, and this is 1."},
		"without a Cargo.lock":                 {func(w *install.Wanted) { w.Want = "=1.2.0" }, "", "1.2.0 was published without a Cargo.lock"},
		"no version":                           {func(w *install.Wanted) { w.Want = ">=7" }, "", "no version is >=7"},
		"no such crate":                        {func(w *install.Wanted) { w.Package = "nothing" }, "", "look up nothing in cargo's registry: no matching package named `nothing` found"},
		"no name":                              {func(w *install.Wanted) { w.Package = "-x" }, "", "is no name of a package"},
	} {
		w := wanted()
		c.change(&w)
		tool, err := b.Resolve(t.Context(), w, nil)
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v; want %s", name, err, c.err)
			}
		case err != nil || tool.Version != c.want || len(tool.Hash) != 64 || tool.Published.IsZero() != (c.want == "2.0.0"):
			t.Errorf("%s: %+v, %v; want %s", name, tool, err, c.want)
		default:
			read, err := lockfile.Parse("f", lockfile.Write(lockfile.Lock{Tools: []lockfile.Tool{tool}}))
			if err != nil || !reflect.DeepEqual(read.Tools[0], tool) {
				t.Errorf("%s: is not read as written: %v\n%#v\n%#v", name, err, read, tool)
			}
		}
	}
}

// What is built is what the lock says; neither the environment nor files of the
// crate or above it have a say.
func TestInstall(t *testing.T) {
	r := registry(t)
	dep := r.Publish(t, old, toolstest.Crate{Name: "dep", Version: "1.0.0", Files: map[string]string{"src/lib.rs": "pub const SAYS: &str = \"dep 1\";\n"}})
	r.Publish(t, old, toolstest.Crate{Name: "dep", Version: "1.9.0", Files: map[string]string{"src/lib.rs": "pub const SAYS: &str = \"dep 1.9\";\n"}})
	evil := "[build]\nrustc-wrapper = \"/nothing\"\n"
	r.Publish(t, old, toolstest.Crate{
		Name: "user", Version: "1.0.0", Needs: map[string]string{"dep": "1"}, Locks: []string{dep},
		Files: map[string]string{"src/main.rs": "fn main() { println!(\"{}\", dep::SAYS); }\n", ".cargo/config.toml": evil, "rust-toolchain": "nothing\n"},
	})
	environ := r.Environ(t)
	environ["RUSTFLAGS"], environ["CARGO_TARGET_DIR"], environ["RUSTC_WRAPPER"] = "--nothing", "/nothing", "/nothing"
	b := backend(t, environ)
	if err := os.WriteFile(filepath.Join(b.Temp, "Cargo.toml"), []byte("[workspace]\nmembers = []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := wanted()
	w.Name, w.Package = "user", "user"
	tool, err := b.Resolve(t.Context(), w, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir, bins, err := put(t, b, tool)
	if err != nil || !reflect.DeepEqual(bins, map[string]string{"user": "bin/user"}) {
		t.Fatalf("%q, %v", bins, err)
	}
	if out, err := exec.Command(filepath.Join(dir, "bin/user")).CombinedOutput(); string(out) != "dep 1\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	if left, err := os.ReadDir(b.Temp); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	// Offline, from the cache.
	r.Fail("", toolstest.Broken)
	if _, _, err := put(t, b, tool); err != nil {
		t.Errorf("offline: %v", err)
	}
	tool.Hash = strings.Repeat("a", 64)
	if _, _, err := put(t, b, tool); err == nil {
		t.Errorf("another hash: %v", err)
	}
	r.Fail("", toolstest.None)
	var e *install.Error
	if _, _, err := put(t, b, tool); !errors.As(err, &e) || e.Hint != install.Beware {
		t.Errorf("another hash, online: %v", err)
	}
}

// Nothing of a crate runs while it is built, unless that was allowed by name.
func TestScripts(t *testing.T) {
	r := registry(t)
	marker := filepath.Join(t.TempDir(), "ran")
	dep := r.Publish(t, old, toolstest.Crate{Name: "dep", Version: "1.0.0", Files: map[string]string{
		"src/lib.rs": "", "build.rs": "fn main() { std::fs::write(\"" + marker + "\", \"\").unwrap(); }\n",
	}})
	r.Publish(t, old, toolstest.Crate{
		Name: "hello", Version: "3.0.0", Needs: map[string]string{"dep": "1"}, Locks: []string{dep}, Files: hello("3.0.0").Files,
	})
	b := backend(t, r.Environ(t))
	w := wanted()
	w.Want = ">=3"
	tool, err := b.Resolve(t.Context(), w, nil)
	if err != nil {
		t.Fatal(err)
	}
	var e *install.Error
	_, _, err = put(t, b, tool)
	if !errors.As(err, &e) || !strings.Contains(e.Reason, "it runs code of dep") || !strings.Contains(e.Hint, "--allow-scripts hello") {
		t.Errorf("%v, %+v", err, e)
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("it ran")
	}
	tool.Scripts = []string{"hello"}
	if _, _, err := put(t, b, tool); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(marker); err != nil {
		t.Error("what was allowed did not run")
	}
}

// A registry that fails is told in words, with what it did; nothing is left.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		suffix string
		fault  toolstest.Fault
		want   string
	}{
		"hangs":          {".crate", toolstest.Hang, "cargo took longer than 3s"},
		"breaks":         {".crate", toolstest.Broken, "500"},
		"truncated":      {".crate", toolstest.Truncate, "download hello 1.1.0 by cargo: "},
		"tampered":       {".crate", toolstest.Tamper, "failed to verify the checksum"},
		"no index":       {"/hello", toolstest.Broken, "look up hello in cargo's registry: "},
		"tampered index": {"/hello", toolstest.Tamper, "changed between lock files"},
	} {
		t.Run(name, func(t *testing.T) {
			r := registry(t)
			tool, err := backend(t, r.Environ(t)).Resolve(t.Context(), wanted(), nil)
			if err != nil {
				t.Fatal(err)
			}
			b := backend(t, r.Environ(t)) // an empty cache
			if _, err := b.about(t.Context()); err != nil {
				t.Fatal(err)
			}
			r.Fail(c.suffix, c.fault)
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
			if left, err := os.ReadDir(b.Temp); err != nil || len(left) != 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestCanceled(t *testing.T) {
	r := registry(t)
	r.Fail("/hello", toolstest.Hang)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for path := range r.Asked() {
			if strings.HasSuffix(path, "/hello") {
				cancel()
				return
			}
		}
	}()
	if _, err := backend(t, r.Environ(t)).Resolve(ctx, wanted(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestUnavailable(t *testing.T) {
	var u *install.Unavailable
	if _, err := backend(t, map[string]string{"PATH": "relative"}).Resolve(t.Context(), wanted(), nil); !errors.As(err, &u) || u.Program != "cargo" || u.Hint == "" {
		t.Errorf("%v", err)
	}
}

// Nothing leads out of a crate, and nothing in it says how to build it.
func TestUnpack(t *testing.T) {
	if _, err := unpack([]byte("no archive")); err == nil {
		t.Error("no archive is taken")
	}
	for name, want := range map[string]string{"x/a": "a", "x/../../a": "leads out", "x//etc/a": "leads out", "x/.cargo/config": "", "x/rust-toolchain.toml": "", "a": ""} {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		w := tar.NewWriter(z)
		if err := errors.Join(w.WriteHeader(&tar.Header{Name: name, Mode: 0o644}), w.Close(), z.Close()); err != nil {
			t.Fatal(err)
		}
		a, err := unpack(b.Bytes())
		switch {
		case want == "leads out":
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil || len(a) > 1 || a.has(want) != (want != ""):
			t.Errorf("%s: %q, %v", name, a, err)
		}
	}
}

func TestReason(t *testing.T) {
	for text, want := range map[string]string{
		"    Updating index\nerror: failed to download\n\nCaused by:\n  failed to get x\n\nCaused by:\n  [28] Timeout was reached\n": "failed to download: [28] Timeout was reached",
		"   Compiling x\nerror[E0425]: cannot find value `y`\n --> src/main.rs\n\nerror: could not compile `x`\n":                    "cannot find value `y`",
		"warning: something": "",
	} {
		if got, _ := reason("", text); got != want {
			t.Errorf("%q\nwant %q", got, want)
		}
	}
}
