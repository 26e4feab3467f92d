package nixlog

import (
	"fmt"
	"strings"
)

// Phase is what nix is at.
type Phase string

// The phases.
const (
	Evaluating Phase = "evaluating"
	Fetching   Phase = "fetching"
	Building   Phase = "building"
)

// Progress is how far nix is. It is a value: two are equal if they say the
// same.
type Progress struct {
	Phase Phase
	// What names what is being done: a derivation or store path without its
	// hash, or where something is fetched from. It may hold any characters.
	What string
	// Done and Expected count files evaluated, paths fetched or derivations
	// built. Expected is 0 where it is not known, and may grow.
	Done, Expected int
	// Bytes and ExpectedBytes are of what is being fetched.
	Bytes, ExpectedBytes int64
}

// String returns a line for people, such as "building hello-2.12 (3 of 7
// done)".
func (p Progress) String() string {
	var more []string
	if p.Expected > 1 && p.Phase != Evaluating {
		more = append(more, fmt.Sprintf("%d of %d done", p.Done, p.Expected))
	}
	if p.Done > 1 && p.Phase == Evaluating {
		more = append(more, fmt.Sprintf("%d files", p.Done))
	}
	const mib = 1 << 20
	switch {
	case p.ExpectedBytes >= mib/10:
		more = append(more, fmt.Sprintf("%.1f of %.1f MiB", float64(p.Bytes)/mib, float64(p.ExpectedBytes)/mib))
	case p.Bytes >= mib/10:
		more = append(more, fmt.Sprintf("%.1f MiB", float64(p.Bytes)/mib))
	}
	text := strings.TrimSpace(string(p.Phase) + " " + p.What)
	if len(more) > 0 {
		text += " (" + strings.Join(more, ", ") + ")"
	}
	return text
}
