package toolset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/hbohlen/devsh/toolchains/lockfile"
	"github.com/hbohlen/devsh/toolchains/store"
)

// Keeper knows what of the paths that tools refer to somebody else would collect,
// and keeps it: nix does, with what is in its store.
type Keeper interface {
	// Held are those of the paths that would be collected.
	Held(paths []string) []string
	// Hold keeps them as long as the links are there that it makes, whose names
	// begin with link.
	Hold(ctx context.Context, paths []string, link string) error
}

// hold keeps what a tool in staging leads to and needs. Where that cannot be done,
// the tool may be used until somebody collects, and people are told; a tool that
// is nothing but links there is not taken.
func (s *Set) hold(ctx context.Context, tool lockfile.Tool, staging, final string, needs []string, built *store.Built) error {
	if s.Keeper == nil {
		return nil
	}
	paths, err := store.References(staging)
	if err != nil {
		return err
	}
	held := s.Keeper.Held(slices.Concat(paths, needs))
	if len(held) == 0 {
		return nil
	}
	dir := s.Store.Roots(final)
	err = errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700)) // the entry's lock is held
	if err == nil {
		err = s.Keeper.Hold(ctx, held, filepath.Join(dir, "root"))
	}
	switch {
	case err == nil:
		built.Roots = held
	case ctx.Err() != nil || tool.From == lockfile.Nix:
		return err
	default:
		built.Notes = append(built.Notes, fmt.Sprintf("it works until nix collects what it needs: %v", err))
	}
	return nil
}
