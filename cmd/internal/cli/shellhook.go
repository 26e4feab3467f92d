package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/nixenv"
	"github.com/hbohlen/devsh/shell/render"
)

// shellHookCommand runs the shellHooks that the active environment wants run on
// each entry. It prints, as fish code, the variables that are taken over from
// them; what the hooks print goes to standard error.
func (a *app) shellHookCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "shell-hook",
		Short:  "Run the shellHook of the active environment (called by the hook)",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			active, ok := activation.ParseActive(a.env[env.GenerationVar])
			if !ok {
				return errors.New("no environment of devsh's is active here")
			}
			d, err := active.Store.Place(active.Project).Delta(active.Generation)
			if err != nil {
				return err
			}
			w, err := a.shellsWorld()
			if err != nil {
				return err
			}
			environ := a.env.Clone()
			for _, h := range d.ShellHooks {
				vars, err := nixenv.RunEntry(cmd.Context(), nixenv.Entry{
					Hook: h, Program: d.Scripts[h.Script], Environ: environ.List(),
					Output: a.Stderr, Limit: w.settings.ShellHookTimeout,
				})
				if cmd.Context().Err() != nil {
					return cmd.Context().Err()
				}
				if err != nil { // the environment is good without
					fmt.Fprintf(a.Stderr, "devsh: %s: %s\n", a.tilde(render.Visible(h.Dir)), render.Visible(err.Error()))
				}
				for _, name := range sortedKeys(vars) {
					environ[name] = vars[name]
					fmt.Fprintf(a.Stdout, "__devsh_value_on %s %s\n", name, render.QuoteFish(vars[name]))
				}
			}
			return nil
		},
	}
}
