package cli

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/cmd/internal/agentmark"
	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/render"
	"github.com/hbohlen/devsh/shell/trust"
)

func (a *app) allowCommand() *cobra.Command {
	var digest string
	cmd := &cobra.Command{
		Use:   "allow [DIR]",
		Short: "Let a project decide its environment",
		Long: `Let the project's devsh.toml, flake.nix, shell.nix and [env] files, as they are now,
decide what runs. What is allowed is shown: the difference since the last time, and the
directories on PATH that the project itself can write.

It is for a person: without a terminal, or run by a coding agent, it refuses, unless it
is given the digest that «devsh status» shows.`,
		Example: `  devsh allow
  devsh allow ~/dev/api`,
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, w, err := a.at(first(args))
			if err != nil {
				return err
			}
			req, err := w.resolver.Ask(dir)
			if err != nil {
				return err
			}
			if err := a.mayAllow(req, digest); err != nil {
				return err
			}
			a.showRequest(req)
			before, _ := w.resolver.Store.Place(req.Dir).Entry() // unreadable is as good as none
			if err := w.resolver.Allow(req); err != nil {
				return err
			}
			if len(w.settings.Apart) > 0 {
				return nil // what would be computed would be for this process alone
			}
			e, err := w.resolver.Resolve(cmd.Context(), req.Dir, activation.Options{Judge: true, Background: a.starter(), Grace: grace})
			a.endProgress()
			if err != nil {
				return err
			}
			a.tell(w, e)
			if e.Error != "" {
				return silent(exitFailed)
			}
			// A shell that enters says it; here it finds nothing new to enter.
			if before != nil && before.State != activation.OK && e.State == activation.OK && e.Generation == before.Generation && e.Generation != activation.None && !a.quiet(w) {
				fmt.Fprintln(a.Stderr, e.Note)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&digest, "digest", "", "allow only exactly this content, as «devsh status» shows it")
	cmd.ValidArgsFunction = directories
	return cmd
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// mayAllow keeps out whoever is no person: guard rails, and no boundary, since
// an agent runs as the same user.
func (a *app) mayAllow(req *activation.Request, digest string) error {
	if digest != "" {
		if digest != req.Digest {
			return hinted(fmt.Errorf("%s has the digest %s, not %s", render.Visible(req.Dir), req.Digest, digest), "it changed, or it is another project: look at it again with «devsh status"+a.argument(req.Dir)+"»")
		}
		return nil
	}
	hint := render.Visible(fmt.Sprintf("a person allows a project: in a terminal, «devsh allow%[1]s», after reading what «devsh status%[1]s» shows", a.argument(req.Dir)))
	if mark := agentmark.Find(a.env); mark != "" {
		return hinted(fmt.Errorf("not allowing %s: %s says that a coding agent is running this", render.Visible(req.Dir), mark), hint)
	}
	if !a.HasTerminal() {
		return hinted(fmt.Errorf("not allowing %s: there is no terminal, so nobody has seen what it is", render.Visible(req.Dir)), hint)
	}
	return nil
}

// showRequest prints what is about to be allowed.
func (a *app) showRequest(req *activation.Request) {
	fmt.Fprintf(a.Stderr, "allowing %s\n", a.tilde(render.Visible(req.Dir)))
	if req.Verdict.State == trust.Changed {
		for _, c := range req.Verdict.Changes {
			a.showChange(c)
		}
	} else {
		for _, f := range req.Files {
			fmt.Fprintf(a.Stderr, "  %s\n", render.Visible(f.Path))
		}
	}
	if len(req.Writable) > 0 {
		fmt.Fprintln(a.Stderr, "on PATH, and writable by what runs in the project:")
		for _, d := range req.Writable {
			fmt.Fprintf(a.Stderr, "  %s\n", render.Visible(relative(req.Dir, d)))
		}
	}
}

func relative(base, path string) string {
	if rel, err := filepath.Rel(base, path); err == nil {
		return rel
	}
	return path
}

func (a *app) denyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deny [DIR]",
		Short: "Take a project's permission away",
		Long: `Take the project's permission away. Shells that stand in it leave its environment at
their next prompt.`,
		Example: "  devsh deny ~/dev/api",
		Args:    atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, w, err := a.at(first(args))
			if err != nil {
				return err
			}
			denied, err := w.resolver.Deny(cmd.Context(), dir)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.Stderr, "devsh: denied %s\n", a.tilde(render.Visible(denied)))
			return nil
		},
	}
	cmd.ValidArgsFunction = directories
	return cmd
}
