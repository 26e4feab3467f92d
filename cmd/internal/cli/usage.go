package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/hbohlen/devsh/shell/manifest"
)

// usage is wrong usage of the program.
func usage(err error) error { return &failure{err: err, code: exitUsage} }

func usageHint(err error, hint string) error {
	return &failure{err: err, hint: hint, code: exitUsage}
}

// didYouMean is a hint, "" where nothing known is near.
func didYouMean(name string, known []string, prefix string) string {
	if near := manifest.Nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean «%s%s»?", prefix, near)
	}
	return ""
}

// noSuchCommand says that the first argument is no command.
func noSuchCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	known := []string{"help"}
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			known = append(known, c.Name())
		}
	}
	return usageHint(fmt.Errorf("there is no command %q", args[0]), didYouMean(args[0], known, "devsh "))
}

// flagError says what is wrong with a flag, and what to write.
func flagError(cmd *cobra.Command, err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok && len(unknown.GetSpecifiedName()) > 1 {
		var known []string
		add := func(f *pflag.Flag) {
			if !f.Hidden {
				known = append(known, f.Name)
			}
		}
		cmd.LocalFlags().VisitAll(add)
		cmd.InheritedFlags().VisitAll(add)
		return usageHint(err, didYouMean(unknown.GetSpecifiedName(), known, "--"))
	}
	if missing, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		name, text := pflag.UnquoteUsage(missing.GetFlag())
		return usageHint(err, fmt.Sprintf("--%s %s: %s", missing.GetFlag().Name, name, text))
	}
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok && wrong.GetFlag().Value.Type() == "int" {
		name, text := pflag.UnquoteUsage(wrong.GetFlag())
		flag := wrong.GetFlag().Name
		return usageHint(fmt.Errorf("--%s: %q is not a whole number", flag, wrong.GetValue()), fmt.Sprintf("--%s %s: %s", flag, name, text))
	}
	return usage(err)
}

// usageArgs makes complaints about arguments known as wrong usage; what the
// command takes is the hint.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if err == nil {
			return nil
		}
		if _, said := errors.AsType[*failure](err); said {
			return err
		}
		return usageHint(err, "it is «"+cmd.CommandPath()+strings.TrimPrefix(cmd.Use, cmd.Name())+"»")
	}
}

// noArgs is [cobra.NoArgs], which would speak of an unknown command.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no argument, and was given %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// knownArgs is [cobra.OnlyValidArgs], in words.
func knownArgs(cmd *cobra.Command, args []string) error {
	for _, arg := range args {
		if !slices.Contains(cmd.ValidArgs, arg) {
			return fmt.Errorf("%s knows %s, not %q", cmd.CommandPath(), strings.Join(cmd.ValidArgs, ", "), arg)
		}
	}
	return nil
}

// atMostOne is [cobra.MaximumNArgs] of one, in words.
func atMostOne(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("%s takes one argument at most, and was given %q as well", cmd.CommandPath(), args[1])
	}
	return nil
}
