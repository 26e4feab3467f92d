package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/toolchains/lockfile"
	"github.com/hbohlen/devsh/toolchains/toolset"
)

// toolsOptions are those of the commands that change the set of tools.
type toolsOptions struct {
	locked, json, user bool
	minAge             time.Duration
	scripts            []string
}

func (o *toolsOptions) flags(cmd *cobra.Command, chooses, adds bool) {
	f := cmd.Flags()
	f.BoolVar(&o.json, "json", false, "as JSON")
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
		Short: "Install tools for yourself",
		Long: `Install tools of the catalogue, or by «npm:PACKAGE», and go:, uv:, nix: and cargo:, any other,
and have the newest version that is a day old and can run here; «@7» is any 7, «@7.0.2» that
one. Without names, all that your devsh.lock says.

Where a tool comes from several, the first is taken that can be used: npm, go, uv, nix, cargo;
nix first where programs that were built elsewhere do not start, as on NixOS. «devsh tools ls»
shows it.

They are yours in every project. Each lies in a directory of its own, which is whole or not
there; install scripts are not run, but those of the packages that you name, and neither is what
a crate would run to be built.`,
		Example: `  devsh tools install gopls prettier typescript@7
  devsh tools install npm:@anthropic-ai/claude-code --allow-scripts @anthropic-ai/claude-code
  devsh tools install --locked      # on another machine, with the same devsh.lock`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.install(cmd.Context(), args, o, toolset.Options{Locked: o.locked, MinAge: o.minAge})
		},
		ValidArgsFunction: a.completeTools,
	}
	o.flags(cmd, true, true)
	cmd.Flags().BoolVar(&o.locked, "locked", false, "take what devsh.lock says, and nothing else")
	cmd.Flags().BoolVar(&o.user, "user", true, "into your own set: there is no other yet")
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
	t, err := a.changeTools()
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
			t, err := a.changeTools()
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
			t, err := a.changeTools()
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
			t, err := a.changeTools()
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
func (a *app) changeSet(ctx context.Context, t *userTools, o toolsOptions, change func() (*toolset.Result, error)) error {
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
	if err == nil && len(r.Failed()) > 0 {
		return silent(exitFailed)
	}
	return err
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
