package fishtest

import (
	"fmt"
	"strings"
)

// Quote returns s as one word that can be typed at fish's prompt, where a
// newline or a control character would be taken for a key. It is written apart
// from the renderer's quoting, which it helps to test.
func Quote(s string) string {
	if s == "" {
		return "''"
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("/._-", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\X%02x`, c)
		}
	}
	return b.String()
}

// QuoteAll quotes the words of a list, each after a space.
func QuoteAll(words []string) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(" " + Quote(w))
	}
	return b.String()
}
