package render

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hbohlen/devsh/shell/env"
)

// QuoteFish returns s as one word of fish: what is printable in single quotes,
// and the rest, control bytes and what is no UTF-8, as escapes between them.
// Any byte but NUL survives; fish has no way to hold a NUL.
func QuoteFish(s string) string {
	var b strings.Builder
	quoted := false
	to := func(q bool) {
		if q != quoted {
			b.WriteByte('\'')
			quoted = q
		}
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1, r < 0x20, r == 0x7f, isPrivate(r):
			to(false)
			for _, c := range []byte(s[i : i+n]) {
				fmt.Fprintf(&b, `\X%02x`, c)
			}
		case r == '\'' || r == '\\':
			to(true)
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			to(true)
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	to(false)
	if b.Len() == 0 {
		return "''"
	}
	return b.String()
}

// isPrivate reports whether fish gives the code point a meaning of its own
// inside a program: it keeps undecodable bytes and its own marks in Unicode's
// private use area and among the noncharacters.
func isPrivate(r rune) bool {
	return 0xe000 <= r && r <= 0xf8ff || 0xfdd0 <= r && r <= 0xfdef || r == 0xfffe || r == 0xffff
}

// fishValue is the fish word for a value with references: these expand where
// it is evaluated, lists as the environment would show them.
func fishValue(v env.Value) string {
	var b strings.Builder
	for _, p := range v {
		switch {
		case p.Ref != "":
			if env.InEnvironment(p.Ref) { // else it is unset, as for devsh exec
				b.WriteString(`"$` + p.Ref + `"`)
			}
		case p.Text != "":
			b.WriteString(QuoteFish(p.Text))
		}
	}
	if b.Len() == 0 {
		return "''"
	}
	return b.String()
}

// QuoteBash returns s as one word of bash, zsh and any POSIX shell. Any byte
// but NUL survives.
func QuoteBash(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// QuoteDotenv returns s as a value of a .env file: double quotes with \n, \r,
// \t, \", \\ and \$ escaped, as docker, node and ruby read them.
func QuoteDotenv(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s) + `"`
}

// fishRegex escapes s for PCRE2, as fish's string match -r reads it.
func fishRegex(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte(`\.+*?()|[]{}^$-#&~/`, c) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}
