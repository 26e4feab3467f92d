package toolstest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Network skips a test that needs a registry where that is out of reach, and
// fails it where DEVSH_REQUIRE_NETWORK is set.
func Network(t testing.TB, ask ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, ask[0], ask[1:]...)
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil:
	case os.Getenv("DEVSH_REQUIRE_NETWORK") != "":
		t.Fatalf("out of reach: %q: %v\n%s", ask, err, out)
	default:
		t.Skipf("out of reach: %q: %v", ask, err)
	}
}

// NPM needs npm's registry.
func NPM(t testing.TB) {
	t.Helper()
	Network(t, "npm", "view", "prettier", "version")
}

// GoProxy needs Go's proxy.
func GoProxy(t testing.TB) {
	t.Helper()
	Network(t, "go", "list", "-m", "mvdan.cc/gofumpt@latest")
}

// Rust needs a cargo that can use a registry on loopback.
func Rust(t testing.TB) {
	t.Helper()
	Network(t, "sh", "-c", "cargo info --help && rustc -vV")
}

// Environ is an environment in which programs find nothing of the user's but
// what is on PATH, for tests that use the registries below.
func Environ(t testing.TB) map[string]string {
	t.Helper()
	return map[string]string{"PATH": os.Getenv("PATH"), "HOME": t.TempDir()}
}

// User is the environment of the user, for tests that use the real registries.
func User(t testing.TB) map[string]string {
	t.Helper()
	env := map[string]string{}
	for _, kv := range os.Environ() {
		for i := range kv {
			if kv[i] == '=' {
				env[kv[:i]] = kv[i+1:]
				break
			}
		}
	}
	return env
}

// Programs makes a directory with links to programs: a PATH with nothing else.
func Programs(t testing.TB, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err == nil {
			err = os.Symlink(path, filepath.Join(dir, name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
