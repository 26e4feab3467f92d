package document

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// No file of a bounded size costs much, whether it is TOML or not.
func TestCostIsBounded(t *testing.T) {
	repeat := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"implied tables": repeat("[k%d.x]\n", 16000),
		"keys":           repeat("k%d = 1\n", 32000),
		"dotted":         repeat("k%d.a.b.c.d.e.f = 1\n", 4000),
		"arrays":         repeat("[[a]]\nb = %d\n", 16000),
		"deep arrays":    repeat("[[a.b.c.d]]\nb = %d\n", 16000),
		"inline":         "a = [" + repeat("{a=%d},", 32000) + "]",
		"numbers":        "a = [" + repeat("%d,", 150000) + "]",
		"string":         `a = "` + strings.Repeat(`\u0041`, 170000) + `"`,
		"open quotes":    repeat(`k%d = "`, 90000),
		"open headers":   strings.Repeat("[", MaxFile),
		"dots":           strings.Repeat(".", MaxFile),
		"long line":      "a = " + strings.Repeat("x", MaxFile-4),
	} {
		start := time.Now()
		d, err := Parse("f", []byte(text))
		if err == nil {
			d.Root().Keys()
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: took %v (%v)", name, took, err)
		} else {
			t.Logf("%s: %v, %.80v", name, took, err)
		}
	}
}
