package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/render"
)

func (a *app) envCommand() *cobra.Command {
	var dir, format string
	cmd := &cobra.Command{
		Use:   "env [--dir DIR] [--format FORMAT]",
		Short: "Print what a project's environment changes",
		Long: `Print the variables that the project's environment sets, and those it takes away,
compared with the environment outside of it.`,
		Example: `  devsh env --format json | jq .PATH
  eval "$(devsh env --format bash)"`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, ok := render.Formats()[format]; !ok {
				return usage(fmt.Errorf("--format %s: it is one of json, fish, bash, dotenv", format))
			}
			d, err := a.directory(dir)
			if err != nil {
				return refused(err)
			}
			e, err := a.projectEnv(cmd, d)
			if err != nil {
				return refused(err)
			}
			text, err := render.Formats()[format](env.Diff(a.leave(), e))
			if err != nil {
				return err
			}
			_, err = a.Stdout.Write(text)
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "the project's directory `DIR` instead of the working directory")
	cmd.Flags().StringVar(&format, "format", "json", "json, fish, bash or dotenv")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"json", "fish", "bash", "dotenv"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.MarkFlagDirname("dir")
	return cmd
}
