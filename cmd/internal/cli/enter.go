package cli

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/project"
)

// enterCommand is the hook's own door: it makes true what is known of a
// directory. It prints nothing on standard output.
func (a *app) enterCommand() *cobra.Command {
	var abi int
	cmd := &cobra.Command{
		Use:    "enter --abi N -- DIR",
		Short:  "Find out about a directory (called by the hook)",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if abi != activation.ABI {
				fmt.Fprintf(a.Stderr, "devsh: this shell's hook is of version %d and devsh of %d: the environment stays as it is; «exec fish» brings them together\n", abi, activation.ABI)
				return silent(exitOutdated)
			}
			w, err := a.shellsWorld()
			if err != nil {
				return err
			}
			if err := w.resolver.PublishSettings(w.settings.File, string(w.settings.Message)); err != nil {
				return err
			}
			_, err = w.resolver.Enter(cmd.Context(), args[0])
			a.endProgress()
			a.housekeep(w.resolver.Store)
			if errors.Is(err, project.ErrNotGoverned) {
				return nil // the hook has just learned which the roots are
			}
			return err
		},
	}
	cmd.Flags().IntVar(&abi, "abi", 0, "the hook's version: "+strconv.Itoa(activation.ABI))
	return cmd
}
