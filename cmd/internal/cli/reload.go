package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/render"
)

func (a *app) reloadCommand() *cobra.Command {
	var wait bool
	cmd := &cobra.Command{
		Use:   "reload [--wait] [DIR]",
		Short: "Evaluate a project anew",
		Long: `Evaluate the project anew, also where nothing seems to have changed. What takes long is done
in the background; shells that stand in the project have the result by themselves.

With --wait it shows how far that is until it is done; exit code 1 says that it failed, or
was not done, since the project is not allowed.`,
		Example: `  devsh reload
  devsh reload --wait ~/dev/api`,
		Args: atMostOne,
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
			opts := activation.Options{Refresh: true}
			if !wait {
				opts.Background, opts.Grace = a.starter("--refresh"), grace
			}
			e, err := w.resolver.Resolve(cmd.Context(), dir, opts)
			a.endProgress()
			if err != nil {
				return err
			}
			a.tell(w, e)
			if e.State == activation.Denied { // the hook tells nothing of it, but here it was asked for
				fmt.Fprintf(a.Stderr, "devsh: %s is denied: «devsh allow%s» lets it after all\n", a.tilde(render.Visible(e.Project.Dir)), render.Visible(a.argument(e.Project.Dir)))
			}
			switch {
			case e.Error != "":
				return silent(exitFailed)
			case e.State != activation.OK && wait: // for «devsh reload --wait && …»: nothing was evaluated
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
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until it is done")
	cmd.ValidArgsFunction = directories
	return cmd
}
