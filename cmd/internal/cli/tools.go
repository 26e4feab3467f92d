package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) toolsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tools ls|install|update|lock|rm|rollback|which|prefix",
		Short: "Show, install and update language servers, formatters and their like",
		Long: `The package managers, language servers, formatters and linters of a project's languages, and
those that devsh installs for you:

  ls [DIR]  what was chosen for DIR and why, and what is there: brought by the project, managed
            by devsh, or on the system's PATH; exit code 1 says that something is missing
  install   install tools, from npm, PyPI, nixpkgs, by go or by cargo; without names, all that
            the lock says
  update    take newer versions
  lock      choose versions, and install nothing
  rm        take tools out of your set
  rollback  go back to the set before
  which     where a program is
  prefix    where your own global installs go (npm i -g, go install and their like), and why

Languages are those of the nearest manifests within the same repository. What devsh knows of
them, ~/.config/devsh/catalogue.toml adds to and overrides by name; so does a project's
devsh-tools.toml, once it is allowed. What a project brings that is not allowed is not looked at.

What is installed is yours, in every project. Exact versions and hashes are in
~/.config/devsh/devsh.lock, by which another machine installs the same.`,
		Example: `  devsh tools ls
  devsh tools install gopls prettier
  devsh tools ls ~/dev/api --json | jq '.missing'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageHint(errors.New("what about the tools?"), "it is «devsh "+cmd.Use+"»")
			}
			return usageHint(fmt.Errorf("there is no command %q of the tools'", args[0]), didYouMean(args[0], toolsCommands(cmd), "devsh tools "))
		},
		RunE: func(*cobra.Command, []string) error { return nil }, // its Args refuse all
	}
	cmd.AddCommand(a.toolsLs(), a.toolsInstall(), a.toolsUpdate(), a.toolsLock(), a.toolsRm(), a.toolsRollback(), a.toolsWhich(), a.toolsFill(), a.toolsPrefix())
	for _, c := range cmd.Commands() {
		c.Args = usageArgs(c.Args)
	}
	return cmd
}

func (a *app) toolsLs() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "ls [DIR] [--json]",
		Short:   "Show which tools were chosen, why, and where they are",
		Example: "  devsh tools ls --json | jq -r '.languages[].tools[] | select(.role == \"server\") | .path'",
		Args:    atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, w, err := a.at(first(args))
			if err != nil {
				return err
			}
			t, err := a.toolsOf(w, dir)
			if err != nil {
				return err
			}
			report := t.report(cmd.Context())
			if asJSON {
				err = writeJSON(a.Stdout, report)
			} else {
				a.showTools(report)
			}
			if err == nil && len(report.Missing) > 0 {
				return silent(exitFailed)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	cmd.ValidArgsFunction = directories
	return cmd
}

// toolsCommands are the names of the commands about tools.
func toolsCommands(cmd *cobra.Command) []string {
	var out []string
	for _, c := range cmd.Commands() {
		out = append(out, c.Name())
	}
	return out
}
