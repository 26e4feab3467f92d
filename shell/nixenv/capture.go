package nixenv

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

// hookResult is what a shellHook did, as it is stored.
type hookResult struct {
	Format int `json:"format"`
	// Set are the variables that the hook exported or changed.
	Set map[string]raw `json:"set,omitempty"`
	// Unset are exported ones that it took away.
	Unset []string `json:"unset,omitempty"`
	// Prepend and Append are its new entries of list variables.
	Prepend  map[string][]raw `json:"prepend,omitempty"`
	Append   map[string][]raw `json:"append,omitempty"`
	Output   raw              `json:"output,omitempty"`
	Warnings []string         `json:"warnings,omitempty"`
}

// read takes the difference that the report tells. ended is how bash ended.
func (h *hookResult) read(report []byte, ended error) {
	before, after, mark := parseReport(report)
	verb, status, _ := strings.Cut(mark, " ")
	switch {
	case errors.Is(ended, errHookTime):
		h.warn("the shellHook was stopped: %v; its variables are missing", ended)
		return
	case after == nil:
		h.warn("the shellHook did not come back (did it exec another program?): its variables are missing")
		return
	case status != "0":
		h.warn("the shellHook ended with status %s", status)
	case verb == "exit":
		h.warn("the shellHook called exit")
	}
	var exit *exec.ExitError
	if ended != nil && !errors.As(ended, &exit) {
		h.warn("the shellHook: %v", ended)
	}
	h.difference(before, after)
}

func (h *hookResult) warn(format string, args ...any) {
	h.Warnings = append(h.Warnings, fmt.Sprintf(format, args...))
}

// parseReport splits the report into the variables before and after the hook,
// and the mark at its end. after is nil where the hook did not get there.
func parseReport(report []byte) (before, after map[string]string, mark string) {
	current := map[string]string{}
	for record := range bytes.SplitSeq(report, []byte{0}) {
		name, value, ok := strings.Cut(string(record), "=")
		switch {
		case ok:
			current[name] = value
		case name == "before":
			before, current = current, map[string]string{}
		case name != "" && before != nil:
			return before, current, name // of two endings the first counts
		}
	}
	return before, nil, ""
}

func (h *hookResult) difference(before, after map[string]string) {
	h.Set, h.Prepend, h.Append = map[string]raw{}, map[string][]raw{}, map[string][]raw{}
	for name, value := range after {
		old, had := before[name]
		switch {
		case had && old == value:
		case slices.Contains(lists, name):
			h.entries(name, old, value)
		default:
			h.Set[name] = raw(value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, still := after[name]; still {
			continue
		}
		if slices.Contains(lists, name) {
			h.warn("the shellHook took %s away; it stays as it was", name)
			continue
		}
		h.Unset = append(h.Unset, name)
	}
}

// entries takes the new entries of a list variable: those behind the last
// old one are appended, all others prepended.
func (h *hookResult) entries(name, old, value string) {
	had, _ := entriesOf(old)
	now, bad := entriesOf(value)
	for _, b := range prefixed(name, bad) {
		h.warn("the shellHook: %s", b)
	}
	last := len(now)
	for i, e := range now {
		if slices.Contains(had, e) {
			last = i
		}
	}
	for i, e := range now {
		switch {
		case slices.Contains(had, e):
		case i > last:
			h.Append[name] = append(h.Append[name], raw(e))
		default:
			h.Prepend[name] = append(h.Prepend[name], raw(e))
		}
	}
}

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
