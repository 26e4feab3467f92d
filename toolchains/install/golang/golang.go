package golang

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// Backend installs by go. Use one by its pointer.
type Backend struct {
	install.Host
	golang install.Once[*golang]
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
	return b.Need("install Go (go.dev/dl), by your system or nixpkgs (go)", "go")
}

// about returns go, which is asked once.
func (b *Backend) about(ctx context.Context) (*golang, error) {
	if err := b.Available(ctx); err != nil {
		return nil, err
	}
	return b.golang.Get(func() (*golang, error) {
		out, err := b.command("ask go for its version", "/", "env", "-json", "GOVERSION", "GOOS", "GOARCH", "GOFLAGS", "GOMODCACHE").Run(ctx)
		if err != nil {
			return nil, err
		}
		var g golang
		if err := json.Unmarshal(out, &g); err != nil || g.Version == "" {
			return nil, &install.Error{Doing: "ask go for its version", Reason: fmt.Sprintf("it says %.80q", out)}
		}
		return &g, nil
	})
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
	return b.Keep(func(name string) bool { return slices.Contains(kept, name) }, map[string]string{
		"GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0", "GO111MODULE": "on", "GIT_TERMINAL_PROMPT": "0",
	})
}

func (b *Backend) command(doing, dir string, args ...string) install.Command {
	return install.Command{
		Doing: doing, Path: b.Find("go"), Args: args, Dir: dir,
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
func (b *Backend) scratch() (dir string, remove func(), err error) {
	return b.Scratch(map[string]string{"go.mod": "module scratch\n\ngo 1.21\n"})
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
	return install.HintFor(stderr, "Go's module cache",
		install.Hint{Word: "checksum mismatch", Hint: install.Beware}, install.Hint{Word: "SECURITY ERROR", Hint: install.Beware},
		install.Hint{Word: "404 Not Found", Hint: "is the path right? It is that of the program, as «go install» takes it"})
}
