package fishtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/env"
)

// Bed is a scratch home for one test, with devsh in PATH and nothing of the
// caller's environment.
type Bed struct {
	Tmp  string // holds everything below, and what the harness writes
	Home string
	Dev  string // Home/dev, the default root

	t    testing.TB
	bin  string // the devsh binary
	fish string
	more env.Env // see AddEnv
}

// NewBed makes a scratch home that uses the devsh binary bin.
func NewBed(t testing.TB, bin string) *Bed {
	t.Helper()
	fish, err := FindFish()
	if err != nil {
		t.Fatal(err)
	}
	// Not t.TempDir: its name holds the test's, and paths get long.
	tmp, err := os.MkdirTemp("", "fishtest")
	if err != nil {
		t.Fatal(err)
	}
	if tmp, err = filepath.EvalSymlinks(tmp); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(tmp); err != nil {
			t.Error(err)
		}
	})
	b := &Bed{Tmp: tmp, Home: filepath.Join(tmp, "home"), t: t, bin: bin, fish: fish}
	b.Dev = filepath.Join(b.Home, "dev")
	for _, dir := range []string{b.Home, b.Dev, filepath.Join(tmp, "bin")} {
		b.mkdir(dir, 0o755)
	}
	for _, dir := range []string{"config", "state", "data", "cache", "run"} {
		b.mkdir(filepath.Join(b.Home, dir), 0o700)
	}
	// Where these are missing, fish starts to read all manual pages, in a
	// process of its own, for a minute and more.
	b.mkdir(filepath.Join(b.Home, "data/fish/generated_completions"), 0o700)
	b.mkdir(filepath.Join(b.Home, "cache/fish/generated_completions"), 0o700)
	if err := os.Symlink(bin, filepath.Join(tmp, "bin", "devsh")); err != nil {
		t.Fatal(err)
	}
	b.ConfigFish("", "")
	return b
}

// FindFish returns the fish to test: $DEVSH_TEST_FISH, or the first in PATH.
func FindFish() (string, error) {
	if fish := os.Getenv("DEVSH_TEST_FISH"); fish != "" {
		return fish, nil
	}
	fish, err := exec.LookPath("fish")
	if err != nil {
		return "", fmt.Errorf("no fish to test: %w", err)
	}
	return filepath.Abs(fish)
}

func (b *Bed) mkdir(dir string, mode os.FileMode) {
	b.t.Helper()
	if err := os.MkdirAll(dir, mode); err != nil {
		b.t.Fatal(err)
	}
}

// Env is the environment in which the shells of this bed start.
func (b *Bed) Env() env.Env {
	e := env.Env{
		"HOME":            b.Home,
		"XDG_CONFIG_HOME": filepath.Join(b.Home, "config"),
		"XDG_STATE_HOME":  filepath.Join(b.Home, "state"),
		"XDG_DATA_HOME":   filepath.Join(b.Home, "data"),
		"XDG_CACHE_HOME":  filepath.Join(b.Home, "cache"),
		"XDG_RUNTIME_DIR": filepath.Join(b.Home, "run"),
		"PATH":            filepath.Join(b.Tmp, "bin") + ":/usr/bin:/bin",
		"TERM":            "xterm-256color",
		"LANG":            "C.UTF-8",
		"SHELL":           b.fish,
		"USER":            "tester",
	}
	maps.Copy(e, b.more)
	return e
}

// AddEnv adds to the environment of all that is started from now on.
func (b *Bed) AddEnv(more env.Env) { b.more = more }

// Write writes a file, with the directories above it. A relative path is
// taken from the home.
func (b *Bed) Write(path, content string) string {
	b.t.Helper()
	if !filepath.IsAbs(path) {
		path = filepath.Join(b.Home, path)
	}
	b.mkdir(filepath.Dir(path), 0o755)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		b.t.Fatal(err)
	}
	return path
}

