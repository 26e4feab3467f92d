package cli

import (
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/hbohlen/devsh/shell/render"
	"github.com/hbohlen/devsh/shell/trust"
)

// showChange prints what changed in a file since it was allowed.
func (a *app) showChange(c trust.Change) {
	name := render.Visible(c.Path)
	switch {
	case c.Added:
		fmt.Fprintf(a.Stderr, "%s: is new\n", name)
	case c.Removed:
		fmt.Fprintf(a.Stderr, "%s: is gone\n", name)
	}
	if c.Env != nil {
		a.showEnvChange(name, c.Env)
		return
	}
	text := diff.Diff("allowed/"+name, c.Old, "now/"+name, c.New)
	_, body, _ := strings.Cut(string(text), "\n") // the line that names the command
	fmt.Fprint(a.Stderr, a.colourDiff(render.VisibleText(body)))
}

// showEnvChange names the variables of an [env] file, and none of the values.
func (a *app) showEnvChange(name string, c *trust.EnvChange) {
	if c.Unreadable != "" {
		fmt.Fprintf(a.Stderr, "%s: cannot be read as variables, and nothing of it is used: %s\n", name, render.Visible(c.Unreadable))
		return
	}
	if c.WasUnreadable {
		fmt.Fprintf(a.Stderr, "%s: could not be read as variables when it was allowed, and can be now\n", name)
	}
	for _, part := range []struct {
		what  string
		names []string
	}{{"added", c.Added}, {"removed", c.Removed}, {"other values", c.Changed}} {
		if len(part.names) > 0 {
			fmt.Fprintf(a.Stderr, "%s: %s: %s\n", name, part.what, render.Visible(strings.Join(part.names, ", ")))
		}
	}
}

// colourDiff marks added and removed lines on a terminal.
func (a *app) colourDiff(text string) string {
	if !a.colour(a.Stderr) {
		return text
	}
	lines := strings.SplitAfter(text, "\n")
	for i, l := range lines {
		switch {
		case strings.HasPrefix(l, "+"):
			lines[i] = "\x1b[32m" + strings.TrimSuffix(l, "\n") + "\x1b[0m\n"
		case strings.HasPrefix(l, "-"):
			lines[i] = "\x1b[31m" + strings.TrimSuffix(l, "\n") + "\x1b[0m\n"
		}
	}
	return strings.Join(lines, "")
}
