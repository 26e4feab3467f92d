// Package nixtest gives tests a nix of their own: a private store, no network,
// no nixpkgs, and sample shells whose builder is /bin/bash.
//
// It needs a real nix and says so when there is none, instead of letting tests
// pass that tested nothing. It leaves /nix and the user's caches alone. Only
// tests import it.
package nixtest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Bed is a private store and what is around it.
type Bed struct {
	// Dir holds everything; State is a state directory for devsh.
	Dir, State string
	nix        string
}

// searchPath is where the programs of the tests are, nix apart.
const searchPath = "/usr/local/bin:/usr/bin:/bin"

// New makes a test bed that is removed when the test ends. Without nix the
// test fails.
func New(tb testing.TB) *Bed {
	tb.Helper()
	nix, err := exec.LookPath("nix")
	if err != nil {
		tb.Fatal("nix is missing: these tests run the real one (on Debian: apt-get install nix-bin)")
	}
	dir, err := os.MkdirTemp("", "nixtest-")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { remove(tb, dir) })
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		tb.Fatal(err)
	}
	b := &Bed{Dir: dir, State: filepath.Join(dir, "state"), nix: nix}
	for _, sub := range []string{"store", "var", "log", "conf", "home", "cache", "bin", "state"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			tb.Fatal(err)
		}
	}
	registry := filepath.Join(dir, "conf", "registry.json")
	Write(tb, registry, `{"flakes":[],"version":2}`)
	b.Configure(tb, "")
	// The wrapper lets tests count how often nix is run.
	Write(tb, filepath.Join(dir, "bin", "nix"), fmt.Sprintf("#!/bin/bash\necho \"$*\" >>'%s'\nexec '%s' \"$@\"\n", b.log(), nix))
	if err := os.Chmod(filepath.Join(dir, "bin", "nix"), 0o755); err != nil {
		tb.Fatal(err)
	}
	return b
}

// Configure writes nix.conf anew, with more lines at its end.
func (b *Bed) Configure(tb testing.TB, more string) {
	tb.Helper()
	Write(tb, filepath.Join(b.Dir, "conf", "nix.conf"), fmt.Sprintf(
		"sandbox = false\nsubstituters =\nbuild-users-group =\nflake-registry = %s\n%s\n",
		filepath.Join(b.Dir, "conf", "registry.json"), more))
}

// Env returns the environment in which nix uses the private store.
func (b *Bed) Env() []string {
	in := func(sub string) string { return filepath.Join(b.Dir, sub) }
	return []string{
		"PATH=" + in("bin") + ":" + searchPath,
		"HOME=" + in("home"), "USER=tester", "LOGNAME=tester", "LANG=C.UTF-8", "XDG_CACHE_HOME=" + in("cache"),
		"NIX_STORE_DIR=" + in("store"), "NIX_STATE_DIR=" + in("var"), "NIX_LOG_DIR=" + in("log"),
		"NIX_CONF_DIR=" + in("conf"), "NIX_REMOTE=local",
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
	}
}

func (b *Bed) log() string { return filepath.Join(b.Dir, "nix-runs") }

// Runs returns the command lines of nix so far, without those of [Bed.Nix].
func (b *Bed) Runs(tb testing.TB) []string {
	tb.Helper()
	data, err := os.ReadFile(b.log())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		tb.Fatal(err)
	}
	return strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' })
}

// Nix runs nix in dir, uncounted, and returns its standard output.
func (b *Bed) Nix(tb testing.TB, dir string, args ...string) string {
	tb.Helper()
	return b.run(tb, dir, b.nix, append([]string{"--extra-experimental-features", "nix-command flakes"}, args...)...)
}

// Git makes dir a git repository in which the files are tracked.
func (b *Bed) Git(tb testing.TB, dir string, files ...string) {
	tb.Helper()
	b.run(tb, dir, "git", "init", "-q")
	if len(files) > 0 {
		b.run(tb, dir, "git", append([]string{"add", "--"}, files...)...)
	}
}

func (b *Bed) run(tb testing.TB, dir, program string, args ...string) string {
	tb.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = dir, b.Env()
	out, err := cmd.Output()
	if err != nil {
		detail := ""
		if exit, ok := err.(*exec.ExitError); ok {
			detail = string(exit.Stderr)
		}
		tb.Fatalf("%s %q in %q: %v\n%s", program, args, dir, err, detail)
	}
	return string(out)
}

// Write writes a file and the directories above it.
func Write(tb testing.TB, name, text string) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		tb.Fatal(err)
	}
}

// remove removes a tree in which store paths are read-only.
func remove(tb testing.TB, dir string) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	if err := os.RemoveAll(dir); err != nil {
		tb.Error(err)
	}
}
