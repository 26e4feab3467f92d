package render

import (
	"fmt"
	"strings"
)

// Check is what the hook can test, without a process, of one input.
type Check struct {
	Path string
	// Absent inputs must not exist.
	Absent bool
	// Plain inputs must not be a symbolic link: directories on the way.
	Plain bool
	// Stamp is a file with the input's modification time.
	Stamp string
	// Target is a link to the file that the input, itself a link, led to.
	// Links into the Nix store all have the same time; this tells them apart.
	Target string
}

func (c Check) clauses() string {
	p := QuoteFish(c.Path)
	switch {
	case c.Plain:
		return "-L " + p
	case c.Absent:
		return "-e " + p
	}
	s := QuoteFish(c.Stamp)
	// -ot is true where the input is missing, -nt where the stamp is.
	out := p + " -nt " + s + " -o " + p + " -ot " + s
	if c.Target != "" {
		out += " -o ! " + p + " -ef " + QuoteFish(c.Target)
	}
	return out
}

// perTurn is how many inputs one check looks at; a prompt makes two checks.
const perTurn = 4

// FishChecks renders the functions __devsh_check_N_ENTRY, each of which
// succeeds when one of its inputs has changed, and the list of their names.
// The first function is called at every prompt, the others in turn; so the
// checks come in order of importance.
func FishChecks(entry string, checks []Check) []byte {
	var b strings.Builder
	var names []string
	for i := 0; i < len(checks) || i == 0; i += perTurn {
		name := fmt.Sprintf("__devsh_check_%d_%s", len(names), entry)
		names = append(names, name)
		var clauses []string
		for _, c := range checks[i:min(i+perTurn, len(checks))] {
			clauses = append(clauses, c.clauses())
		}
		if len(clauses) == 0 {
			clauses = []string{"-z x"}
		}
		fmt.Fprintf(&b, "function %s\n    test %s\nend\n", name, strings.Join(clauses, " -o "))
	}
	// Last, so that a file cut short defines no check at all.
	fmt.Fprintf(&b, "set -g __devsh_checks_%s %s\n", entry, strings.Join(names, " "))
	return []byte(b.String())
}

// FishID renders what the hook reads of an entry, a line each: the entry, its
// generation, the kind of place, its state, and what to tell the person.
func FishID(entry, generation, kind, state, note string) []byte {
	return []byte(strings.Join([]string{entry, generation, kind, state, Visible(note)}, "\n") + "\n")
}

// FishSettings renders what the hook knows of the user's settings: the regular
// expressions of the roots, and of those roots that are reached by a link.
func FishSettings(roots, linked []string, message string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "set -g __devsh_roots %s\n", QuoteFish(below(roots)))
	if len(linked) > 0 {
		fmt.Fprintf(&b, "set -g __devsh_linked %s\n", QuoteFish(below(linked)))
	} else {
		b.WriteString("set -eg __devsh_linked\n")
	}
	fmt.Fprintf(&b, "set -g __devsh_message %s\n", QuoteFish(message))
	return []byte(b.String())
}

// below is a regular expression for the directories and all below them.
func below(dirs []string) string {
	escaped := make([]string, len(dirs))
	for i, d := range dirs {
		escaped[i] = fishRegex(d)
	}
	return "^(?:" + strings.Join(escaped, "|") + `)(?:/|\z)`
}
