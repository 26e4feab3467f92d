package cargo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// maxTried is how many versions are looked at.
const maxTried = 20

// Resolve chooses the newest version that is old enough, that this Rust builds,
// and that says what it is built of.
func (b *Backend) Resolve(ctx context.Context, w install.Wanted, p install.Progress) (lockfile.Tool, error) {
	p.Tell(install.Resolving)
	if err := lockfile.CheckPackage(lockfile.Cargo, w.Package); err != nil {
		return lockfile.Tool{}, err
	}
	r, err := b.about(ctx)
	if err != nil {
		return lockfile.Tool{}, err
	}
	versions, reasons := strings.ReplaceAll(w.Want, " ", ""), []string{}
	for range maxTried {
		c, why, err := b.try(ctx, w, r, versions, p)
		switch {
		case errors.Is(err, errNone):
			return lockfile.Tool{}, w.None("cargo's registry", reasons)
		case err != nil:
			return lockfile.Tool{}, err
		case why == "":
			return lockfile.Tool{
				Name: w.Name, From: lockfile.Cargo, Package: w.Package, Want: w.Want, Version: c.Version, Hash: c.Hash,
				Published: c.Published.UTC().Truncate(time.Second), Scripts: w.Scripts,
			}, nil
		}
		reasons = append(reasons, why)
		versions = strings.TrimPrefix(w.Want+",<"+c.Version, ",")
	}
	return lockfile.Tool{}, w.None("cargo's registry", reasons)
}

// errNone says that no version is within what is asked for.
var errNone = errors.New("there is no such version")

// try has cargo choose the newest version within others, and says what is against it.
func (b *Backend) try(ctx context.Context, w install.Wanted, r rust, versions string, p install.Progress) (c choice, why string, err error) {
	if versions == "" {
		versions = "*"
	}
	dir, remove, err := b.Scratch(map[string]string{"Cargo.toml": manifest(w.Package, versions, r.Version), "lib.rs": ""})
	if err != nil {
		return c, "", err
	}
	defer remove()
	if _, err := b.command(fmt.Sprintf("look up %s in cargo's registry", w.Package), dir, "generate-lockfile").Run(ctx); err != nil {
		if e, ok := errors.AsType[*install.Error](err); ok && strings.Contains(e.Reason, "failed to select a version") {
			return c, "", errNone
		}
		return c, "", err
	}
	if c, err = chosen(dir, w.Package); err != nil {
		return c, "", err
	}
	b.ask(&c, w.Package)
	switch {
	case w.Young(c.Published):
		return c, w.TooYoung(c.Version, c.Published), nil
	case c.Rust != "" && install.Compare(full(c.Rust), r.Version) > 0:
		return c, fmt.Sprintf("%s needs Rust %s, and this is %s", c.Version, c.Rust, r.Version), nil
	}
	p.Tell(install.Locking)
	a, err := b.fetch(ctx, w.Package, c.Version, c.Hash)
	if err == nil && !a.has("Cargo.lock") {
		why = c.Version + " was published without a Cargo.lock, so nothing says what it is built of"
	}
	return c, why, err
}

// full is a version with all three parts: Rust's may have two.
func full(version string) string {
	for strings.Count(version, ".") < 2 {
		version += ".0"
	}
	return version
}

// fetch has cargo download the archive of a crate, unless it is in its cache, and
// takes nothing but what has the hash.
func (b *Backend) fetch(ctx context.Context, crate, version, hash string) (archive, error) {
	doing := fmt.Sprintf("download %s %s by cargo", crate, version)
	data, err := b.archive(crate, version, hash)
	if errors.Is(err, fs.ErrNotExist) {
		r, rerr := b.about(ctx)
		if rerr != nil {
			return nil, rerr
		}
		dir, remove, serr := b.Scratch(map[string]string{
			"Cargo.toml": manifest(crate, "="+version, r.Version), "lib.rs": "", "Cargo.lock": lockOf(crate, version, hash),
		})
		if serr != nil {
			return nil, serr
		}
		defer remove()
		if _, err := b.command(doing, dir, "fetch", "--target="+r.Host).Run(ctx); err != nil {
			return nil, err
		}
		data, err = b.archive(crate, version, hash)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &install.Error{Doing: doing, Err: err, Reason: "cargo has no archive of it with the SHA-256 " + hash, Hint: install.Beware}
	}
	if err != nil {
		return nil, err
	}
	a, err := unpack(data)
	if err != nil {
		return nil, &install.Error{Doing: doing, Err: err}
	}
	return a, nil
}
