package render

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible returns s fit for a terminal: control characters, escape sequences,
// bidirectional marks and bytes that are no UTF-8 come out as escapes that one
// can read. A newline or tab is shown as an escape too; see [VisibleText].
func Visible(s string) string { return visible(s, false) }

// VisibleText is [Visible] for text of several lines: newlines and tabs stay.
func VisibleText(s string) string { return visible(s, true) }

func visible(s string, text bool) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case text && (r == '\n' || r == '\t'):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		case hidden(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// hidden reports whether a character is unseen or changes how others are
// shown: C1 controls, formatting and bidirectional marks, line and paragraph
// separators, tags.
func hidden(r rune) bool {
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029 || 0xe0000 <= r && r <= 0xe0fff
}
