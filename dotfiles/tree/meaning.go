package tree

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tailscale/hujson"
)

// Equal reports whether two values mean the same: 1 is 1.0, the order of keys
// and comments do not count, that of elements does. No value equals no value.
func Equal(a, b Node) bool { return a.Meaning() == b.Meaning() }

// Meaning is a text that two values share exactly if they mean the same.
func (n Node) Meaning() string {
	switch n.Kind() {
	case 0:
		return ""
	case '{':
		keys, values := n.Members()
		slices.Sort(keys)
		var b strings.Builder
		b.WriteByte('{')
		for _, key := range keys {
			fmt.Fprintf(&b, "%q:%s,", key, values[key].Meaning())
		}
		return b.String() + "}"
	case '[':
		var b strings.Builder
		b.WriteByte('[')
		for _, e := range n.Elements() {
			b.WriteString(e.Meaning() + ",")
		}
		return b.String() + "]"
	case '0':
		return number(string(n.value.Value.(hujson.Literal)))
	case '"':
		text := n.Text()
		// Halves of surrogate pairs all decode to the same character: then as written.
		if strings.ContainsRune(text, '\uFFFD') {
			return "raw" + string(n.value.Value.(hujson.Literal))
		}
		return strconv.Quote(text)
	}
	return string(n.value.Value.(hujson.Literal))
}

// number is a decimal number with no more digits than it needs: no float,
// because two large integers that differ would become one.
func number(literal string) string {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(literal), "e")
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	power := 0
	if exponent != "" {
		var err error
		// What no program can read as a number is equal to itself only.
		if power, err = strconv.Atoi(exponent); err != nil || power > 1<<30 || power < -1<<30 {
			return literal
		}
	}
	digits := strings.TrimLeft(whole+fraction, "0")
	power -= len(fraction)
	trimmed := strings.TrimRight(digits, "0")
	power += len(digits) - len(trimmed)
	if trimmed == "" {
		return "0"
	}
	sign := ""
	if negative {
		sign = "-"
	}
	return fmt.Sprintf("%s%se%d", sign, trimmed, power)
}