// ConfigFish writes config.fish: code that comes before the hook, the hook,
// code that comes after it, and the harness.
func (b *Bed) ConfigFish(before, after string) {
	b.t.Helper()
	b.config(before, "devsh hook fish | source", after)
}

// WithoutHook writes a config.fish without the hook: what fish does by itself.
func (b *Bed) WithoutHook() {
	b.t.Helper()
	b.config()
}

func (b *Bed) config(parts ...string) {
	b.t.Helper()
	// Suggestions cost time and change nothing.
	head := "set -g fish_greeting\nset -g fish_autosuggestion_enabled 0"
	b.Write("config/fish/config.fish", strings.Join(append(append([]string{head}, parts...), harness), "\n"))
}

// Project makes a project directory below the root with a devsh.toml, not yet
// allowed, and returns its path.
func (b *Bed) Project(name, devshToml string) string {
	b.t.Helper()
	dir := b.Dev + "/" + name // not Join: the name may be odd
	b.Write(dir+"/devsh.toml", devshToml)
	return dir
}

// Allowed is [Bed.Project] and [Bed.Allow].
func (b *Bed) Allowed(name, devshToml string) string {
	b.t.Helper()
	dir := b.Project(name, devshToml)
	b.Allow(b.t, dir)
	return dir
}

// Allow records that the user trusts the project, in the way open to a caller
// without a terminal: by the digest that status shows.
func (b *Bed) Allow(t testing.TB, dir string) {
	t.Helper()
	if out, code := b.TryAllow(t, dir); code != 0 {
		t.Fatalf("devsh allow: exit code %d\n%s", code, out)
	}
}

// TryAllow is [Bed.Allow] for a project whose files may be wrong: these can be
// allowed too, and the exit code says that they came to nothing.
func (b *Bed) TryAllow(t testing.TB, dir string) (out string, code int) {
	t.Helper()
	var status struct {
		Trust struct{ Digest string }
	}
	out, code = b.TryDevsh(t, "status", "--json", "--dir", dir)
	if code > 1 { // 1 says that it needs a person, and that is why we are here
		t.Fatalf("devsh status: exit code %d: %s", code, out)
	}
	if err := json.NewDecoder(strings.NewReader(out)).Decode(&status); err != nil {
		t.Fatalf("devsh status --json: %v in %q", err, out)
	}
	if status.Trust.Digest == "" {
		t.Fatalf("devsh status --json shows no .trust.digest: %s", out)
	}
	return b.TryDevsh(t, "allow", "--digest", status.Trust.Digest, "--", dir)
}

// Devsh runs devsh in the bed's environment without a terminal and returns
// its output. A failure of the command fails the test.
func (b *Bed) Devsh(t testing.TB, args ...string) string {
	t.Helper()
	out, code := b.TryDevsh(t, args...)
	if code != 0 {
		t.Fatalf("devsh %q: exit code %d\n%s", args, code, out)
	}
	return out
}

// TryDevsh is [Bed.Devsh] for commands that may fail; where they do, what they
// said on stderr follows their output.
func (b *Bed) TryDevsh(t testing.TB, args ...string) (out string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Limit())
	defer cancel()
	cmd := exec.CommandContext(ctx, b.bin, args...)
	cmd.Env = b.Env().List()
	cmd.Dir = b.Home
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return stdout.String(), 0
	case errors.As(err, &exit) && ctx.Err() == nil:
		return stdout.String() + stderr.String(), exit.ExitCode()
	}
	t.Fatalf("devsh %q: %v\n%s%s", args, err, stdout.String(), stderr.String())
	return "", 0
}

// slow returns the factor on time limits that the environment asks for.
func slow() float64 {
	f, err := strconv.ParseFloat(os.Getenv("DEVSH_TEST_SLOW"), 64)
	if err != nil || f <= 0 {
		return 1
	}
	return f
}

// Limit returns how long anything in a test may take before it counts as hung.
func Limit() time.Duration { return time.Duration(20 * slow() * float64(time.Second)) }
