package render

import (
	"regexp"
	"strings"
)

// Tilde writes the home directory as ~ where a text for people names something
// in it, as «~/dev/p/devsh.toml:3:1». In single quotes it stays: those are to be
// typed, and no shell expands a ~ in them.
func Tilde(text, home string) string {
	home = strings.TrimRight(home, "/")
	if !strings.HasPrefix(home, "/") {
		return text
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, home)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		if (after == "" || !strings.ContainsRune(nameRunes, rune(after[0]))) && !strings.HasSuffix(before, "'") &&
			(before == "" || !strings.ContainsRune(nameRunes+"/", rune(before[len(before)-1]))) {
			b.WriteString("~")
		} else {
			b.WriteString(home)
		}
		text = after
	}
}

// nameRunes go on with a file's name, rather than ending a path in a text.
const nameRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

// Argument writes a path as a word to type, below home with a ~.
func Argument(path, home string) string {
	home = strings.TrimRight(home, "/")
	start := ""
	if rest, ok := strings.CutPrefix(path, home+"/"); ok && strings.HasPrefix(home, "/") {
		start, path = "~/", rest
	}
	if plainPath.MatchString(path) {
		return start + path
	}
	return start + QuoteFish(path)
}

var plainPath = regexp.MustCompile(`^[A-Za-z0-9_./+@,][A-Za-z0-9_./+@,-]*$`)
