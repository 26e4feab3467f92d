package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/filelock"
	"github.com/hbohlen/devsh/toolchains/store"
	"github.com/hbohlen/devsh/toolchains/toolset"
)

// fillPause is how long after one try to install what a project lacks the next
// one comes: where there is no network, entering must not try each time.
const fillPause = 30 * time.Minute

// fillMissing starts in the background what nobody waits for: making the places
// of global installs, and installing what the place lacks, if the user wants that.
func (a *app) fillMissing(w *world, dir string) {
	if !w.settings.Prefixes && w.settings.Missing != activation.MissingInstall {
		return
	}
	e := w.resolver.Known(dir)
	if e == nil {
		return
	}
	prefixes := w.settings.Prefixes && w.readPrefixes().stale()
	if !prefixes && !a.mayFill(w, e) {
		return
	}
	if _, err := store.Open(w.toolStore().Dir); err != nil {
		return // «devsh tools install» says why
	}
	_ = a.detach(a.leave().List(), filepath.Join(w.toolStore().Dir, "log"), "tools", "fill", "--", e.Project.Dir)
}

// mayFill reports whether what an entry lacks is to be installed now.
func (a *app) mayFill(w *world, e *activation.Entry) bool {
	return w.settings.Missing == activation.MissingInstall && len(e.Missing.Tools) > 0 && !a.tried(fillMark(w, e))
}

// tried reports whether the last try is not long ago.
func (a *app) tried(mark string) bool {
	info, err := os.Stat(mark)
	return err == nil && info.Size() > 0 && a.Now().Sub(info.ModTime()) < fillPause
}

// fillMark is a file as old as the last try to install what an entry lacks.
func fillMark(w *world, e *activation.Entry) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %t", e.Missing.Tools, e.Missing.Locked))
	return filepath.Join(w.toolStore().Dir, "tried", hex.EncodeToString(sum[:8]))
}

// toolsFill makes what an environment lacks, and has its shells told.
func (a *app) toolsFill() *cobra.Command {
	return &cobra.Command{
		Use:    "fill -- DIR",
		Short:  "Make what an environment lacks, in the background (called by enter)",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := a.shellsWorld()
			if err != nil {
				return err
			}
			e := w.resolver.Known(args[0])
			if e == nil {
				return nil
			}
			if w.settings.Prefixes {
				err = a.makePrefixes(cmd.Context(), w)
			}
			// It may have been denied meanwhile.
			if now := w.resolver.Known(args[0]); err == nil && now != nil && a.mayFill(w, now) {
				err = a.fill(cmd.Context(), w, now)
			}
			if _, enter := w.resolver.Enter(cmd.Context(), e.Project.Dir, activation.Options{Background: a.starter(), Grace: grace}); err == nil {
				err = enter
			}
			return err
		},
	}
}

func (a *app) fill(ctx context.Context, w *world, e *activation.Entry) error {
	mark := fillMark(w, e)
	if err := os.MkdirAll(filepath.Dir(mark), 0o700); err != nil {
		return fmt.Errorf("install what is missing: %w", err)
	}
	lock, err := filelock.Try(mark)
	if errors.Is(err, filelock.ErrHeld) {
		return nil // another is at it
	}
	if err != nil {
		return fmt.Errorf("install what is missing: %w", err)
	}
	defer lock.Close()
	if a.tried(mark) {
		return nil // by one that was faster
	}
	if _, err := lock.WriteAt([]byte("tried\n"), 0); err != nil {
		return fmt.Errorf("install what is missing: %w", err)
	}
	fmt.Fprintf(a.Stderr, "devsh: %s, %s: installing what it lacks: %s\n", a.Now().Format(time.DateTime), e.Project.Dir, e.Missing)
	return a.installMissing(ctx, w, e)
}

// installMissing installs a project's locked tools, or for the user what was
// chosen for a project.
func (a *app) installMissing(ctx context.Context, w *world, e *activation.Entry) error {
	o, how := toolsOptions{}, toolset.Options{MinAge: toolMinAge}
	if e.Missing.Locked {
		t, err := a.projectTools(w, e.Project.Dir)
		if err != nil {
			return err
		}
		how.Locked = true
		return a.changeSet(ctx, t, o, func() (*toolset.Result, error) { return t.Install(ctx, nil, how) })
	}
	t, err := a.userTools()
	if err != nil {
		return err
	}
	var requests []toolset.Request
	for _, name := range e.Missing.Tools {
		r, err := t.Parse(ctx, t.catalogue, name)
		if err != nil {
			return err
		}
		requests = append(requests, r)
	}
	return a.changeSet(ctx, t, o, func() (*toolset.Result, error) { return t.Install(ctx, requests, how) })
}
