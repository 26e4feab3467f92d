package activation

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/manifest"
	"github.com/hbohlen/devsh/shell/nixenv"
	"github.com/hbohlen/devsh/shell/render"
	"github.com/hbohlen/devsh/shell/trust"
)

// describe writes the entry's note: what is active, or what the user has not
// decided yet.
func (w *resolution) describe(e *Entry, d env.Delta) {
	own, declared := e.Own()
	switch {
	case declared && own.State == trust.Denied:
		e.State = Denied
		return
	case declared && own.State == trust.Unknown:
		e.State = NotAllowed
		e.Note = render.Visible(fmt.Sprintf("devsh: %s is not allowed yet: «devsh status» shows what it wants, «devsh allow» lets it", w.project.Name()))
		return
	}
	if w.kept != nil {
		e.State, e.Note = Changed, w.changedNote(w.kept.place)
		return
	}
	for _, j := range e.Places {
		if j.State == trust.Unknown {
			e.State = NotAllowed
			e.Note = render.Visible(fmt.Sprintf("devsh: %s lies in %s, which is not allowed yet: «devsh allow %s» lets it", w.project.Name(), render.Tilde(j.Dir, w.Home), render.Argument(j.Dir, w.Home)))
			return
		}
	}
	e.Note = render.Visible(w.summary(d))
}

func (w *resolution) summary(d env.Delta) string {
	var sources []string
	for _, l := range w.layers {
		name := l.Name
		if l.Name == LayerNix {
			name = filepath.Base(l.Source)
		}
		if !slices.Contains(sources, name) {
			sources = append(sources, name)
		}
	}
	text := fmt.Sprintf("devsh: %s (%s): %s", w.project.Name(), strings.Join(sources, ", "), Count(len(d.Variables()), "variable"))
	if n := len(d.Aliases); n > 0 {
		text += ", " + Count(n, "alias")
	}
	if n := len(d.Functions); n > 0 {
		text += ", " + Count(n, "function")
	}
	if w.Settings.Verbose {
		text += ": " + strings.Join(slices.Concat(d.Variables(), slices.Sorted(maps.Keys(d.Aliases)), slices.Sorted(maps.Keys(d.Functions))), " ")
	}
	switch {
	case len(w.lacks.Tools) == 0 || w.Settings.Missing == MissingQuiet:
	case w.Settings.Missing == MissingInstall:
		text += "; being installed: " + strings.Join(w.lacks.Tools, ", ")
	default:
		text += "; " + w.lacks.String()
	}
	return text
}

// Count writes a number of things with its unit.
func Count(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "s"):
		return fmt.Sprintf("%d %ses", n, what)
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (w *resolution) changedNote(p *place) string {
	which := ""
	if p.dir != w.project.Dir {
		which = " " + render.Argument(p.dir, w.Home) // without it, the project itself would be allowed
	}
	var names []string
	for _, c := range p.verdict.Changes {
		names = append(names, c.Path)
	}
	return render.Visible(fmt.Sprintf("devsh: %s: changed since you allowed it: %s; «devsh allow%s» shows what and lets it", filepath.Base(p.dir), strings.Join(names, ", "), which))
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// HintOf returns what an error of the domains advises to do next, or "".
func HintOf(err error) string {
	if e, ok := errors.AsType[*nixenv.Error](err); ok {
		return e.Hint
	}
	if e, ok := errors.AsType[*manifest.Error](err); ok {
		return e.Hint
	}
	return ""
}

func (w *resolution) problemNote(e *Entry) string {
	// A newline in the directory's name does not end the line.
	text := strings.ReplaceAll(e.Error, w.project.Dir, render.Visible(w.project.Dir))
	note := fmt.Sprintf("devsh: %s: %s", w.project.Name(), render.Tilde(firstLine(text), w.Home))
	if e.Hint != "" {
		note += " (" + e.Hint + ")"
	}
	if e.Good != "" {
		note += "; the last good environment stays"
	}
	return render.Visible(note)
}
