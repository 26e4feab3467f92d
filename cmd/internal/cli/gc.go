package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/render"
	"github.com/hbohlen/devsh/toolchains/store"
)

// day is what --gone-for counts in.
const day = 24 * time.Hour

type gcOptions struct {
	dryRun, json, auto bool
	keep, goneFor      int
}

func (a *app) gcCommand() *cobra.Command {
	var o gcOptions
	cmd := &cobra.Command{
		Use:   "gc [--dry-run] [--keep N] [--gone-for DAYS] [--json]",
		Short: "Remove what nobody needs any more",
		Long: `Remove from devsh's state what nobody needs any more: all that is known of projects that
are gone, but what was allowed; older generations; evaluations that no project refers to, and
with them their roots in nix's store; tools that none of your last 5 sets has; what killed
processes and ended shells left.

What a running shell uses stays, and so does a project whose directory has not been missing
for long, whose root is missing as well, or whose file system is not mounted. devsh does
this by itself, once a day, in the background. Permissions are never removed.`,
		Example: `  devsh gc --dry-run
  devsh gc && nix store gc
  devsh gc --gone-for 0`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.keep < 0 || o.goneFor < 0 {
				return usageHint(fmt.Errorf("--keep and --gone-for take 0 or more"), "it is «devsh gc --keep 4»")
			}
			if o.auto {
				return a.gcAlone(cmd.Context(), o)
			}
			return a.gc(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be removed, and remove nothing")
	f.IntVar(&o.keep, "keep", activation.KeepGenerations, "keep `N` generations of each project beside those in use")
	f.IntVar(&o.goneFor, "gone-for", int(activation.GoneFor/day), "projects whose directory has been missing for `DAYS` are gone")
	f.BoolVar(&o.json, "json", false, "as JSON")
	f.BoolVar(&o.auto, "auto", false, "in the background: say nothing, in nobody's way")
	_ = f.MarkHidden("auto") // it exists: defined above
	return cmd
}

// applier does what a plan says; that of a dry run does nothing.
type applier interface {
	Remove(context.Context, activation.Garbage) (bool, error)
	Mark(context.Context, activation.Missing) error
}

type dryRun struct{}

func (dryRun) Remove(context.Context, activation.Garbage) (bool, error) { return true, nil }
func (dryRun) Mark(context.Context, activation.Missing) error           { return nil }

// gcReport is what `devsh gc --json` prints.
type gcReport struct {
	DryRun  bool        `json:"dry_run"`
	Freed   int64       `json:"freed"` // bytes
	Removed []gcRemoved `json:"removed"`
	Missing []gcMissing `json:"missing"` // projects that are missing and kept
}

type gcRemoved struct {
	Kind    activation.GarbageKind `json:"kind"`
	Path    string                 `json:"path"`
	Project string                 `json:"project,omitempty"`
	Why     string                 `json:"why"`
	Bytes   int64                  `json:"bytes"`
}

type gcMissing struct {
	Project string    `json:"project"`
	Since   time.Time `json:"since"`
	Why     string    `json:"why"`
}

func (a *app) gc(ctx context.Context, o gcOptions) error {
	w, err := a.shellsWorld()
	if err != nil {
		return err
	}
	report, failed, err := a.collect(ctx, w, o)
	if err != nil {
		return err
	}
	if o.json {
		err = writeJSON(a.Stdout, report)
	} else {
		a.showGC(report)
	}
	for _, err := range failed {
		fmt.Fprintf(a.Stderr, "devsh: %s\n", a.tilde(render.VisibleText(err.Error())))
	}
	if err == nil && len(failed) > 0 {
		return silent(exitFailed)
	}
	return err
}

// collect plans and does what was planned. What could not be removed does not
// keep the rest from being.
func (a *app) collect(ctx context.Context, w *world, o gcOptions) (*gcReport, []error, error) {
	c := activation.Collector{
		Store: w.resolver.Store, Roots: w.settings.Roots, Now: a.Now(), Keep: o.keep, GoneFor: day * time.Duration(o.goneFor),
	}
	var do applier = dryRun{}
	if !o.dryRun {
		lock, err := c.Lock(ctx)
		if err != nil {
			return nil, nil, err
		}
		defer lock.Close()
		do = c
	}
	plan, err := c.Plan(ctx)
	if err != nil {
		return nil, nil, err
	}
	report := &gcReport{DryRun: o.dryRun, Removed: []gcRemoved{}, Missing: []gcMissing{}}
	var failed []error
	for _, g := range plan.Garbage {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		done, err := do.Remove(ctx, g)
		if err != nil {
			failed = append(failed, err)
		} else if done {
			report.Freed += g.Bytes
			report.Removed = append(report.Removed, gcRemoved{g.Kind, render.Visible(g.Path), render.Visible(g.Project), g.Why, g.Bytes})
		}
	}
	for _, m := range plan.Missing {
		if err := do.Mark(ctx, m); err != nil {
			failed = append(failed, err)
		}
		report.Missing = append(report.Missing, gcMissing{render.Visible(m.Project), m.Since, render.Visible(m.Why)})
	}
	tools, err := toolGarbage(ctx, w.toolStore(), o.dryRun)
	if err != nil {
		failed = append(failed, err)
	}
	for _, g := range tools {
		report.Freed += g.Bytes
		report.Removed = append(report.Removed, gcRemoved{"tool", render.Visible(g.Path), "", g.Why, g.Bytes})
	}
	if !o.dryRun {
		return report, failed, c.Collected()
	}
	return report, failed, nil
}

// toolGarbage removes, or in a dry run lists, what no kept set of tools needs.
func toolGarbage(ctx context.Context, s store.Store, dryRun bool) (garbage []store.Garbage, err error) {
	if dryRun {
		garbage, err = s.Garbage()
	} else {
		garbage, err = s.Collect(ctx)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // no tools were ever installed
	}
	return garbage, err
}

func (a *app) showGC(r *gcReport) {
	evaluations := false
	for _, g := range r.Removed {
		what := g.Project
		if what == "" {
			what = g.Path
		}
		evaluations = evaluations || g.Kind == activation.Evaluation
		fmt.Fprintf(a.Stdout, "%-10s %9s  %s: %s\n", g.Kind, bytesText(g.Bytes), a.tilde(what), g.Why)
	}
	for _, m := range r.Missing {
		fmt.Fprintf(a.Stderr, "devsh: kept: %s is missing, noticed %s: %s\n", a.tilde(m.Project), m.Since.Format(time.DateOnly), m.Why)
	}
	verb := "removed"
	if r.DryRun {
		verb = "would remove"
	}
	fmt.Fprintf(a.Stderr, "devsh: %s %s, %s\n", verb, things(len(r.Removed)), bytesText(r.Freed))
	if evaluations && !r.DryRun {
		fmt.Fprintln(a.Stderr, "hint: «nix store gc» removes from the store what only they kept")
	}
}

func things(n int) string {
	switch n {
	case 0:
		return "nothing"
	case 1:
		return "1 thing"
	}
	return strconv.Itoa(n) + " things"
}

func bytesText(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	exp := min(int(math.Log10(float64(n))/3), 4)
	return fmt.Sprintf("%.1f %cB", float64(n)/math.Pow(1000, float64(exp)), " kMGT"[exp])
}
