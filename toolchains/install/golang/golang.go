package golang

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// Backend installs by go. Use one by its pointer.
type Backend struct {
	// Environ is the user's environment, without any project's.
	Environ map[string]string
	// Limit bounds each run of go.
	Limit time.Duration
	// Temp is where directories are made for a while, "" for the system's.
	Temp string

	mu     sync.Mutex
	golang *golang // nil before it was asked
}

// golang is what go says of itself.
type golang struct {
	Version string `json:"GOVERSION"`
	OS      string `json:"GOOS"`
	Arch    string `json:"GOARCH"`
	Flags   string `json:"GOFLAGS"`
	Cache   string `json:"GOMODCACHE"`
}

// Available reports whether there is a go.
func (b *Backend) Available(context.Context) error {
	if install.LookPath(b.Environ["PATH"], "go") == "" {
		return &install.Unavailable{Program: "go", Hint: "install Go (go.dev/dl), by your system or nixpkgs (go)"}
	}
	return nil
}

// about returns go, which is asked once.
func (b *Backend) about(ctx context.Context) (*golang, error) {
	if err := b.Available(ctx); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.golang != nil {
		return b.golang, nil
	}
	out, err := b.command("ask go for its version", "/", "env", "-json", "GOVERSION", "GOOS", "GOARCH", "GOFLAGS", "GOMODCACHE").Run(ctx)
	if err != nil {
		return nil, err
	}
	var g golang
	if err := json.Unmarshal(out, &g); err != nil || g.Version == "" {
		return nil, &install.Error{Doing: "ask go for its version", Reason: fmt.Sprintf("it says %.80q", out)}
	}
	b.golang = &g
	return b.golang, nil
}

// Bind binds to the version of Go: a language server knows the language of the
// Go that it was built with.
func (b *Backend) Bind(ctx context.Context, _ lockfile.Tool) (install.Binding, error) {
	g, err := b.about(ctx)
	if err != nil {
		return install.Binding{}, err
	}
	return install.Binding{Bound: []string{g.Version, g.OS + "-" + g.Arch}}, nil
}

// kept are Go's own settings that say where modules come from and lie.
var kept = []string{
	"GOPROXY", "GOSUMDB", "GONOSUMDB", "GONOSUMCHECK", "GONOPROXY", "GOPRIVATE", "GOINSECURE", "GOVCS", "GOAUTH", "NETRC",
	"GOPATH", "GOMODCACHE", "GOCACHE", "GOENV", "GOTMPDIR", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_TERMINAL_PROMPT",
}

func (b *Backend) environ() map[string]string {
	env := install.Scrub(b.Environ, func(name string) bool { return slices.Contains(kept, name) })
	env["GOTOOLCHAIN"], env["GOWORK"], env["CGO_ENABLED"], env["GO111MODULE"] = "local", "off", "0", "on"
	env["GIT_TERMINAL_PROMPT"] = "0"
	return env
}

func (b *Backend) command(doing, dir string, args ...string) install.Command {
	return install.Command{
		Doing: doing, Path: install.LookPath(b.Environ["PATH"], "go"), Args: args, Dir: dir,
		Env: b.environ(), Limit: b.Limit, Reason: reason,
	}
}

// run runs go, with GOFLAGS that change nothing of what is built. Of the user's
// own that stays by which the module cache can be removed.
func (b *Backend) run(ctx context.Context, c install.Command) ([]byte, error) {
	g, err := b.about(ctx)
	if err != nil {
		return nil, err
	}
	flags := "-trimpath -buildvcs=false"
	if slices.Contains(strings.Fields(g.Flags), "-modcacherw") {
		flags += " -modcacherw"
	}
	c.Env["GOFLAGS"] = flags
	return c.Run(ctx)
}

// scratch is a directory in which go asks nobody's module.
func (b *Backend) scratch() (string, error) {
	dir, err := os.MkdirTemp(b.Temp, install.Scratch)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module scratch\n\ngo 1.21\n"), 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("make a directory for go: %w", err)
	}
	return dir, nil
}

// reason finds what go says is wrong.
func reason(_, stderr string) (string, string) {
	for line := range strings.SplitSeq(stderr, "\n") {
		text := strings.TrimSpace(strings.TrimPrefix(line, "go: "))
		if text == "" || strings.HasPrefix(text, "downloading ") || strings.HasPrefix(text, "#") || strings.HasSuffix(text, ":") {
			continue
		}
		return text, hint(stderr)
	}
	return "", hint(stderr)
}

// hint says what to do about what go wrote.
func hint(stderr string) string {
	for _, h := range []struct{ word, hint string }{
		{"checksum mismatch", "what was downloaded is not what everybody else has: find out why before anything else"},
		{"SECURITY ERROR", "what was downloaded is not what everybody else has: find out why before anything else"},
		{"no space left", "make room, and try again"},
		{"file too large", "make room, and try again"},
		{"dial tcp", "offline, what is in Go's module cache can be installed from the lock: «devsh tools install --locked»"},
		{"no such host", "offline, what is in Go's module cache can be installed from the lock: «devsh tools install --locked»"},
		{"404 Not Found", "is the path right? It is that of the program, as «go install» takes it"},
	} {
		if strings.Contains(stderr, h.word) {
			return h.hint
		}
	}
	return ""
}
