package nixenv

import (
	_ "embed"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

//go:embed variables.txt
var variablesText string

// rules are the patterns of variables.txt by section.
type rules map[string][]string

// The sections of variables.txt: what nobody may set, and what only counts
// when somebody set it on purpose.
var (
	always  = []string{"nix", "session"}
	evident = []string{"nix", "session", "build", "derivation"}
)

// parseRules reads the text of variables.txt.
func parseRules(text string) (rules, error) {
	r := rules{}
	section := ""
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		switch {
		case line == "", strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") && !strings.Contains(line, "-"):
			section = line[1 : len(line)-1]
		case section == "":
			return nil, fmt.Errorf("line %d: a name before the first [section]", number)
		default:
			if _, err := path.Match(line, ""); err != nil {
				return nil, fmt.Errorf("line %d: %w", number, err)
			}
			r[section] = append(r[section], line)
		}
	}
	return r, nil
}

// drops reports whether a variable is listed in one of the sections.
func (r rules) drops(sections []string, name, value string) bool {
	for _, section := range sections {
		for _, pattern := range r[section] {
			if n, v, exact := strings.Cut(pattern, "="); exact {
				if n == name && v == value {
					return true
				}
			} else if ok, _ := path.Match(pattern, name); ok {
				return true
			}
		}
	}
	return false
}

// lists are the variables to which a Nix shell adds, instead of replacing
// what the user has.
var lists = []string{env.Path, "XDG_DATA_DIRS"}

// noDirs are entries that stand for "none" in a derivation.
var noDirs = []string{"/path-not-set", "/homeless-shelter"}

// filter turns the exported variables of a Nix shell into a delta, and says
// which were left out although nothing says that they are Nix's own.
func filter(r rules, exported map[string]string) (d env.Delta, skipped []string) {
	d = env.Delta{Set: map[string]env.Value{}, Unset: map[string]bool{}, Lists: map[string]env.List{}}
	outputs := strings.Fields(exported["outputs"])
	for _, name := range slices.Sorted(maps.Keys(exported)) {
		value := exported[name]
		if slices.Contains(lists, name) {
			entries, bad := entriesOf(value)
			skipped = append(skipped, prefixed(name, bad)...)
			if len(entries) > 0 {
				d.Lists[name] = env.List{Prepend: entries}
			}
			continue
		}
		if r.drops(evident, name, value) || slices.Contains(outputs, name) || slices.Contains(silent, name) {
			continue
		}
		if why := refuse(name, value); why != "" {
			skipped = append(skipped, why)
			continue
		}
		d.Set[name] = env.Lit(value)
	}
	return d, skipped
}

// silent are names that every bash exports and nobody misses.
var silent = []string{"PWD", "OLDPWD", "SHLVL", "_", "LINES", "COLUMNS"}

// refuse says why a variable cannot be taken, or "".
func refuse(name, value string) string {
	if err := env.CheckName(name); err != nil {
		return err.Error()
	}
	if strings.ContainsRune(value, 0) {
		return name + " holds a NUL byte"
	}
	return ""
}

// entriesOf splits a list variable into absolute directories without
// duplicates, and says which entries are none.
func entriesOf(value string) (entries, bad []string) {
	for e := range strings.SplitSeq(value, ":") {
		switch {
		case e == "", slices.Contains(entries, e), isNoDir(e):
		case !filepath.IsAbs(e):
			bad = append(bad, fmt.Sprintf("%q is not an absolute directory", e))
		default:
			entries = append(entries, e)
		}
	}
	return entries, bad
}

func isNoDir(dir string) bool {
	return slices.ContainsFunc(noDirs, func(n string) bool { return dir == n || strings.HasPrefix(dir, n+"/") })
}

func prefixed(name string, reasons []string) []string {
	out := make([]string, 0, len(reasons))
	for _, r := range reasons {
		out = append(out, name+": "+r)
	}
	return out
}
