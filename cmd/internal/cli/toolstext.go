package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hbohlen/devsh/shell/render"
	"github.com/hbohlen/devsh/shell/trust"
	"github.com/hbohlen/devsh/toolchains/find"
)

// showTools shows the report to people: a block for each language, or for those
// that have the same tools.
func (a *app) showTools(r *toolsReport) {
	out := a.Stdout
	fmt.Fprintf(out, "%s: %s\n", a.bold(a.tilde(r.At)), a.toolsTrust(r))
	for _, file := range r.Catalogues {
		fmt.Fprintf(out, "  catalogue %s\n", a.tilde(file))
	}
	for _, p := range r.Problems {
		fmt.Fprintf(out, "  problem   %s: %s\n", a.short(r.Repository, p.File), p.Reason)
	}
	if len(r.Languages) == 0 {
		fmt.Fprintln(out, "  no language that devsh knows")
	}
	groups := sameTools(r.Languages)
	widths := toolWidths(a, r)
	for _, group := range groups {
		fmt.Fprintln(out)
		a.showLanguages(r, group, widths)
	}
	a.showBelow(r.Below)
	if len(r.Missing) > 0 {
		fmt.Fprintf(out, "\n%s %s\n", a.red("missing:"), strings.Join(r.Missing, " "))
		for _, line := range remedies(r) {
			fmt.Fprintf(out, "  next      %s\n", line)
		}
	}
}

// toolsTrust says what may be looked at.
func (a *app) toolsTrust(r *toolsReport) string {
	in := render.Visible(a.argument(r.dir))
	switch trust.State(r.Trust) {
	case trust.Allowed:
		return "allowed"
	case trust.Changed:
		if r.Open {
			return fmt.Sprintf("changed since it was allowed: «devsh allow%s»", in)
		}
	case "":
		return "it has no devsh.toml, and what it brings is not looked at: «devsh init» and «devsh allow» change that"
	}
	return fmt.Sprintf("%s; what it brings is not looked at: «devsh allow%s» changes that", r.Trust, in)
}

// sameTools puts languages together that have the same tools and pins.
func sameTools(list []toolsLanguage) [][]toolsLanguage {
	var groups [][]toolsLanguage
	key := func(l toolsLanguage) string { return fmt.Sprintf("%v", l.Tools) }
	for _, l := range list {
		i := slices.IndexFunc(groups, func(g []toolsLanguage) bool { return key(g[0]) == key(l) })
		if i < 0 {
			groups = append(groups, []toolsLanguage{l})
			continue
		}
		groups[i] = append(groups[i], l)
	}
	return groups
}

// toolWidths are those of the columns: role, name, place.
func toolWidths(a *app, r *toolsReport) (w [3]int) {
	for _, l := range r.Languages {
		for _, t := range l.Tools {
			for i, text := range []string{string(t.Role), t.Name, a.toolPlace(r, t)} {
				w[i] = max(w[i], utf8.RuneCountInString(text))
			}
		}
		for _, role := range l.Without {
			w[0] = max(w[0], len(role))
		}
	}
	w[2] = min(w[2], 48)
	return w
}

func (a *app) showLanguages(r *toolsReport, group []toolsLanguage, w [3]int) {
	out := a.Stdout
	var titles, files []string
	for _, l := range group {
		titles = append(titles, l.Title)
		file := l.File
		if l.Package != "" {
			file = l.Package + " in " + l.File
		}
		if !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	fmt.Fprintf(out, "%s  %s\n", a.bold(strings.Join(titles, ", ")), a.faint(strings.Join(files, ", ")))
	for _, p := range group[0].Pins {
		where := p.File
		if p.Key != "" && p.Key != p.Tool {
			where += " " + p.Key
		}
		if p.Version != "" {
			fmt.Fprintf(out, "  %s  %s  %s\n", pad("pin", w[0]+2), pad(p.Tool, w[1]), pad(p.Version, w[2])+"  "+a.faint(where))
		}
	}
	for _, t := range group[0].Tools {
		a.showTool(r, t, w)
	}
	for _, role := range group[0].Without {
		fmt.Fprintf(out, "  – %s  %s\n", pad(string(role), w[0]), a.faint("none is configured"))
	}
}

func (a *app) showTool(r *toolsReport, t toolsTool, w [3]int) {
	mark := a.green("✓")
	place := pad(a.toolPlace(r, t), w[2])
	if !t.Found {
		mark, place = a.red("✗"), a.red(place)
	}
	because := t.Because
	if t.Beside {
		because = "beside it: " + because
	}
	fmt.Fprintf(a.Stdout, "  %s %s  %s  %s  %s\n", mark, pad(string(t.Role), w[0]), pad(t.Name, w[1]), place, a.faint(because))
	under := strings.Repeat(" ", w[0]+6)
	for _, p := range t.Broken {
		fmt.Fprintf(a.Stdout, "%s%s %s: %s\n", under, a.yellow("cannot run"), a.toolPath(r, p.Path), p.Problem)
	}
	for _, p := range t.Shadows {
		fmt.Fprintf(a.Stdout, "%s%s\n", under, a.faint("before "+a.toolPath(r, p.Path)+" ("+string(p.Origin)+")"))
	}
}

// toolPlace is where a tool is.
func (a *app) toolPlace(r *toolsReport, t toolsTool) string {
	if !t.Found {
		return "missing"
	}
	path := a.toolPath(r, t.Path)
	if t.Origin == find.System {
		return path
	}
	return path + " (" + string(t.Origin) + ")"
}

// toolPath is a path for people: from the repository, or from home. What lies in
// nix's store is named by its last parts.
func (a *app) toolPath(r *toolsReport, path string) string {
	if rest, ok := strings.CutPrefix(path, "/nix/store/"); ok {
		if name, file, ok := strings.Cut(rest, "/"); ok && len(name) > 33 {
			return "/nix/store/…" + name[32:] + "/" + file
		}
	}
	return a.short(r.Repository, path)
}

// remedies says what to type about what is missing.
func remedies(r *toolsReport) []string {
	var installs, hints, other []string
	from, wants := map[string][]string{}, map[string][]string{}
	for _, l := range r.Languages {
		for _, t := range l.Tools {
			switch {
			case t.Found:
				continue
			case t.From != "":
				installs = append(installs, t.Name)
				from[t.From] = append(from[t.From], t.Name)
			case t.Wants != "":
				wants[t.Wants] = append(wants[t.Wants], t.Name)
			case t.Unavailable != "":
				other = append(other, t.Name+": "+t.Unavailable)
			}
			for _, p := range t.Broken {
				if p.Hint != "" {
					hints = append(hints, "«"+p.Hint+"»")
				}
			}
		}
	}
	var out, sources []string
	if len(installs) > 0 {
		out = append(out, "«devsh tools install "+strings.Join(unique(installs), " ")+"»")
		for _, backend := range r.Order.Backends {
			if len(from[backend]) > 0 {
				sources = append(sources, strings.Join(unique(from[backend]), " ")+" from "+backend)
			}
		}
		out = append(out, "which has "+strings.Join(sources, ", ")+": "+r.Order.Because)
	}
	for _, want := range slices.Sorted(maps.Keys(wants)) {
		out = append(out, want+", for "+strings.Join(unique(wants[want]), " "))
	}
	for _, hint := range unique(hints) {
		out = append(out, "or "+hint)
	}
	return append(out, unique(other)...)
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// pad fills a column, counting characters.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}
