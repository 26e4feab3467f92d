package document

import (
	"errors"
	"strings"
	"testing"
)

func TestLines(t *testing.T) {
	d, err := Parse("f.toml", []byte(`# first
a = """
[not.a.table]
x"""
[one]
b.c = 1 # c
"q.d" = [
  { x = 1 },
]
[[two.list]]
e = 'a'
[two.list.sub]
f = 2
[[two.list]]
e = """b\
"""
[three.four]
`))
	if err != nil {
		t.Fatal(err)
	}
	for key, line := range map[string]int{"a": 2, "one": 5, "one/b/c": 6, "one/q.d": 7, "one/q.d/0/x": 7, "two/list/0": 10, "two/list/0/e": 11,
		"two/list/0/sub/f": 13, "two/list/1": 14, "two/list/1/e": 15, "three/four": 17, "three": 17, "nothing": 1} {
		if got := d.pos(strings.Split(key, "/")); got.Line != line {
			t.Errorf("%s is in line %d, want %d", key, got.Line, line)
		}
	}
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a = ":                                          "f:1: ",
		"a = 1\na = 2":                                  "f:2: ",
		"\na = \"\x00\"":                                "NUL byte",
		"a = \"\xff\"":                                  "not UTF-8",
		"\nk = " + strings.Repeat("[", 17):              "f:2: arrays and tables are nested deeper than 16",
		"k = " + strings.Repeat("{a=", 20):              "nested deeper",
		strings.Repeat("a.", 9) + "b = 1":               "f:1: the key has more than 8 parts",
		strings.Repeat("k", 600) + " = 1":               "longer than 512 bytes",
		strings.Repeat("#", MaxFile+1):                  "larger than 1024 KiB",
		"a = [" + strings.Repeat("{a=1},", 40000) + "]": "more than 32768 keys",
		"a = {" + strings.Repeat("b.", 40000) + "c=1}":  "more than 32768 keys",
	} {
		_, err := Parse("f", []byte(text))
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || e.Line < 1 {
			t.Errorf("%.20q: %v; want %s", text, err, want)
		}
	}
}

func TestTable(t *testing.T) {
	read := func(text string) error {
		d, err := Parse("f", []byte(text))
		if err != nil {
			return err
		}
		root := d.Root()
		root.Str("s")
		root.Bool("b")
		root.Strs("l")
		root.Map("m")
		for _, sub := range root.Subs("t") {
			sub.Str("x")
			sub.End()
		}
		root.End()
		return d.Err()
	}
	if err := read("s = 'x'\nb = true\nl = ['a']\nm = { k = 'v' }\n[[t]]\nx = '1'\n[[t]]\n"); err != nil {
		t.Error(err)
	}
	for text, want := range map[string]string{
		"s = 1":               "f:1: s must be a string",
		"b = 'x'":             "f:1: b must be true or false",
		"\nl = 'x'":           "f:2: l must be an array of strings",
		"l = [1]":             "f:1: l must hold strings",
		"[m]\nk = 1":          "f:2: m.k must be a string",
		"m = 1":               "f:1: m must be a table",
		"t = 1":               "f:1: t must be an array of tables",
		"[[t]]\n[[t]]\ny = 1": `f:3: unknown key "y" in [t.1]; known here: x`,
		"z = 1\ns = 1":        `f:1: unknown key "z"; known here: b, l, m, s, t`,
		"s = \"\\u0000\"":     "NUL character",
	} {
		if err := read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("[a]\nb = [1, {c = 'd'}]\n[[e.f]]\n\"g.h\" = '''x'''")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse("f", []byte(text))
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || e.Line < 1 {
				t.Errorf("an error without a line: %#v", err)
			}
			return
		}
		for _, key := range d.Root().Keys() {
			if d.pos([]string{key}).Line < 1 {
				t.Errorf("no line for %q", key)
			}
		}
	})
}
