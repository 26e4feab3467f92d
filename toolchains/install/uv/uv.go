package uv

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// Backend installs by uv. Use one by its pointer.
type Backend struct {
	install.Host
	python install.Once[python]
}

// python is what Python says of itself.
type python struct{ Path, Version, Platform string }

// askPython makes Python say which it is: what lies on PATH may be a shim, or of
// a virtual environment.
const askPython = `import json, platform, sys, sysconfig
print(json.dumps({"Path": getattr(sys, "_base_executable", "") or sys.executable, "Version": platform.python_implementation() + " %d.%d" % sys.version_info[:2], "Platform": sysconfig.get_platform()}))`

// Available reports whether there are uv and Python.
func (b *Backend) Available(context.Context) error {
	if err := b.Need("install uv (https://docs.astral.sh/uv), by your system or nixpkgs (uv)", "uv"); err != nil {
		return err
	}
	return b.Need("install Python 3, by your system or nixpkgs (python3)", "python3")
}

// about returns the Python that is there, which is asked once.
func (b *Backend) about(ctx context.Context) (python, error) {
	if err := b.Available(ctx); err != nil {
		return python{}, err
	}
	return b.python.Get(func() (python, error) {
		c := b.command("ask python3 for its version", "/", "-I", "-c", askPython)
		c.Path, c.Reason = b.Find("python3"), nil
		out, err := c.Run(ctx)
		if err != nil {
			return python{}, err
		}
		var p python
		if err := json.Unmarshal(out, &p); err != nil || !filepath.IsAbs(p.Path) || p.Version == "" {
			return p, &install.Error{Doing: c.Doing, Reason: fmt.Sprintf("it says %.80q", out)}
		}
		return p, nil
	})
}

// Bind binds to the Python that is there, and to its version: modules lie in a
// directory that is named after it, and some are built for it.
func (b *Backend) Bind(ctx context.Context, _ lockfile.Tool) (install.Binding, error) {
	p, err := b.about(ctx)
	if err != nil {
		return install.Binding{}, err
	}
	return install.Binding{Bound: []string{"python " + p.Path, p.Version, p.Platform}, Needs: []string{p.Path}}, nil
}

// kept are uv's own settings that say where packages are and how they are
// reached. All others would change what an installation is.
var kept = []string{
	"UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_INDEX_STRATEGY", "UV_KEYRING_PROVIDER", "UV_INSECURE_HOST",
	"UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_HTTP_TIMEOUT", "UV_HTTP_RETRIES", "UV_CACHE_DIR", "UV_CONFIG_FILE", "UV_OFFLINE", "NETRC",
}

func keeps(name string) bool {
	credentials := strings.HasPrefix(name, "UV_INDEX_") && (strings.HasSuffix(name, "_USERNAME") || strings.HasSuffix(name, "_PASSWORD"))
	return credentials || slices.Contains(kept, name)
}

func (b *Backend) command(doing, dir string, args ...string) install.Command {
	return install.Command{
		Doing: doing, Path: b.Find("uv"), Args: args, Dir: dir, Limit: b.Limit, Reason: reason,
		Env: b.Keep(keeps, map[string]string{"UV_NO_PROGRESS": "1", "NO_COLOR": "1", "UV_PYTHON_DOWNLOADS": "never"}),
	}
}

// cached runs uv with its cache alone, and if that is not enough with the network.
func (b *Backend) cached(ctx context.Context, c install.Command) error {
	offline := c
	offline.Args = slices.Concat(c.Args, []string{"--offline"})
	if _, err := offline.Run(ctx); err == nil || ctx.Err() != nil {
		return err
	}
	_, err := c.Run(ctx)
	return err
}

// scratch is a directory with settings of its own, which are none: uv would look
// for some above.
func (b *Backend) scratch(requirements string) (dir string, remove func(), err error) {
	return b.Scratch(map[string]string{"uv.toml": "", requirementsName: requirements})
}

// reason finds what uv says is wrong: its error, and the innermost cause.
func reason(_, stderr string) (string, string) {
	var first, cause string
	open := false // a text that goes on in the next line
	for line := range strings.SplitSeq(stderr, "\n") {
		text := strings.TrimSpace(line)
		rest, isCause := strings.CutPrefix(text, "╰─▶ ")
		if !isCause {
			rest, isCause = strings.CutPrefix(text, "Caused by: ")
		}
		switch {
		case isCause:
			cause, open = rest, true
		case first == "" && (strings.HasPrefix(text, "× ") || strings.HasPrefix(text, "error: ")):
			_, first, _ = strings.Cut(text, " ")
		case open && text != "" && line != text:
			cause += " " + text
		default:
			open = false
		}
	}
	if cause != "" {
		first = strings.TrimSuffix(first, ":") + ": " + cause
	}
	return first, install.HintFor(stderr, "uv's cache",
		install.Hint{Word: "Hash mismatch", Hint: install.Beware}, install.Hint{Word: "THESE PACKAGES DO NOT MATCH THE HASHES", Hint: install.Beware},
		install.Hint{Word: "not found in the package registry", Hint: "is the name right? https://pypi.org/search looks for it"},
		install.Hint{Word: "usable wheels", Hint: "only wheels are taken: to build a package runs its code"})
}
