package cli

import (
	"github.com/spf13/cobra"
)

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "completion fish|bash|zsh",
		Short:     "Print the completions for a shell",
		Example:   "  devsh completion fish > ~/.config/fish/completions/devsh.fish",
		ValidArgs: []string{"fish", "bash", "zsh"},
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch args[0] {
			case "fish":
				return cmd.Root().GenFishCompletion(a.Stdout, true)
			case "bash":
				return cmd.Root().GenBashCompletionV2(a.Stdout, true)
			}
			return cmd.Root().GenZshCompletion(a.Stdout)
		},
	}
}
