package nixenv

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
)

// hookFormat is the version of what is stored of a hook.
const hookFormat = 2

// hookResult is what a shellHook did, as it is stored.
type hookResult struct {
	Format int `json:"format"`
	// Set are the variables that the hook exported or changed.
	Set map[string]raw `json:"set,omitempty"`
	// Unset are exported ones that it took away.
	Unset []string `json:"unset,omitempty"`
	// Prepend and Append are its new entries of list variables.
	Prepend map[string][]raw `json:"prepend,omitempty"`
	Append  map[string][]raw `json:"append,omitempty"`
	// Withheld are variables whose values are not stored, and why.
	Withheld map[string]string `json:"withheld,omitempty"`
	// Aliases are those that fish runs, Commands what bash runs by way of the
	// Library.
	Aliases  map[string]raw `json:"aliases,omitempty"`
	Commands []string       `json:"commands,omitempty"`
	Library  raw            `json:"library,omitempty"`
	// Left are the programs that it left running.
	Left     []string `json:"left,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	// Output is shown once, and not stored: nobody knows what is in it.
	Output string `json:"-"`
	// run is how it is run again.
	run hookRun
}

// hookRun is what it takes to run a hook, or a command of it.
type hookRun struct {
	bash, dir  string
	program    string // for an entry; "" where there is no hook
	everyEntry bool
}

// snapshot is a shell at one moment.
type snapshot struct {
	exported, functions, aliases map[string]string
	shell                        map[string]string // declarations of variables that are not exported
	options, left                []string
}

func newSnapshot() *snapshot {
	return &snapshot{exported: map[string]string{}, functions: map[string]string{}, aliases: map[string]string{}, shell: map[string]string{}}
}

// read takes the difference that the report tells. ended is how bash ended.
func (h *hookResult) read(s *shellEnv, r rules, report []byte, ended error) error {
	before, after, mark := parseReport(report)
	verb, status, _ := strings.Cut(mark, " ")
	switch {
	case errors.Is(ended, errHookTime) && verb != "exec":
		h.warn("the shellHook was stopped: %v; what it sets is missing", ended)
		return nil
	case after == nil:
		h.warn("the shellHook did not come back (did it exec another program?): what it sets is missing")
		return nil
	case verb == "exec":
		h.warn("the shellHook runs exec, which puts another program in the shell's place: only what comes before counts")
	case status != "0":
		h.warn("the shellHook ended with status %s", status)
	case verb == "exit":
		h.warn("the shellHook called exit")
	}
	// What keeps the output open is told as what was left running.
	var exit *exec.ExitError
	if ended != nil && verb != "exec" && !errors.As(ended, &exit) && !errors.Is(ended, exec.ErrWaitDelay) {
		h.warn("the shellHook: %v", ended)
	}
	secret, err := newSecrets()
	if err != nil {
		return err
	}
	h.Left = after.left
	h.withhold(r, secret, before, after)
	h.difference(before.exported, after.exported)
	h.commands(s, r, secret, before, after)
	return nil
}

func (h *hookResult) warn(format string, args ...any) {
	h.Warnings = append(h.Warnings, fmt.Sprintf(format, args...))
}

// parseReport splits the report into what there was before and after the hook,
// and the mark at its end. after is nil where the hook did not get there.
func parseReport(report []byte) (before, after *snapshot, mark string) {
	current := newSnapshot()
	for record := range bytes.SplitSeq(report, []byte{0}) {
		name, value, ok := strings.Cut(string(record), "=")
		switch {
		case ok:
			current.add(name, value)
		case name == "before":
			before, current = current, newSnapshot()
		case name != "" && before != nil:
			return before, current, name // of two endings the first counts
		}
	}
	return before, nil, ""
}

// add takes one record; see hook.bash.
func (s *snapshot) add(name, value string) {
	switch {
	case strings.HasPrefix(name, "-"):
		s.shell[name[1:]] = value
	case strings.HasPrefix(name, "()"):
		s.functions[name[2:]] = value
	case strings.HasPrefix(name, "alias "):
		s.aliases[strings.TrimPrefix(name, "alias ")] = value
	case name == "options ":
		s.options = strings.Split(value, ":")
	case name == "left ":
		if !slices.Contains(s.left, value) {
			s.left = append(s.left, value)
		}
	default:
		s.exported[name] = value
	}
}

// withhold takes out of what the hook set all that must not be stored: what
// looks like a secret, and what belongs to one session.
func (h *hookResult) withhold(r rules, secret *secrets, before, after *snapshot) {
	h.Withheld = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(after.exported)) {
		value := after.exported[name]
		switch {
		case value == before.exported[name] || slices.Contains(lists, name):
		case r.drops([]string{"terminal"}, name, value):
			h.Withheld[name] = "belongs to one session"
		case secret.is(name, value):
			h.Withheld[name] = "looks like a secret"
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after.shell)) {
		text := after.shell[name]
		if _, value, ok := strings.Cut(text, "="); ok && secret.is(name, strings.Trim(value, "\"\n")) {
			delete(after.shell, name)
		}
	}
	// What was made of a secret, as far as it was found only now.
	for _, name := range slices.Sorted(maps.Keys(after.exported)) {
		value := after.exported[name]
		if value != before.exported[name] && !slices.Contains(lists, name) && h.Withheld[name] == "" && secret.has(value) {
			h.Withheld[name] = "looks like a secret"
		}
		if h.Withheld[name] != "" {
			delete(after.exported, name)
			delete(before.exported, name) // the hook did not take it away
		}
	}
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
