package lockfile

import (
	"fmt"
	"regexp"
	"strings"
)

// What names and hashes may look like: they become parts of paths and
// arguments of programs.
var (
	nameForm    = form{regexp.MustCompile(`^((npm|go|uv|cargo|nix):@?)?[A-Za-z0-9][A-Za-z0-9._~/+-]*$`), 219}
	npmForm     = regexp.MustCompile(`^(@[A-Za-z0-9~][A-Za-z0-9._~-]*/)?[A-Za-z0-9~_][A-Za-z0-9._~-]*$`)
	goForm      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~-]*(/[A-Za-z0-9_~][A-Za-z0-9._~+-]*)*$`)
	versionForm = form{regexp.MustCompile(`^v?[0-9][A-Za-z0-9.+-]*$`), 101}
	hashForm    = regexp.MustCompile(`^(sha(1|256|384|512)-[A-Za-z0-9+/]+=*( |$))+$`)
	cargoForm   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)
	uvForm      = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)
	nixForm     = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_][A-Za-z0-9_-]*)*$`)
	sha256Form  = regexp.MustCompile(`^[0-9a-f]{64}$`)
	wheelForm   = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	narForm     = regexp.MustCompile(`^sha256-[A-Za-z0-9+/]{43}=$`)
	// A reference with parameters, and nothing in it that a shell or nix would
	// take for something else: no attribute, no blank.
	flakeForm  = regexp.MustCompile(`^[a-z][a-z0-9+]*:[A-Za-z0-9._~/%:@+-]+(\?[A-Za-z0-9._~/%:@+=&-]+)?$`)
	sumForm    = regexp.MustCompile(`^h1:[A-Za-z0-9+/]{43}=$`)
	separators = regexp.MustCompile(`[._-]+`)
	// No variable that the system or an interpreter obeys ends like this.
	variableForm = regexp.MustCompile(`^[A-Z][A-Z0-9_]*_BINARY$`)
	staticForm   = regexp.MustCompile(`^\{dir\}/node_modules/[A-Za-z0-9@{}._/-]+$`)
	pathForm     = regexp.MustCompile(`^node_modules/(@[A-Za-z0-9~][A-Za-z0-9._~-]*/)?[A-Za-z0-9~_][A-Za-z0-9._~-]*$`)
)

// CheckName says what is wrong with the name of a tool, if anything.
func CheckName(name string) error {
	if !nameForm.MatchString(name) || strings.Contains(name, "..") {
		return fmt.Errorf("%q is no name for a tool", name)
	}
	return nil
}

// CheckPackage says what is wrong with a package's name, if anything.
func CheckPackage(from, name string) error {
	form, ok := map[string]*regexp.Regexp{NPM: npmForm, Go: goForm, UV: uvForm, Cargo: cargoForm, Nix: nixForm}[from]
	switch {
	case !ok:
		return fmt.Errorf("there is no backend %q", from)
	case !form.MatchString(name) || len(name) > 214:
		return fmt.Errorf("%q is no name of a package of %s", name, from)
	}
	return nil
}

// Normal is how uv calls a package, whatever people write: "Foo.Bar" is "foo-bar".
func Normal(name string) string {
	return strings.ToLower(separators.ReplaceAllString(name, "-"))
}

func matches(form interface{ MatchString(string) bool }, what string) func(string) error {
	return func(s string) error {
		if !form.MatchString(s) {
			return fmt.Errorf("%q is no %s", s, what)
		}
		return nil
	}
}

// form is a pattern and how long what has it may be. Counting in the pattern
// itself would make it a hundred times as large, and each start of devsh longer.
type form struct {
	pattern *regexp.Regexp
	most    int // bytes
}

// MatchString reports whether a text has the form.
func (f form) MatchString(s string) bool { return len(s) <= f.most && f.pattern.MatchString(s) }
