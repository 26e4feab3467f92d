package nix

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// Default is the nixpkgs that is asked: that of the user's flake registry.
const Default = "nixpkgs"

// Backend installs by nix. Use one by its pointer.
type Backend struct {
	install.Host
	// Nixpkgs is the flake that new versions come from, "" for [Default].
	Nixpkgs string

	system install.Once[string]
}

// Available reports whether there is a nix.
func (b *Backend) Available(context.Context) error {
	return b.Need("install Nix (https://nixos.org/download)", "nix")
}

// about returns nix's name of this kind of machine, which is asked once.
func (b *Backend) about(ctx context.Context) (string, error) {
	if err := b.Available(ctx); err != nil {
		return "", err
	}
	return b.system.Get(func() (string, error) {
		doing := "ask nix for the kind of machine"
		var system string
		if err := b.json(ctx, doing, &system, "eval", "--json", "--impure", "--expr", "builtins.currentSystem"); err != nil {
			return "", err
		}
		return system, nil
	})
}

// Bind binds to the kind of machine, and to the store.
func (b *Backend) Bind(ctx context.Context, _ lockfile.Tool) (install.Binding, error) {
	system, err := b.about(ctx)
	if err != nil {
		return install.Binding{}, err
	}
	return install.Binding{Bound: []string{system, "store " + b.store()}}, nil
}

// store is the directory of nix's store.
func (b *Backend) store() string {
	if dir := b.Environ["NIX_STORE_DIR"]; dir != "" {
		return strings.TrimRight(dir, "/")
	}
	return "/nix/store"
}

// kept are nix's own settings that say which nix, store and caches are used.
// NIX_PATH and what would change an evaluation is not among them.
var kept = []string{
	"NIX_REMOTE", "NIX_STORE_DIR", "NIX_STATE_DIR", "NIX_LOG_DIR", "NIX_CONF_DIR", "NIX_USER_CONF_FILES", "NIX_CONFIG", "NIX_DAEMON_SOCKET_PATH",
	"NIX_SSHOPTS", "NETRC", "GIT_SSH", "GIT_SSH_COMMAND",
}

// options are given to every nix: what the flake says of nix's own settings has
// no say, and a cache that cannot be reached costs little.
var options = []string{
	"--extra-experimental-features", "nix-command flakes", "--option", "accept-flake-config", "false", "--option", "warn-dirty", "false",
	"--option", "download-attempts", "2", "--option", "connect-timeout", "5",
}

// json runs nix and reads what it prints.
func (b *Backend) json(ctx context.Context, doing string, into any, args ...string) error {
	out, err := install.Command{
		Doing: doing, Path: b.Find("nix"), Args: slices.Concat(args[:1], options, args[1:]), Dir: "/", Limit: b.Limit, Reason: reason,
		Env: b.Keep(func(name string) bool { return slices.Contains(kept, name) }, map[string]string{"GIT_TERMINAL_PROMPT": "0"}),
	}.Run(ctx)
	if err != nil {
		return err
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(out, into); err != nil {
		return &install.Error{Doing: doing, Reason: "nix's answer is no JSON that is known", Err: err}
	}
	return nil
}

// reason finds what nix says is wrong: the last of its errors, behind which there
// are only ways to say it again.
func reason(_, stderr string) (string, string) {
	var found string
	for line := range strings.SplitSeq(stderr, "\n") {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "error: "); ok && strings.TrimSpace(rest) != "" {
			found = strings.TrimSpace(rest)
		}
	}
	return found, install.HintFor(stderr, "nix's store",
		install.Hint{Word: "NAR hash mismatch", Hint: install.Beware}, install.Hint{Word: "hash mismatch", Hint: install.Beware},
		install.Hint{Word: "does not provide attribute", Hint: "is the name right? «nix search nixpkgs NAME» looks for it"},
		install.Hint{Word: "cannot find flake", Hint: "name a nixpkgs in config.toml: [tools] nixpkgs = \"github:NixOS/nixpkgs/nixos-unstable\""},
		install.Hint{Word: "unfree license", Hint: "devsh evaluates without your nixpkgs settings: install it by your own flake or system"},
		install.Hint{Word: "unable to download", Hint: "offline, what is in nix's store can be installed from the lock: «devsh tools install --locked»"})
}

// named is the reference of a locked nixpkgs with its hash, so that nix takes
// no other, and need not ask for one that it has.
func named(flake, hash, attr string) string {
	sep := "?"
	if strings.Contains(flake, "?") {
		sep = "&"
	}
	return fmt.Sprintf("%s%snarHash=%s#%s", flake, sep, strings.NewReplacer("+", "%2B", "/", "%2F", "=", "%3D").Replace(hash), attr)
}
