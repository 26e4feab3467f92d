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
	// Same is a file that the input must be, by its inode: a process's program.
	Same string
	// Stamp is a file with the input's modification time.
	Stamp string
	// Target is a link to the file that the input, itself a link, led to.
	// Links into the Nix store all have the same time; this tells them apart.
	Target string
}

// cost is how many tests the check takes.
func (c Check) cost() int {
	switch {
	case c.Plain, c.Absent, c.Same != "":
		return 1
	case c.Target != "":
		return 3
	}
	return 2
}

// same are the clauses that hold while the input is as it was.
func (c Check) same(quote func(string) string) []string {
	p := quote(c.Path)
	switch {
	case c.Plain:
		return []string{"! -L " + p}
	case c.Absent:
		return []string{"! -e " + p}
	case c.Same != "":
		return []string{p + " -ef " + quote(c.Same)}
	}
	s := quote(c.Stamp)
	// -ot is true where the input is missing, -nt where the stamp is.
	out := []string{"! " + p + " -nt " + s, "! " + p + " -ot " + s}
	if c.Target != "" {
		out = append(out, p+" -ef "+quote(c.Target))
	}
	return out
}

const (
	// always is how many inputs every prompt looks at: the first ones, as far
	// as they exist. These are edited.
	always = 2
	// perTurn is how many tests further inputs may cost a prompt, in turn.
	perTurn = 2
	// perTest is how many inputs one call of test is given on entering.
	perTest = 6
)

// Watch is an entry as the hook watches it.
type Watch struct {
	Entry   string // its name
	Dir     string // its directory
	Current string // the link to the entry in force
	Note    string // what to tell the person
	// Checks come in order of importance: every prompt looks at the first, and
	// in turn at a few others.
	Checks []Check
}

// FishChecks renders what the hook loads of an entry, once per shell:
//
//	__devsh_stale_ENTRY   succeeds when any input has changed
//	__devsh_turn_N_ENTRY  what a prompt does: it succeeds while the shell stands
//	                      where it stood, the entry is in force and the inputs
//	                      of this turn are as they were, and names the next turn
//	$__devsh_note_ENTRY   what to tell the person
func FishChecks(w Watch) []byte {
	var b strings.Builder
	turns := turns(w.Checks)
	for i, some := range turns {
		next := "__devsh_between"
		if i+1 < len(turns) {
			next = turnName(i+1, w.Entry)
		}
		clauses := []string{`"$PWD$DIRENV_DIR" = "$__devsh_at"`}
		if len(some) == 0 || some[0].Stamp == "" {
			// Else the stamp goes with the entry, and that tells as much.
			clauses = append(clauses, QuoteFish(w.Current)+" -ef "+QuoteFish(w.Dir))
		}
		for _, c := range some {
			clauses = append(clauses, c.same(QuoteFish)...)
		}
		fmt.Fprintf(&b, "function %s\n    set -g __devsh_turn %s\n    test %s\nend\n", turnName(i, w.Entry), next, strings.Join(clauses, " -a "))
	}
	fmt.Fprintf(&b, "set -g __devsh_note_%s %s\n", w.Entry, QuoteFish(Visible(w.Note)))
	var tests []string
	for some := range slices.Chunk(w.Checks, perTest) {
		var clauses []string
		for _, c := range some {
			clauses = append(clauses, c.same(QuoteFish)...)
		}
		tests = append(tests, "test "+strings.Join(clauses, " -a "))
	}
	if len(tests) == 0 {
		tests = []string{"true"}
	}
	// Last, so that a file cut short does not define it.
	fmt.Fprintf(&b, "function __devsh_stale_%s\n    not begin\n        %s\n    end\nend\n", w.Entry, strings.Join(tests, "\n        and "))
	return []byte(b.String())
}

func turnName(i int, entry string) string { return fmt.Sprintf("__devsh_turn_%d_%s", i, entry) }

// turns is what each turn looks at: the first inputs that exist, and some of
// the rest. There is one turn at least.
func turns(checks []Check) (out [][]Check) {
	n := 0
	for n < min(always, len(checks)) && checks[n].Stamp != "" {
		n++
	}
	first, rest := checks[:n], checks[n:]
	for len(rest) > 0 || len(out) == 0 {
		n, cost := 0, 0
		for n < len(rest) && (n == 0 || cost+rest[n].cost() <= perTurn) {
			cost += rest[n].cost()
			n++
		}
		out = append(out, slices.Concat(first, rest[:n]))
		rest = rest[n:]
	}
	return out
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
