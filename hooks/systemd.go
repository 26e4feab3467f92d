package hooks

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed systemd/devsh.service
var service string

//go:embed systemd/devsh.socket
var socket string

// Service returns the systemd unit of the daemon: for the program at bin, with
// what the daemon needs of the environment, NAME=VALUE each.
func Service(bin string, environ []string) (string, error) {
	exec, err := quoteUnit(strings.ReplaceAll(bin, "$", "$$")) // here it would be a variable
	if err != nil {
		return "", err
	}
	lines := make([]string, 0, len(environ))
	for _, v := range environ {
		quoted, err := quoteUnit(v)
		if err != nil {
			return "", err
		}
		lines = append(lines, "Environment="+quoted)
	}
	return strings.NewReplacer("@devsh@", exec, "@environment@", strings.Join(lines, "\n")).Replace(service), nil
}

// Socket returns the systemd unit of the daemon's socket at path.
func Socket(path string) (string, error) {
	if strings.ContainsAny(path, "\n\\\"' ") { // it takes no quotes here
		return "", fmt.Errorf("systemd cannot listen at %q", path)
	}
	return strings.ReplaceAll(socket, "@socket@", strings.ReplaceAll(path, "%", "%%")), nil
}

// quoteUnit writes a text as a word of a unit (systemd.syntax(7)).
func quoteUnit(text string) (string, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", fmt.Errorf("systemd cannot be given %q", text)
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%").Replace(text) + `"`, nil
}
