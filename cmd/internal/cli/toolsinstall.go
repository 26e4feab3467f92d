package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/trust"
	"github.com/hbohlen/devsh/toolchains/lockfile"
	"github.com/hbohlen/devsh/toolchains/toolset"
)

// toolsOptions are those of the commands that change the set of tools.
type toolsOptions struct {
	locked, json, user, project bool
	minAge                      time.Duration
	scripts                     []string
}

func (o *toolsOptions) flags(cmd *cobra.Command, chooses, adds bool) {
	f := cmd.Flags()
	f.BoolVar(&o.json, "json", false, "as JSON")
	f.BoolVar(&o.project, "project", false, "the project's tools, and the devsh.lock beside its devsh.toml")
	if chooses {
		f.DurationVar(&o.minAge, "min-age", toolMinAge, "take no version that appeared less than `TIME` ago")
	}
	if adds {
		f.StringSliceVar(&o.scripts, "allow-scripts", nil, "let code of `PACKAGE` run as it is installed: npm's install scripts, or what a crate is built with (repeatable)")
	}
}

func (a *app) toolsInstall() *cobra.Command {
	var o toolsOptions
	cmd := &cobra.Command{
		Use:   "install [TOOL[@VERSION]...]",
		Short: "Install tools for yourself, or for a project",
		Long: `Install tools of the catalogue, or by «npm:PACKAGE», and go:, uv:, nix: and cargo:, any other,
and have the newest version that is a day old and can run here; «@7» is any 7, «@7.0.2» that
one. Without names, all that the devsh.lock says: the project's, where one stands in one that
has it, else yours.

Where a tool comes from several, the first is taken that can be used: npm, go, uv, nix, cargo;
nix first where programs that were built elsewhere do not start, as on NixOS. «devsh tools ls»
shows it.

They are yours in every project; with --project they are that project's, for all who work on
it, and come before yours in it. Each lies in a directory of its own, which is whole or not
there; install scripts are not run, but those of the packages that you name, and neither is what
a crate would run to be built.`,
		Example: `  devsh tools install gopls prettier typescript@7
  devsh tools install npm:@anthropic-ai/claude-code --allow-scripts @anthropic-ai/claude-code
  devsh tools install --locked      # on another machine, with the same devsh.lock
  devsh tools install --project biome@2`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.install(cmd.Context(), args, o, toolset.Options{Locked: o.locked, MinAge: o.minAge})
		},
		ValidArgsFunction: a.completeTools,
	}
	o.flags(cmd, true, true)
	cmd.Flags().BoolVar(&o.locked, "locked", false, "take what devsh.lock says, and nothing else")
	cmd.Flags().BoolVar(&o.user, "user", false, "your own tools, also without names in a project that has a devsh.lock")
	return cmd
}

func (a *app) toolsLock() *cobra.Command {
	var o toolsOptions
	cmd := &cobra.Command{
		Use:   "lock TOOL[@VERSION]...",
		Short: "Choose versions and write them to devsh.lock, and install nothing",
		Example: `  devsh tools lock gopls prettier && git -C ~/.config/devsh diff devsh.lock
  devsh tools install --locked`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("name the tools")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.install(cmd.Context(), args, o, toolset.Options{Only: true, MinAge: o.minAge})
		},
		ValidArgsFunction: a.completeTools,
	}
	o.flags(cmd, true, true)
	return cmd
}

// install installs, or locks, what is named.
func (a *app) install(ctx context.Context, args []string, o toolsOptions, how toolset.Options) error {
	if o.user && o.project {
		return usage(errors.New("--user and --project exclude each other"))
	}
	if len(args) == 0 && !o.user && !o.project {
		o.project = a.inLocked()
	}
	t, err := a.changeTools(o.project)
	if err != nil {
		return err
	}
	if how.MinAge < 0 {
		return usageHint(fmt.Errorf("--min-age takes 0 or more"), "it is «--min-age 24h»")
	}
	var requests []toolset.Request
	for _, arg := range args {
		r, err := t.Parse(ctx, t.catalogue, arg)
		if err != nil {
			return err
		}
		if (r.From == lockfile.NPM || r.From == lockfile.Cargo) && len(o.scripts) > 0 {
			r.Scripts = slices.Compact(slices.Sorted(slices.Values(slices.Concat(r.Scripts, o.scripts))))
		}
		requests = append(requests, r)
	}
	return a.changeSet(ctx, t, o, func() (*toolset.Result, error) { return t.Install(ctx, requests, how) })
}

