package toolset

import (
	"slices"

	"github.com/hbohlen/devsh/toolchains/catalogue"
)

// Order is the order in which the sources of a tool are tried, and why.
type Order struct {
	Backends []string `json:"backends"`
	Because  string   `json:"because"`
}

// OrderFor is the order on a system that starts programs which were not built
// for it, or does not, as NixOS.
func OrderFor(startsPrograms bool) Order {
	all := catalogue.Backends()
	if startsPrograms {
		return Order{all, "its makers' own packages, then nixpkgs, and what is built here last"}
	}
	rest := slices.DeleteFunc(slices.Clone(all), func(b string) bool { return b == catalogue.Nix })
	return Order{slices.Concat([]string{catalogue.Nix}, rest), "programs built elsewhere do not start on this system, so nixpkgs is first"}
}

// Of returns which of a tool's sources there are, in order.
func (o Order) Of(tool *catalogue.Tool) []string {
	return slices.DeleteFunc(slices.Clone(o.Backends), func(b string) bool { _, ok := tool.From[b]; return !ok })
}
