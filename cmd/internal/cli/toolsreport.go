package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/hbohlen/devsh/shell/render"
	"github.com/hbohlen/devsh/toolchains/catalogue"
	"github.com/hbohlen/devsh/toolchains/choose"
	"github.com/hbohlen/devsh/toolchains/detect"
	"github.com/hbohlen/devsh/toolchains/find"
	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/toolset"
)

// toolsReport is what `devsh tools ls --json` prints. Paths that are no UTF-8
// are shown with escapes.
type toolsReport struct {
	Project    string `json:"project"`
	At         string `json:"at"`         // the place that the tools are for
	Repository string `json:"repository"` // how far up manifests are looked for
	Trust      string `json:"trust"`      // allowed, not allowed, …; "" where there is nothing to allow
	// Open says that what the project brings was looked at.
	Open       bool            `json:"open"`
	Catalogues []string        `json:"catalogues"` // the files over devsh's own
	Languages  []toolsLanguage `json:"languages"`
	Missing    []string        `json:"missing"` // tools that were chosen and are not there
	Problems   []toolsProblem  `json:"problems"`
	// Order is the one in which sources are tried, and why.
	Order toolset.Order `json:"order"`

	// Below are directories with manifests of their own, where the place is the
	// top of a repository.
	Below []toolsBelow `json:"below"`

	dir string // the project as it is
}

type toolsLanguage struct {
	Name    string      `json:"name"`
	Title   string      `json:"title"`
	File    string      `json:"file"`              // what shows it, from the repository's top
	Package string      `json:"package,omitempty"` // what shows it in that file
	Pins    []toolsPin  `json:"pins"`
	Tools   []toolsTool `json:"tools"`
	// Without are roles for which nothing was chosen.
	Without []catalogue.Role `json:"without"`
}

type toolsPin struct {
	Tool    string `json:"tool"`
	Version string `json:"version"`
	File    string `json:"file"`
	Key     string `json:"key,omitempty"`
}

type toolsTool struct {
	Role    catalogue.Role `json:"role"`
	Name    string         `json:"name"`
	Because string         `json:"because"`
	Beside  bool           `json:"beside"` // in addition to another of the role
	Command []string       `json:"command"`
	// Found says that it is there and nothing is known that keeps it from running.
	Found   bool           `json:"found"`
	Origin  find.Origin    `json:"origin,omitempty"` // project, devsh or system
	Path    string         `json:"path,omitempty"`
	Shadows []toolsProgram `json:"shadows"`
	Broken  []toolsProgram `json:"broken"` // that come before it, or instead of it, and cannot run
	// Sources are the packages that it can be installed from, by backend.
	Sources map[string]string `json:"sources"`
	// From is the one that «tools install» would take, "" if none can be used;
	// then Wants says what the first of them wants.
	From        string `json:"from"`
	Wants       string `json:"wants"`
	Unavailable string `json:"unavailable,omitempty"` // why there are none
}

type toolsProgram struct {
	Origin  find.Origin `json:"origin"`
	Path    string      `json:"path"`
	Problem string      `json:"problem,omitempty"`
	Hint    string      `json:"hint,omitempty"`
}

type toolsProblem struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}

// report looks for the tools and says all that is known, fit for terminals.
func (t *toolbox) report(ctx context.Context) *toolsReport {
	r := &toolsReport{
		Project: render.Visible(t.project.Dir), At: render.Visible(t.at), Repository: render.Visible(t.top), Trust: string(t.trust), Open: t.open,
		Catalogues: []string{}, Languages: []toolsLanguage{}, Missing: []string{}, Problems: []toolsProblem{},
		dir: t.project.Dir, Order: toolOrder(), Below: t.below(ctx),
	}
	for _, s := range t.sources {
		r.Catalogues = append(r.Catalogues, render.Visible(s))
	}
	for i, chosen := range t.chosen {
		l := t.language(ctx, chosen, t.facts.Languages[i])
		for _, tool := range l.Tools {
			if !tool.Found && !slices.Contains(r.Missing, tool.Name) {
				r.Missing = append(r.Missing, tool.Name)
			}
		}
		r.Languages = append(r.Languages, l)
	}
	slices.Sort(r.Missing)
	for _, p := range t.facts.Problems {
		r.Problems = append(r.Problems, toolsProblem{render.Visible(filepath.Join(t.top, p.File)), render.Visible(p.Reason)})
	}
	return r
}

func (t *toolbox) language(ctx context.Context, chosen choose.Language, found detect.Language) toolsLanguage {
	l := t.catalogue.Language(chosen.Name)
	out := toolsLanguage{
		Name: l.Name, Title: render.Visible(l.Title), File: render.Visible(found.File), Package: render.Visible(found.Package),
		Pins: []toolsPin{}, Tools: []toolsTool{}, Without: []catalogue.Role{},
	}
	for _, p := range found.Pins {
		out.Pins = append(out.Pins, toolsPin{p.Tool, render.Visible(p.Version), render.Visible(p.File), p.Key})
	}
	for _, c := range chosen.Tools {
		out.Tools = append(out.Tools, t.tool(ctx, c))
	}
	for _, role := range catalogue.Roles() {
		serves := func(c choose.Tool) bool { return c.Role == role && !c.Beside }
		if len(t.catalogue.Choices(l, role)) > 0 && !slices.ContainsFunc(chosen.Tools, serves) {
			out.Without = append(out.Without, role)
		}
	}
	return out
}

func (t *toolbox) tool(ctx context.Context, c choose.Tool) toolsTool {
	tool := t.catalogue.Tools[c.Name]
	use := tool.Uses[c.Role]
	found := t.finder.Find(tool, use.Command[0])
	out := toolsTool{
		Role: c.Role, Name: c.Name, Because: render.Visible(c.Because), Beside: c.Beside, Found: found.OK(), Origin: found.Origin, Path: render.Visible(found.Path),
		Shadows: programs(found.Shadows), Broken: programs(found.Broken), Sources: map[string]string{}, Unavailable: render.Visible(tool.Unavailable), Command: []string{},
	}
	for _, word := range t.facts.Fill(use.Command) {
		out.Command = append(out.Command, render.Visible(word))
	}
	for _, backend := range slices.Sorted(maps.Keys(tool.From)) {
		out.Sources[backend] = tool.From[backend].String()
	}
	for _, backend := range toolOrder().Of(tool) {
		err := t.backends[backend].Available(ctx)
		if err == nil {
			out.From, out.Wants = backend, ""
			break
		}
		if u, ok := errors.AsType[*install.Unavailable](err); ok && out.Wants == "" {
			out.Wants = fmt.Sprintf("%v: %s", u, u.Hint)
		}
	}
	return out
}

func programs(list []find.Program) []toolsProgram {
	out := []toolsProgram{}
	for _, p := range list {
		out = append(out, toolsProgram{p.Origin, render.Visible(p.Path), render.Visible(p.Problem), render.Visible(p.Hint)})
	}
	return out
}
