package install

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// WriteLauncher makes path a program that sets variables and becomes another
// one, which is named by its path, with what it is given behind args.
func WriteLauncher(path string, set map[string]string, argv ...string) error {
	text := "#!/bin/sh\n"
	for _, variable := range slices.Sorted(maps.Keys(set)) {
		text += "export " + variable + "=" + quote(set[variable]) + "\n"
	}
	text += "exec"
	for _, word := range argv {
		text += " " + quote(word)
	}
	if err := os.WriteFile(path, []byte(text+" \"$@\"\n"), 0o700); err != nil {
		return fmt.Errorf("link programs: %w", err)
	}
	return nil
}

// quote is for sh.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// Shared are the directories of an installation, beside bin, that people and
// shells read.
func Shared() []string {
	return []string{
		"share/man/man1", "share/man/man2", "share/man/man3", "share/man/man4", "share/man/man5", "share/man/man6", "share/man/man7", "share/man/man8",
		"share/fish/vendor_completions.d",
	}
}
