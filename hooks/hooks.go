// Package hooks holds the doors by which other programs call devsh: the
// scripts that shells load. It hands them out and runs nothing.
package hooks

import (
	_ "embed"
	"strings"

	"github.com/hbohlen/devsh/shell/render"
)

//go:embed fish/devsh.fish
var fish string

// Fish returns the script that fish loads, for the program at bin, an absolute
// path that outlives upgrades: a profile's, not a store's.
func Fish(bin string) string {
	var b strings.Builder
	b.WriteString("# Written by «devsh hook fish». Load it with «devsh hook fish | source» in config.fish, or keep it in conf.d.\n")
	b.WriteString("set -g __devsh_bin " + render.QuoteFish(bin) + "\n")
	b.WriteString(fish)
	return b.String()
}
