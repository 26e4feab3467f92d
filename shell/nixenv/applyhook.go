package nixenv

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

// apply puts what the hook did on top of what the evaluation sets, and says
// what it may not do.
func (h *hookResult) apply(r rules, d *env.Delta) (skipped []string) {
	for _, name := range slices.Sorted(maps.Keys(h.Set)) {
		value := string(h.Set[name])
		if r.drops(always, name, value) || slices.Contains(silent, name) {
			continue
		}
		if why := refuse(name, value); why != "" {
			skipped = append(skipped, "shellHook: "+why)
			continue
		}
		d.Set[name] = env.Lit(value)
	}
	for _, name := range h.Unset {
		if r.drops(always, name, "") || env.CheckName(name) != nil {
			continue
		}
		delete(d.Set, name)
		if !r.drops(evident, name, "") {
			d.Unset[name] = true
		}
	}
	for _, name := range lists {
		l := d.Lists[name]
		l.Prepend = append(texts(h.Prepend[name]), l.Prepend...)
		l.Append = texts(h.Append[name])
		if len(l.Prepend)+len(l.Append) > 0 {
			d.Lists[name] = l
		}
	}
	h.applyCommands(d)
	h.applyEntry(d)
	return skipped
}

// texts converts entries as they are stored.
func texts(entries []raw) []string {
	var out []string
	for _, e := range entries {
		out = append(out, string(e))
	}
	return out
}

func (h *hookResult) applyCommands(d *env.Delta) {
	d.Aliases, d.Functions, d.Scripts = map[string]env.Alias{}, map[string]env.Function{}, map[string]string{}
	for name, text := range h.Aliases {
		d.Aliases[name] = env.Alias{Dir: h.run.dir, Text: string(text)}
	}
	if len(h.Commands) == 0 || h.run.bash == "" {
		return
	}
	id := env.ScriptID(string(h.Library))
	d.Scripts[id] = string(h.Library)
	for _, name := range h.Commands {
		d.Functions[name] = env.Function{Dir: h.run.dir, Bash: h.run.bash, Script: id}
	}
}

// applyEntry has the hook run on each entry where the project wants that, and
// else says what it would be good for.
func (h *hookResult) applyEntry(d *env.Delta) {
	var vars []string
	for _, name := range slices.Sorted(maps.Keys(h.Withheld)) {
		if env.CheckName(name) == nil {
			vars = append(vars, name)
			delete(d.Set, name)
		}
	}
	if !h.run.everyEntry {
		h.propose(vars)
		return
	}
	if h.run.program == "" || h.run.bash == "" {
		return
	}
	h.Output = "" // it is about to say so itself
	id := env.ScriptID(h.run.program)
	d.Scripts[id] = h.run.program
	d.ShellHooks = []env.ShellHook{{Dir: h.run.dir, Bash: h.run.bash, Script: id, Vars: vars}}
}

// propose says why the hook should be run on each entry.
func (h *hookResult) propose(vars []string) {
	const instead = `«[shell] hook = "every-entry"» in devsh.toml runs the shellHook on each entry`
	for _, name := range vars {
		h.warn("the shellHook sets %s, which %s: it is not stored and stays unset; %s, and sets it", name, h.Withheld[name], instead)
	}
	if len(h.Left) > 0 {
		h.Warnings = append(h.Warnings, fmt.Sprintf("the shellHook left running: %s; that was ended; %s, and lets it run", strings.Join(h.Left, ", "), instead))
	}
}
