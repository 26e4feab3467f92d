package npm

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// Backend installs by npm. Use one by its pointer.
type Backend struct {
	install.Host
	// Loader is what starts most programs that packages bring, "" for the
	// system's: where it is missing, static builds are taken.
	Loader string

	node install.Once[*node]
}

// node is what node says of itself.
type node struct {
	Path, ABI, Version, Platform, Arch string
}

// askNode makes node say which it is: what lies on PATH may be a shim.
const askNode = `process.stdout.write(JSON.stringify({Path: process.execPath, ABI: process.versions.modules, Version: process.versions.node, Platform: process.platform, Arch: process.arch}))`

// Available reports whether there are node and npm.
func (b *Backend) Available(context.Context) error {
	return b.Need("install Node.js with npm, by your system or nixpkgs (nodejs)", "node", "npm")
}

// about returns node, which is asked once.
func (b *Backend) about(ctx context.Context) (*node, error) {
	if err := b.Available(ctx); err != nil {
		return nil, err
	}
	return b.node.Get(func() (*node, error) {
		out, err := install.Command{
			Doing: "ask node for its version", Path: b.Find("node"), Args: []string{"-e", askNode},
			Dir: "/", Env: b.environ(nil), Limit: 30 * time.Second,
		}.Run(ctx)
		if err != nil {
			return nil, err
		}
		var n node
		if err := json.Unmarshal(out, &n); err != nil || !filepath.IsAbs(n.Path) || n.ABI == "" {
			return nil, &install.Error{Doing: "ask node for its version", Reason: fmt.Sprintf("it says %.80q", out)}
		}
		return &n, nil
	})
}

// Bind binds to the node that is there, and to its ABI: addons are built for one.
func (b *Backend) Bind(ctx context.Context, tool lockfile.Tool) (install.Binding, error) {
	n, err := b.about(ctx)
	if err != nil {
		return install.Binding{}, err
	}
	bound := []string{"node " + n.Path, "abi " + n.ABI, n.Platform + "-" + n.Arch}
	if b.static(tool, n) != nil {
		bound = append(bound, "static")
	}
	return install.Binding{Bound: bound, Needs: []string{n.Path}}, nil
}

// static returns the variables that choose the tool's static build, where the
// system has no loader for others: NixOS has one in its place that only says so.
func (b *Backend) static(tool lockfile.Tool, n *node) map[string]string {
	loader := b.Loader
	if loader == "" {
		loader = map[string]string{"x64": "/lib64/ld-linux-x86-64.so.2", "arm64": "/lib/ld-linux-aarch64.so.1"}[n.Arch]
	}
	real, err := filepath.EvalSymlinks(loader)
	if loader == "" || err == nil && !strings.Contains(real, "stub-ld") || len(tool.Static) == 0 {
		return nil
	}
	return tool.Static
}

// fits reports whether node is within what a package asks for.
func (n *node) fits(engines string) bool {
	if engines == "" {
		return true
	}
	c, err := semver.NewConstraint(engines)
	if err != nil {
		return true // npm itself judges once more
	}
	v, err := semver.NewVersion(n.Version)
	return err != nil || c.Check(v)
}

// kept are npm's own settings that may come by the environment: where packages
// are and how they are reached. All others would change what an installation is.
var kept = []string{
	"registry", "cache", "cafile", "ca", "cert", "key", "proxy", "https_proxy", "noproxy", "strict_ssl", "userconfig", "globalconfig", "prefix",
	"fetch_retries", "fetch_retry_factor", "fetch_retry_mintimeout", "fetch_retry_maxtimeout", "fetch_timeout",
	"offline", "prefer_offline", "prefer_online", "maxsockets", "min_release_age", "replace_registry_host", "user_agent",
}

// environ is the environment of npm. The prefix stays, because the global npmrc
// is looked for by it; nothing is installed there.
func (b *Backend) environ(n *node) map[string]string {
	set := map[string]string{}
	if n != nil {
		set["PATH"] = filepath.Dir(n.Path) + ":" + b.Environ["PATH"] // npm and scripts run by the node it is bound to
	}
	return b.Keep(func(name string) bool {
		rest, ok := strings.CutPrefix(strings.ToLower(name), "npm_config_")
		return name == "NODE_EXTRA_CA_CERTS" || ok &&
			(slices.Contains(kept, strings.ReplaceAll(rest, "-", "_")) || strings.HasPrefix(rest, "//") || strings.HasSuffix(rest, ":registry"))
	}, set)
}

// options are given to every npm, over what any npmrc says.
var options = []string{
	"--loglevel=warn", "--no-audit", "--no-fund", "--no-update-notifier", "--no-progress", "--color=false",
	"--global=false", "--workspaces=false", "--dry-run=false", "--engine-strict=true", "--package-lock=true",
	"--include=prod", "--include=optional", "--include=peer", "--install-strategy=hoisted", "--bin-links=true", "--install-links=false",
	"--omit-lockfile-registry-resolved",
}

// run runs npm with arguments in a directory.
func (b *Backend) run(ctx context.Context, doing, dir string, args ...string) ([]byte, error) {
	n, err := b.about(ctx)
	if err != nil {
		return nil, err
	}
	return install.Command{
		Doing: doing, Path: b.Find("npm"), Args: slices.Concat(args, options), Dir: dir,
		Env: b.environ(n), Limit: b.Limit, Reason: reason, Warned: warned,
	}.Run(ctx)
}

// warned finds that files were not written: on a full disk npm leaves them empty,
// warns, and ends well.
func warned(stderr string) (string, string) {
	_, after, found := strings.Cut(stderr, "TAR_ENTRY_ERROR ")
	if !found {
		return "", ""
	}
	line, _, _ := strings.Cut(after, "\n")
	code, _, _ := strings.Cut(line, ":")
	return "not all files could be written: " + line, hints[code]
}

// reason finds what npm says is wrong.
func reason(_, stderr string) (string, string) {
	code, first := "", ""
	for line := range strings.SplitSeq(stderr, "\n") {
		rest, ok := strings.CutPrefix(line, "npm error ")
		if !ok {
			rest, ok = strings.CutPrefix(line, "npm ERR! ")
		}
		rest = strings.TrimSpace(rest)
		word, after, _ := strings.Cut(rest, " ")
		switch {
		case !ok || rest == "" || first != "" || slices.Contains([]string{"errno", "syscall", "path", "dest", "command", "cwd"}, word):
		case word == "code":
			code = after
		case !strings.HasPrefix(rest, "A complete log of this run"):
			first = rest
		}
	}
	if code == "" || strings.Contains(first, code) {
		return first, hints[code]
	}
	return strings.TrimSuffix(code+": "+first, ": "), hints[code]
}

const offline = "offline, what is in npm's cache can be installed from the lock: «devsh tools install --locked»"

// hints say what to do, by npm's codes.
var hints = map[string]string{
	"ENOTFOUND": offline, "EAI_AGAIN": offline, "ECONNREFUSED": offline, "ETIMEDOUT": offline, "ECONNRESET": offline, "ENETUNREACH": offline, "ENOTCACHED": offline,
	"EINTEGRITY": install.Beware,
	"E401":       "the registry wants you to log in: «npm login»",
	"E403":       "the registry does not let you: «npm login»",
	"E404":       "is the name right? «npm view PACKAGE» asks the same registry",
	"ENOSPC":     "make room, and try again",
	"EFBIG":      "make room, and try again",
}
