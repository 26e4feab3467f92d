package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// referenceCommand writes docs/reference.md, so that it cannot be other than
// what the program says.
func (a *app) referenceCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "reference",
		Short:  "Print the reference of all commands as Markdown",
		Hidden: true,
		Args:   noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprint(a.Stdout, "# Commands\n\nWritten by `devsh reference`; `make check` compares it with the program.\n")
			fmt.Fprint(a.Stdout, "\nExit codes: 0 done, 1 found something or failed, 2 wrong usage, 130 interrupted; `exec`, `env`, `shell` and `lsp` refuse with 125, and 126 and 127 are as in env(1).\n")
			fmt.Fprint(a.Stdout, "\nEvery command takes:\n\n")
			writeFlags(a.Stdout, cmd.Root().PersistentFlags())
			for _, c := range cmd.Root().Commands() {
				if !c.Hidden && c.Name() != "help" {
					writeCommand(a.Stdout, c)
				}
			}
			return nil
		},
	}
}

func writeCommand(out io.Writer, c *cobra.Command) {
	writeSection(out, "##", "", c)
	for _, sub := range c.Commands() {
		if sub.Example != "" { // else what is said of the command says all
			writeSection(out, "###", c.Name()+" ", sub)
		}
	}
}

func writeSection(out io.Writer, level, parent string, c *cobra.Command) {
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	fmt.Fprintf(out, "\n%s devsh %s%s\n\n%s\n", level, parent, c.Use, text)
	if c.Example != "" {
		fmt.Fprintf(out, "\n```sh\n%s\n```\n", strings.ReplaceAll(strings.TrimPrefix(c.Example, "  "), "\n  ", "\n"))
	}
	if c.LocalNonPersistentFlags().HasAvailableFlags() {
		fmt.Fprintln(out)
		writeFlags(out, c.LocalNonPersistentFlags())
	}
}

func writeFlags(out io.Writer, flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name, usage := pflag.UnquoteUsage(f)
		fmt.Fprintf(out, "- `%s`: %s\n", strings.TrimSpace("--"+f.Name+" "+name), usage)
	})
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
