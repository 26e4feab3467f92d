package cli

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hbohlen/devsh/shell/render"
	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/store"
	"github.com/hbohlen/devsh/toolchains/toolset"
)

// setReport is what the commands that change the set of tools print as JSON.
type setReport struct {
	Lock       string            `json:"lock"`
	Profile    string            `json:"profile,omitempty"`
	Bin        string            `json:"bin"`
	Tools      []setTool         `json:"tools"`
	Changes    []setChange       `json:"changes"`
	Collisions []store.Collision `json:"collisions"`
}

type setTool struct {
	Name      string        `json:"name"`
	From      string        `json:"from"`
	Package   string        `json:"package"`
	Version   string        `json:"version"`
	Published *time.Time    `json:"published,omitempty"`
	State     toolset.State `json:"state"`
	Path      string        `json:"path,omitempty"`
	Bins      []string      `json:"bins"`
	Notes     []string      `json:"notes"`
	Error     string        `json:"error,omitempty"`
	Hint      string        `json:"hint,omitempty"`
	// Kept says that what was there before stays in use, though this failed.
	Kept bool `json:"kept,omitempty"`
}

type setChange struct {
	Name string `json:"name"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

func newSetReport(t *tools, r *toolset.Result) *setReport {
	report := &setReport{
		Lock: t.LockPath, Profile: r.Profile.Dir, Bin: t.In.Bin(),
		Tools: []setTool{}, Changes: []setChange{}, Collisions: r.Profile.Collisions,
	}
	if report.Collisions == nil {
		report.Collisions = []store.Collision{}
	}
	for _, o := range r.Outcomes {
		s := setTool{
			Name: o.Tool.Name, From: o.Tool.From, Package: o.Tool.Package, Version: strings.TrimPrefix(o.Tool.Version, "v"), State: o.State,
			Path: o.Entry.Dir, Bins: slices.Sorted(maps.Keys(o.Entry.Bins)), Notes: o.Entry.Notes, Kept: o.Kept,
		}
		if !o.Tool.Published.IsZero() {
			s.Published = &o.Tool.Published
		}
		if s.Bins == nil {
			s.Bins = []string{}
		}
		if s.Notes == nil {
			s.Notes = []string{}
		}
		if o.Err != nil {
			s.Error, s.Hint = render.VisibleText(o.Err.Error()), render.VisibleText(hintFor(o.Err))
		}
		report.Tools = append(report.Tools, s)
	}
	slices.SortFunc(report.Tools, func(a, b setTool) int { return strings.Compare(a.Name, b.Name) })
	for _, c := range r.Changes {
		change := setChange{Name: c.Name}
		if c.Old != nil {
			change.Old = strings.TrimPrefix(c.Old.Version, "v")
		}
		if c.New != nil {
			change.New = strings.TrimPrefix(c.New.Version, "v")
		}
		report.Changes = append(report.Changes, change)
	}
	return report
}

// showSet shows the tools, and what changed of those that are not among them.
func (a *app) showSet(r *setReport) {
	shown := map[string]bool{}
	for _, t := range r.Tools {
		shown[t.Name] = t.Error == ""
		if t.Error == "" {
			what := ""
			if len(t.Bins) > 0 {
				what = ": " + strings.Join(t.Bins, " ")
			}
			fmt.Fprintf(a.Stdout, "%-9s %s %s%s\n", t.State, render.Visible(t.Name), t.Version, render.Visible(what))
		}
	}
	for _, c := range r.Changes {
		switch {
		case c.New == "":
			fmt.Fprintf(a.Stdout, "%-9s %s %s\n", "removed", render.Visible(c.Name), c.Old)
		case c.Old == "" && !shown[c.Name]:
			fmt.Fprintf(a.Stdout, "%-9s %s %s\n", "back", render.Visible(c.Name), c.New)
		case c.Old != "" && c.Old != c.New:
			fmt.Fprintf(a.Stdout, "%-9s %s %s → %s\n", "changed", render.Visible(c.Name), c.Old, c.New)
		}
	}
}

// showSetNotes tells people what they should know beside it.
func (a *app) showSetNotes(t *tools, r *setReport) {
	for _, tool := range r.Tools {
		for _, note := range tool.Notes {
			fmt.Fprintf(a.Stderr, "devsh: %s: %s\n", render.Visible(tool.Name), render.Visible(note))
		}
	}
	for _, c := range r.Collisions {
		fmt.Fprintf(a.Stderr, "devsh: %s\n", render.Visible(c.String()))
	}
	for _, tool := range r.Tools {
		if tool.Error == "" {
			continue
		}
		fmt.Fprintf(a.Stderr, "devsh: %s\n", tool.Error)
		if tool.Kept {
			fmt.Fprintf(a.Stderr, "devsh: %s: what was installed before stays\n", render.Visible(tool.Name))
		}
		if tool.Hint != "" {
			fmt.Fprintf(a.Stderr, "hint: %s\n", tool.Hint)
		}
	}
	fresh := slices.ContainsFunc(r.Tools, func(t setTool) bool { return t.State == toolset.Installed })
	if fresh && t.project == nil && !slices.Contains(filepath.SplitList(t.path), r.Bin) {
		fmt.Fprintf(a.Stderr, "hint: they are on PATH below your roots; to have them elsewhere, too: «fish_add_path --path %s»\n", render.QuoteFish(r.Bin))
	}
}

// toolsHint says what to type next about errors of the tools, "" if nothing is
// known.
func toolsHint(err error) string {
	if e, ok := errors.AsType[*install.Error](err); ok {
		return e.Hint
	}
	if e, ok := errors.AsType[*install.Unavailable](err); ok {
		return e.Hint
	}
	if e, ok := errors.AsType[*store.Unfit](err); ok {
		return e.Hint
	}
	if e, ok := errors.AsType[*toolset.NotLocked](err); ok {
		return fmt.Sprintf("«devsh tools install %s» chooses a version, without --locked", e.Tool)
	}
	if e, ok := errors.AsType[*toolset.Unknown](err); ok {
		if near := didYouMean(e.Name, e.Known, ""); near != "" {
			return near
		}
		if e.In == toolset.InSet {
			return "«devsh tools install» shows it, and has what is missing of it"
		}
		return "«npm:PACKAGE», or go:, uv:, nix: and cargo:, name what the catalogue does not know"
	}
	if hint := prefixHint(err); hint != "" {
		return hint
	}
	if errors.Is(err, store.ErrNotOwned) {
		return "devsh keeps to the user whose files these are; nobody else may write there"
	}
	return ""
}
