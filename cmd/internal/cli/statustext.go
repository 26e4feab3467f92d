package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/render"
	"github.com/hbohlen/devsh/shell/trust"
)

func (a *app) showStatus(s *status) {
	out := a.Stdout
	state := "not active in this shell"
	switch {
	case s.Active:
		state = "active"
	case s.Generation == activation.None:
		state = "no environment"
	case s.watched && s.Error == "" && s.Worker == 0 && s.follows:
		state = "ready: this shell has it at its next prompt"
	case s.watched && s.Error == "" && s.Worker == 0:
		state = "ready: shells that stand in it have it"
	}
	fmt.Fprintf(out, "%s (%s): %s\n", a.bold(a.tilde(s.Project)), s.Kind, state)
	if s.Trust != nil {
		a.showTrust(s)
	}
	for _, p := range s.Places {
		if p.Dir != s.Project {
			fmt.Fprintf(out, "  around    %s: %s\n", a.tilde(p.Dir), a.tilde(because(string(p.State), p.Because)))
		}
	}
	for _, l := range s.Layers {
		fmt.Fprintf(out, "  layer     %s, %s: %s\n", l.Name, a.tilde(l.Source), activation.Count(l.Variables, "variable"))
		for _, note := range l.Notes {
			fmt.Fprintf(out, "  note      %s\n", a.tilde(note))
		}
	}
	list(out, "off", s.Off)
	list(out, "sets", s.Variables)
	list(out, "aliases", s.Aliases)
	list(out, "functions", s.Functions)
	var inputs, absent []string
	for _, in := range s.Inputs {
		if in.Exists {
			inputs = append(inputs, a.short(s.Project, in.Path))
		} else {
			absent = append(absent, a.short(s.Project, in.Path))
		}
	}
	list(out, "inputs", inputs)
	list(out, "absent", absent)
	if len(s.Missing) > 0 {
		fmt.Fprintf(out, "  missing   %s: «devsh tools ls» says more\n", strings.Join(s.Missing, " "))
	}
	for _, path := range s.Stale {
		fmt.Fprintf(out, "  stale     %s changed since: one of the next prompts sees it\n", a.short(s.Project, path))
	}
	if s.Worker > 0 {
		fmt.Fprintf(out, "  building  a new environment, in the background: %s\n", s.Progress)
	}
	if d := s.Daemon; d != nil {
		fmt.Fprintf(out, "  daemon    %s\n", d)
	}
	if len(s.Apart) > 0 {
		fmt.Fprintf(out, "  settings  %s: for single commands; shells have what is shown here\n", strings.Join(s.Apart, ", "))
	}
	if s.Error != "" {
		fmt.Fprintf(out, "  error     %s\n", a.tilde(s.Error))
	}
	if s.Hint != "" {
		fmt.Fprintf(out, "  hint      %s\n", a.tilde(s.Hint))
	}
}

func (a *app) showTrust(s *status) {
	out, t := a.Stdout, s.Trust
	fmt.Fprintf(out, "  trust     %s\n", a.tilde(because(string(t.State), t.Because)))
	list(out, "decides", t.Files)
	list(out, "changed", t.Changed)
	list(out, "on PATH", t.Writable)
	if t.State == trust.Unknown || t.State == trust.Changed {
		list(out, "would set", t.Sets)
		list(out, "would add", t.Aliases)
		if t.Hooks {
			fmt.Fprintln(out, "  would run fish code of its own on entering or leaving: [hooks]")
		}
	}
	fmt.Fprintf(out, "  digest    %s\n", t.Digest)
	which := render.Visible(a.argument(s.request.Dir))
	switch t.State {
	case trust.Unknown, trust.Changed:
		fmt.Fprintf(out, "  next      read these files, then «devsh allow%s»\n", which)
	case trust.Denied:
		fmt.Fprintf(out, "  next      nothing; «devsh allow%s» lets it after all\n", which)
	}
}

func because(state, why string) string {
	if why == "" {
		return state
	}
	return state + " (" + why + ")"
}

// short is a path for people: from the project, or from home.
func (a *app) short(dir, path string) string {
	if rest, ok := strings.CutPrefix(path, dir+"/"); ok {
		return rest
	}
	return a.tilde(path)
}

// tilde writes the home directory as ~ in a text for people.
func (a *app) tilde(text string) string { return render.Tilde(text, a.leave()["HOME"]) }

func list(out io.Writer, name string, items []string) {
	if len(items) > 0 {
		fmt.Fprintf(out, "  %-9s %s\n", name, strings.Join(items, " "))
	}
}

func writeJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
