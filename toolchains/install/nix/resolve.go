package nix

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// flake is what nix says of a flake, locked.
type flake struct {
	URL          string
	LastModified int64
	Locked       struct{ NarHash string }
}

// attribute is what a package says of itself.
type attribute struct{ Version, Drv string }

// ask makes a package say its version; that its derivation can be named shows
// that it may be built here.
const ask = `p: { version = p.version or (builtins.parseDrvName (p.name or "")).version; drv = builtins.unsafeDiscardStringContext p.drvPath; }`

// Resolve takes the version that the nixpkgs of this moment has.
func (b *Backend) Resolve(ctx context.Context, w install.Wanted, p install.Progress) (lockfile.Tool, error) {
	p.Tell(install.Resolving)
	if err := lockfile.CheckPackage(lockfile.Nix, w.Package); err != nil {
		return lockfile.Tool{}, err
	}
	if err := b.Available(ctx); err != nil {
		return lockfile.Tool{}, err
	}
	ref := b.Nixpkgs
	if ref == "" {
		ref = Default
	}
	var f flake
	if err := b.json(ctx, "look up "+ref, &f, "flake", "metadata", "--json", "--no-write-lock-file", "--", ref); err != nil {
		return lockfile.Tool{}, err
	}
	tool := lockfile.Tool{
		Name: w.Name, From: lockfile.Nix, Package: w.Package, Want: w.Want, Flake: plain(f.URL), Hash: f.Locked.NarHash,
	}
	if f.LastModified > 0 { // not known of an archive from somewhere
		tool.Published = time.Unix(f.LastModified, 0).UTC()
	}
	if f.Locked.NarHash == "" {
		return tool, &install.Error{Doing: "look up " + ref, Reason: "nix cannot lock it, so nothing would prove what it is"}
	}
	p.Tell(install.Locking)
	var a attribute
	doing := fmt.Sprintf("look up %s in %s", w.Package, ref)
	if err := b.json(ctx, doing, &a, "eval", "--json", "--no-write-lock-file", "--apply", ask, "--", named(tool.Flake, tool.Hash, w.Package)); err != nil {
		return tool, err
	}
	tool.Version = a.Version
	switch {
	case a.Version == "":
		return tool, &install.Error{Doing: doing, Reason: "it has no version"}
	case w.Allows != nil && !w.Allows(a.Version):
		return tool, w.None(ref, []string{fmt.Sprintf("it has %s, and %s was asked for", a.Version, w.Want)})
	case w.Young(tool.Published):
		return tool, w.None(ref, []string{"the nixpkgs with " + w.TooYoung(a.Version, tool.Published)})
	}
	return tool, nil
}

// plain is a reference without the hash, which the lock says by itself.
func plain(url string) string {
	base, query, _ := strings.Cut(url, "?")
	var rest []string
	for part := range strings.SplitSeq(query, "&") {
		if part != "" && !strings.HasPrefix(part, "narHash=") {
			rest = append(rest, part)
		}
	}
	if len(rest) == 0 {
		return base
	}
	return base + "?" + strings.Join(rest, "&")
}
