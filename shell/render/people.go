package render

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
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
		next, _ := utf8.DecodeRuneInString(after)
		last, _ := utf8.DecodeLastRuneInString(before)
		if !inName(next) && !inName(last) && last != '/' && last != '\'' {
			b.WriteString("~")
		} else {
			b.WriteString(home)
		}
		text = after
	}
}

// inName reports whether a rune goes on with a file's name, rather than ending a
// path in a text.
func inName(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || strings.ContainsRune("_-.", r)
}

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
