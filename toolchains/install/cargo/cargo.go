package cargo

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// Backend installs by cargo. Use one by its pointer.
type Backend struct {
	install.Host
	rust install.Once[rust]
}

// rust is what rustc says of itself.
type rust struct{ Version, Host string }

// Available reports whether there are cargo and rustc.
func (b *Backend) Available(context.Context) error {
	return b.Need("install Rust, by rustup (rustup.rs), your system or nixpkgs (cargo rustc)", "cargo", "rustc")
}

// about returns the Rust that is there, which is asked once.
func (b *Backend) about(ctx context.Context) (rust, error) {
	if err := b.Available(ctx); err != nil {
		return rust{}, err
	}
	return b.rust.Get(func() (rust, error) {
		c := b.command("ask rustc for its version", "/", "-vV")
		c.Path = b.Find("rustc")
		out, err := c.Run(ctx)
		if err != nil {
			return rust{}, err
		}
		var r rust
		for line := range strings.SplitSeq(string(out), "\n") {
			key, value, _ := strings.Cut(line, ": ")
			switch key {
			case "release":
				r.Version, _, _ = strings.Cut(value, "-") // of a nightly, that of the release it becomes
			case "host":
				r.Host = value
			}
		}
		if r.Version == "" || r.Host == "" {
			return r, &install.Error{Doing: c.Doing, Reason: fmt.Sprintf("it says %.80q", out)}
		}
		return r, nil
	})
}

// Bind binds to the kind of system: what is built needs no Rust to run.
func (b *Backend) Bind(ctx context.Context, _ lockfile.Tool) (install.Binding, error) {
	r, err := b.about(ctx)
	if err != nil {
		return install.Binding{}, err
	}
	return install.Binding{Bound: []string{r.Host}}, nil
}

// keeps reports whether a variable may have a say: those by which cargo and rustup
// find registries and toolchains. All others would change what is built.
func keeps(name string) bool {
	for _, prefix := range []string{"CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRY_", "CARGO_REGISTRIES_", "CARGO_SOURCE_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return slices.Contains([]string{"CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "RUSTUP_DIST_SERVER", "NETRC", "GIT_SSH", "GIT_SSH_COMMAND"}, name)
}

// home is where cargo keeps what it downloaded.
func (b *Backend) home() string {
	if dir := b.Environ["CARGO_HOME"]; filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(b.Environ["HOME"], ".cargo")
}

func (b *Backend) command(doing, dir string, args ...string) install.Command {
	return install.Command{
		Doing: doing, Path: b.Find("cargo"), Args: args, Dir: dir, Limit: b.Limit, Reason: reason,
		Env: b.Keep(keeps, map[string]string{
			"CARGO_TERM_COLOR": "never", "CARGO_TERM_PROGRESS_WHEN": "never", "CARGO_INCREMENTAL": "0", "GIT_TERMINAL_PROMPT": "0",
			"CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS": "fallback", "RUSTUP_AUTO_INSTALL": "0",
		}),
	}
}

// reason finds what cargo says is wrong: its error, and the innermost cause.
func reason(_, stderr string) (string, string) {
	var first, cause string
	for line := range strings.SplitSeq(stderr, "\n") {
		switch rest, isError := strings.CutPrefix(line, "error"); {
		case first == "" && isError:
			if _, text, ok := strings.Cut(rest, ": "); ok {
				first = strings.TrimSpace(text)
			}
		case first != "" && line == "Caused by:":
			cause = "\n"
		case cause == "\n" && strings.TrimSpace(line) != "":
			cause = strings.TrimSpace(line)
		}
	}
	if cause = strings.TrimSpace(cause); cause != "" {
		first += ": " + cause
	}
	return first, install.HintFor(stderr, "cargo's cache",
		install.Hint{Word: "changed between lock files", Hint: install.Beware}, install.Hint{Word: "failed to verify the checksum", Hint: install.Beware},
		install.Hint{Word: "no matching package", Hint: "is the name right? «cargo info NAME» asks the same registry"})
}