func (a *app) toolsUpdate() *cobra.Command {
	var o toolsOptions
	cmd := &cobra.Command{
		Use:     "update [TOOL...]",
		Short:   "Take newer versions, within what you asked for",
		Example: "  devsh tools update\n  devsh tools update gopls",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			t, err := a.changeTools(o.project)
			if err != nil {
				return err
			}
			return a.changeSet(ctx, t, o, func() (*toolset.Result, error) { return t.Update(ctx, args, toolset.Options{MinAge: o.minAge}) })
		},
		ValidArgsFunction: a.completeLocked,
	}
	o.flags(cmd, true, false)
	return cmd
}

func (a *app) toolsRm() *cobra.Command {
	var o toolsOptions
	cmd := &cobra.Command{
		Use:     "rm TOOL...",
		Short:   "Take tools out of your set",
		Example: "  devsh tools rm prettier",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("name the tools")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			t, err := a.changeTools(o.project)
			if err != nil {
				return err
			}
			return a.changeSet(ctx, t, o, func() (*toolset.Result, error) { return t.Remove(ctx, args) })
		},
		ValidArgsFunction: a.completeLocked,
	}
	o.flags(cmd, false, false)
	return cmd
}

func (a *app) toolsRollback() *cobra.Command {
	var o toolsOptions
	cmd := &cobra.Command{
		Use:   "rollback",
		Short: "Go back to the set of tools before this one",
		Long: `Go back to the set of tools, and the devsh.lock, before the last change; again, and it is
the one before that. The last 5 are kept. What was gone back from can be reached until the
set is changed anew.`,
		Example: "  devsh tools rollback",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			t, err := a.changeTools(o.project)
			if err != nil {
				return err
			}
			return a.changeSet(ctx, t, o, func() (*toolset.Result, error) { return t.Rollback(ctx) })
		},
	}
	o.flags(cmd, false, false)
	return cmd
}

// changeSet changes the set, shows how far it is, and what became of it.
func (a *app) changeSet(ctx context.Context, t *tools, o toolsOptions, change func() (*toolset.Result, error)) error {
	live := newToolLines(a.Stderr, a.Now, func() int { return terminalWidth(a.Stderr) })
	t.Progress = live.show
	stop := live.tick()
	r, err := change()
	stop()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(r.Outcomes, func(o toolset.Outcome) bool { return o.State == toolset.Locked }) {
		if _, err := t.Store.Collect(ctx); err != nil {
			return err
		}
	}
	report := newSetReport(t, r)
	if o.json {
		err = writeJSON(a.Stdout, report)
	} else {
		a.showSet(report)
	}
	a.showSetNotes(t, report)
	if err == nil && t.project != nil && len(r.Changes) > 0 {
		err = a.allowLock(t)
	}
	if err == nil && len(r.Failed()) > 0 {
		return silent(exitFailed)
	}
	return err
}

// inLocked reports whether one stands in a project that is allowed and has a
// devsh.lock.
func (a *app) inLocked() bool {
	dir, w, err := a.at("")
	if err != nil {
		return false
	}
	req, err := w.resolver.Ask(dir)
	return err == nil && req.Verdict.State == trust.Allowed && deciding(req.Files, lockfile.Name) != nil
}

// allowLock allows what this command has just written into the project's
// devsh.lock, if it is a person's, and nothing else has changed.
func (a *app) allowLock(t *tools) error {
	w, err := a.world()
	if err != nil {
		return err
	}
	req, err := w.resolver.Ask(t.project.Dir)
	if err != nil {
		return err
	}
	lock := deciding(req.Files, lockfile.Name)
	others := lock == nil || !bytes.Equal(lock.Content, t.written) || slices.ContainsFunc(req.Verdict.Changes, func(c trust.Change) bool { return c.Path != lockfile.Name })
	switch {
	case req.Verdict.State != trust.Changed:
		return nil // a whole tree is trusted
	case others || a.mayAllow(req, "") != nil:
		fmt.Fprintf(a.Stderr, "devsh: the environment has them when the new %s is allowed: «devsh allow%s»\n", lockfile.Name, a.argument(req.Dir))
		return nil
	}
	return w.resolver.Allow(req)
}

// completeTools completes names of the catalogue.
func (a *app) completeTools(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	t, err := a.userTools()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for name, tool := range t.catalogue.Tools {
		for from := range t.Backends {
			if _, ok := tool.From[from]; ok {
				out = append(out, name+"\t"+tool.Summary)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), cobra.ShellCompDirectiveNoFileComp
}

// completeLocked completes names of the lock.
func (a *app) completeLocked(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	t, err := a.userTools()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	lock, err := t.Lock()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, tool := range lock.Tools {
		out = append(out, tool.Name+"\t"+strings.TrimPrefix(tool.Version, "v"))
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
