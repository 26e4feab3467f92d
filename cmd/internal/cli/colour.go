package cli

import "io"

// colour reports whether text for w may be coloured: a person sees it, and has
// not asked for none (no-color.org).
func (a *app) colour(w io.Writer) bool {
	return isTerminal(w) && a.env["NO_COLOR"] == "" && a.env["TERM"] != "dumb"
}
