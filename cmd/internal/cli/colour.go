package cli

import "io"

// colour reports whether text for w may be coloured: a person sees it, and has
// not asked for none (no-color.org).
func (a *app) colour(w io.Writer) bool {
	return isTerminal(w) && a.env["NO_COLOR"] == "" && a.env["TERM"] != "dumb"
}

func (a *app) bold(s string) string   { return a.painted("1", s) }
func (a *app) red(s string) string    { return a.painted("31", s) }
func (a *app) green(s string) string  { return a.painted("32", s) }
func (a *app) yellow(s string) string { return a.painted("33", s) }
func (a *app) faint(s string) string  { return a.painted("2", s) }

// painted is text for standard output in a colour or style of ECMA-48.
func (a *app) painted(style, s string) string {
	if !a.colour(a.Stdout) {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}
