package draft

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hbohlen/devsh/shell/env"
)

// Quote returns s as a TOML string on one line. ok is false where TOML has no
// way to hold s: it is not UTF-8, or has a NUL, which no variable can hold.
func Quote(s string) (quoted string, ok bool) {
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return "", false
	}
	if strings.ContainsAny(s, `"\`) && !strings.ContainsFunc(s, literalCannot) {
		return "'" + s + "'", true
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case mustEscape(r) && r < 0x10000:
			fmt.Fprintf(&b, `\u%04X`, r)
		case mustEscape(r):
			fmt.Fprintf(&b, `\U%08X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String(), true
}

// literalCannot reports whether a 'literal' string cannot hold r, or would hide it.
func literalCannot(r rune) bool { return r == '\'' || mustEscape(r) }

// mustEscape reports whether r is a control character, or one that is unseen
// or reorders what surrounds it: who reads the file shall see it.
func mustEscape(r rune) bool {
	return r < 0x20 || 0x7f <= r && r < 0xa0 || r == 0xad || r == 0x61c ||
		0x200b <= r && r <= 0x200f || 0x2028 <= r && r <= 0x202e || 0x2060 <= r && r <= 0x206f ||
		r == 0xfeff || 0xe0000 <= r && r <= 0xe0fff
}

// Template returns v in the template syntax of devsh.toml. ok is false for the
// one thing that it cannot say: a dollar sign directly before a reference.
func Template(v env.Value) (text string, ok bool) {
	var b strings.Builder
	for _, p := range normal(v) {
		if p.Ref != "" {
			b.WriteString("${" + p.Ref + "}")
			continue
		}
		b.WriteString(strings.ReplaceAll(p.Text, "${", "$${"))
	}
	back, err := env.ParseValue(b.String())
	return b.String(), err == nil && slices.Equal(normal(back), normal(v))
}

// normal joins adjacent text and drops empty text.
func normal(v env.Value) env.Value {
	var out env.Value
	for _, p := range v.Resolve(func(string) (env.Value, bool) { return nil, false }) {
		if p.Ref != "" || p.Text != "" {
			out = append(out, p)
		}
	}
	return out
}
