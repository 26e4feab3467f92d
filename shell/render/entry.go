package render

import (
	"fmt"
	"slices"
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

// cost is how many tests the check takes.
func (c Check) cost() int {
	switch {
	case c.Plain, c.Absent:
		return 1
	case c.Target != "":
		return 3
	}
	return 2
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

const (
	// always is how many inputs, the first ones, every prompt looks at.
	always = 2
	// perTurn is how many tests further inputs may cost a prompt, in turn.
	perTurn = 3
	// perTest is how many inputs one call of test is given on entering.
	perTest = 6
)

// FishChecks renders what the hook loads of an entry, once per shell:
//
//	__devsh_stale_ENTRY       succeeds when any input has changed
//	__devsh_turn_N_ENTRY      the same for the first inputs and a few others
//	$__devsh_turns_ENTRY      the names of the latter
//	$__devsh_note_ENTRY       what to tell the person
//
// The inputs come in order of importance: a prompt calls one of the turns.
func FishChecks(entry, note string, checks []Check) []byte {
	var b strings.Builder
	var names []string
	first, rest := checks[:min(always, len(checks))], checks[min(always, len(checks)):]
	for len(rest) > 0 || len(names) == 0 {
		n, cost := 0, 0
		for n < len(rest) && (n == 0 || cost+rest[n].cost() <= perTurn) {
			cost += rest[n].cost()
			n++
		}
		name := fmt.Sprintf("__devsh_turn_%d_%s", len(names), entry)
		names = append(names, name)
		function(&b, name, slices.Concat(first, rest[:n]))
		rest = rest[n:]
	}
	fmt.Fprintf(&b, "set -g __devsh_turns_%s %s\n", entry, strings.Join(names, " "))
	fmt.Fprintf(&b, "set -g __devsh_note_%s %s\n", entry, QuoteFish(Visible(note)))
	// Last, so that a file cut short does not define it.
	function(&b, "__devsh_stale_"+entry, checks)
	return []byte(b.String())
}

// function succeeds when one of the checks does.
func function(b *strings.Builder, name string, checks []Check) {
	var tests []string
	for some := range slices.Chunk(checks, perTest) {
		clauses := make([]string, len(some))
		for i, c := range some {
			clauses[i] = c.clauses()
		}
		tests = append(tests, "test "+strings.Join(clauses, " -o "))
	}
	if len(tests) == 0 {
		tests = []string{"false"}
	}
	fmt.Fprintf(b, "function %s\n    %s\nend\n", name, strings.Join(tests, "\n    or "))
}

// FishID is the name of the file that tells the hook of an entry: the entry,
// its generation, the kind of place and the entry's state. None of them has a
// "=" or a "/".
func FishID(entry, generation, kind, state string) string {
	return strings.Join([]string{"id", entry, generation, kind, state}, "=")
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
