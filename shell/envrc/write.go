package envrc

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/envrc/draft"
)

// Limits of the list of what is left, as comments.
const (
	maxNotes     = 400
	maxNoteLines = 40
	maxNoteBytes = 200
)

// draft makes the devsh.toml of what was understood.
func (t *translator) draft(path string) *draft.Draft {
	d := &draft.Draft{
		Title:   []string{"The environment of this project, translated from " + path + "; devsh makes it active on cd."},
		Inherit: t.inherit, EnvFiles: t.envFiles, Watch: t.watch, Nix: t.nix,
		Lists: map[string]env.List{}, Remarks: map[string][]string{}, Notes: t.notes(path),
	}
	if t.inherit {
		d.Title = append(d.Title, "As with source_up, what is around counts too, where it has a devsh.toml of its own.")
	}
	if !t.nixSeen && (t.exists("flake.nix") || t.exists("shell.nix")) {
		d.Nix = "false"
		d.Remarks["shell"] = []string{path + " used no Nix shell."}
	}
	byTime := func(a, b string) int { return cmp.Compare(t.vars[a].seq, t.vars[b].seq) }
	for _, name := range slices.SortedStableFunc(slices.Values(slices.Sorted(maps.Keys(t.vars))), byTime) {
		v := t.vars[name]
		switch {
		case v.state == added:
			d.Lists[name] = v.list
		case v.state == set && v.exported:
			d.Env = append(d.Env, draft.Variable{Name: name, Value: here(v.value)})
		case v.state == gone && v.exported:
			d.Unset = append(d.Unset, name)
		}
	}
	return d
}

// notes lists what is left.
func (t *translator) notes(path string) []string {
	if len(t.left) == 0 {
		return nil
	}
	notes := []string{"Not translated from " + path + ":"}
	for _, l := range t.left {
		if len(notes) > maxNotes {
			return append(notes, "… and more")
		}
		lines := strings.Split(l.Text, "\n")
		for i, text := range lines {
			if i == maxNoteLines {
				notes = append(notes, "  …")
				break
			}
			if len(text) > maxNoteBytes {
				text = text[:maxNoteBytes] + "…"
			}
			notes = append(notes, fmt.Sprintf("  line %d: %s", l.Line+i, text))
		}
		notes = append(notes, "    "+l.Reason)
	}
	return notes
}
