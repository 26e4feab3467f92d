package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/render"
)

func (a *app) reloadCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reload [DIR]",
		Short: "Evaluate a project anew",
		Long: `Evaluate the project anew, also where nothing seems to have changed. Shells that stand
in it have the result at their next prompt.`,
		Example: "  devsh reload",
		Args:    atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, w, err := a.at(first(args))
			if err != nil {
				return err
			}
			if apart := w.settings.Apart; len(apart) > 0 {
				return usageHint(fmt.Errorf("%s is for single commands, and reload is for the shells, which all follow %s", strings.Join(apart, ", "), a.tilde(w.settings.File)),
					"reload without it, or write it into that file")
			}
			before := w.resolver.Known(dir)
			e, err := w.resolver.Resolve(cmd.Context(), dir, activation.Options{Refresh: true})
			a.endProgress()
			if err != nil {
				return err
			}
			a.tell(w, e)
			switch {
			case e.Error != "":
				return silent(exitFailed)
			case e.State != activation.OK:
			case before != nil && before.Generation == e.Generation:
				fmt.Fprintf(a.Stderr, "devsh: %s: evaluated anew: the same as before\n", render.Visible(e.Project.Name()))
			default:
				fmt.Fprintf(a.Stderr, "devsh: %s: evaluated anew\n", render.Visible(e.Project.Name()))
			}
			return nil
		},
	}
	cmd.ValidArgsFunction = directories
	return cmd
}
