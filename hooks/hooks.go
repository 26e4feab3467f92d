// Package hooks holds the doors by which other programs call devsh: the
// scripts that shells load, and units for systemd. It hands them out and runs
// nothing.
package hooks

import (
	_ "embed"
	"strings"

	"github.com/hbohlen/devsh/shell/render"
)

// The script for fish, in the order in which it is loaded.
var (
	//go:embed fish/begin.fish
	fishBegin string
	//go:embed fish/when.fish
	fishWhen string
	//go:embed fish/place.fish
	fishPlace string
	//go:embed fish/enter.fish
	fishEnter string
	//go:embed fish/variables.fish
	fishVariables string
	//go:embed fish/lists.fish
	fishLists string
	//go:embed fish/commands.fish
	fishCommands string
	//go:embed fish/program.fish
	fishProgram string
	//go:embed fish/end.fish
	fishEnd string
)

// Fish returns the script that fish loads, for the program at bin, an absolute
// path that outlives upgrades: a profile's, not a store's.
func Fish(bin string) string {
	return strings.Join([]string{
		"# Written by «devsh hook fish». Load it with «devsh hook fish | source» in config.fish, or keep it in conf.d.\n" +
			"set -g __devsh_bin " + render.QuoteFish(bin) + "\n",
		fishBegin, fishWhen, fishPlace, fishEnter, fishVariables, fishLists, fishCommands, fishProgram, fishEnd,
	}, "\n")
}
