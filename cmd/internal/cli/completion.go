package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "completion fish|bash|zsh",
		Short:     "Print the completions for a shell",
		Example:   "  devsh completion fish > ~/.config/fish/completions/devsh.fish",
		ValidArgs: []string{"fish", "bash", "zsh"},
		Args:      cobra.MatchAll(atMostOne, knownArgs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(fmt.Errorf("name the shell: devsh completion fish"))
			}
			switch args[0] {
			case "fish":
				if err := cmd.Root().GenFishCompletion(a.Stdout, true); err != nil {
					return err
				}
				_, err := fmt.Fprint(a.Stdout, fishDirectories)
				return err
			case "bash":
				return cmd.Root().GenBashCompletionV2(a.Stdout, true)
			}
			return cmd.Root().GenZshCompletion(a.Stdout)
		},
	}
}

// fishDirectories completes the directories, which cobra cannot in fish: where
// it is told to, it has fish offer all files. What follows exec is another
// program's, which may have a command or argument of the same name («git log»).
const fishDirectories = `
complete -c devsh -n '__fish_seen_subcommand_from allow deny init log ls reload status; and not __fish_seen_subcommand_from exec' -x -a '(__fish_complete_directories)'
complete -c devsh -n '__fish_seen_subcommand_from env exec lsp status' -l dir -x -a '(__fish_complete_directories)'
complete -c devsh -l root -x -a '(__fish_complete_directories)'
`

// plainUsage takes the backquotes, which mark the name of a value for --help,
// out of what completions show of flags.
func plainUsage(root *cobra.Command) {
	plain := func(f *pflag.Flag) { _, f.Usage = pflag.UnquoteUsage(f) }
	root.PersistentFlags().VisitAll(plain)
	for _, c := range root.Commands() {
		c.Flags().VisitAll(plain)
	}
}

// directories completes the one argument of commands that take a directory.
func directories(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveFilterDirs
}
