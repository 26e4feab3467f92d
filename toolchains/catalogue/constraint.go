package catalogue

import (
	"fmt"
	"strings"

	"golang.org/x/mod/semver"
)

// Constraint limits versions: ">=7", "<7", ">=5, <7", "=6.0.3"; the zero one
// lets all. All of its parts must hold.
type Constraint struct{ parts []part }

type part struct{ op, version string }

// ParseConstraint reads a constraint; "" and "*" let all versions.
func ParseConstraint(text string) (Constraint, error) {
	var c Constraint
	if text = strings.TrimSpace(text); text == "" || text == "*" {
		return c, nil
	}
	for _, p := range strings.Split(text, ",") {
		p = strings.TrimSpace(p)
		version := strings.TrimLeft(p, "<>=")
		op := p[:len(p)-len(version)]
		canonical := Canonical(version)
		switch op {
		case ">=", "<=", ">", "<", "=":
		default:
			return Constraint{}, fmt.Errorf("%q is no version constraint: write \">=7\" or \">=5, <7\"", text)
		}
		if canonical == "" {
			return Constraint{}, fmt.Errorf("%q is no version", strings.TrimSpace(version))
		}
		c.parts = append(c.parts, part{op, canonical})
	}
	return c, nil
}

// Holds reports whether a version is within the constraint. What is no version
// is only within the one that lets all.
func (c Constraint) Holds(version string) bool {
	if len(c.parts) == 0 {
		return true
	}
	v := Canonical(version)
	if v == "" {
		return false
	}
	for _, p := range c.parts {
		n := semver.Compare(v, p.version)
		ok := map[string]bool{">=": n >= 0, "<=": n <= 0, ">": n > 0, "<": n < 0, "=": n == 0}[p.op]
		if !ok {
			return false
		}
	}
	return true
}

// Any reports whether it lets all versions.
func (c Constraint) Any() bool { return len(c.parts) == 0 }

// String is the constraint as it is written.
func (c Constraint) String() string {
	if c.Any() {
		return "*"
	}
	var out []string
	for _, p := range c.parts {
		out = append(out, p.op+strings.TrimPrefix(p.version, "v"))
	}
	return strings.Join(out, ", ")
}

// Canonical is a version as package semver has it: "7", "v7.0" and "7.0.0" are
// "v7.0.0"; "" for what is no version.
func Canonical(version string) string {
	v := "v" + strings.TrimPrefix(strings.TrimSpace(version), "v")
	if !semver.IsValid(v) {
		return ""
	}
	return semver.Canonical(v)
}
