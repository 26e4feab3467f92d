package tree

import (
	"errors"
	"strings"
	"testing"
)

func parse(t testing.TB, text string) *Doc {
	t.Helper()
	d, err := Parse([]byte(text), DefaultLimits())
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return d
}

func TestEdits(t *testing.T) {
	set := func(key, value string) func(*testing.T, Node) {
		return func(t *testing.T, n Node) { n.Set(key, parse(t, value).Root()) }
	}
	del := func(key string) func(*testing.T, Node) { return func(_ *testing.T, n Node) { n.Delete(key) } }
	add := func(value string) func(*testing.T, Node) {
		return func(t *testing.T, n Node) { n.Append(parse(t, value).Root()) }
	}
	at := func(i int) func(*testing.T, Node) { return func(_ *testing.T, n Node) { n.DeleteAt(i) } }
	for _, c := range []struct {
		name, text string
		edit       func(*testing.T, Node)
		want       string
	}{
		{"in place", "{ \"a\" : 1 , // one\n\t\"b\":2 }", set("a", `"x"`), "{ \"a\" : \"x\" , // one\n\t\"b\":2 }"},
		{"behind a comment", "{\n  \"a\": 1 // one\n}\n", set("b", `2`), "{\n  \"a\": 1, // one\n  \"b\": 2\n}\n"},
		{"trailing comma", "{\n  \"a\": 1, // one\n}", set("b", `2`), "{\n  \"a\": 1, // one\n  \"b\": 2,\n}"},
		{"nested value", "{\n\t\"a\": 1\n}", set("b", `{"c":[1]}`), "{\n\t\"a\": 1,\n\t\"b\": {\n\t\t\"c\": [\n\t\t\t1\n\t\t]\n\t}\n}"},
		{"CRLF and BOM", "\ufeff{\r\n  \"a\": 1\r\n}\r\n", set("b", `[2]`), "\ufeff{\r\n  \"a\": 1,\r\n  \"b\": [\r\n    2\r\n  ]\r\n}\r\n"},
		{"empty", "{}", set("a", `1`), "{\n  \"a\": 1\n}"},
		{"one line", `{"a": 1, "b": 2}`, set("c", `{"d": 3}`), `{"a": 1, "b": 2, "c":{"d":3}}`},
		{"comment of several lines last", "{\n  \"a\": 1 /* x\n y */ }", set("b", "2"), "{\n  \"a\": 1, /* x\n y */\n  \"b\": 2 }"},
		{"delete in the middle", "{\n  \"a\": 1, // one\n  // two\n  \"b\": 2, // too\n  // three\n  \"c\": 3\n}", del("b"), "{\n  \"a\": 1, // one\n  // three\n  \"c\": 3\n}"},
		{"delete the last", "{\n  \"a\": 1, // one\n  \"b\": 2 // two\n}", del("b"), "{\n  \"a\": 1 // one\n}"},
		{"delete the last, trailing comma", "{\n  \"a\": 1,\n  \"b\": 2,\n}", del("b"), "{\n  \"a\": 1,\n}"},
		{"delete the only one", "{\r\n  \"a\": 1\r\n}", del("a"), "{\r\n}"},
		{"delete on one line", `{"a": 1, "b": 2, "c": 3}`, del("b"), `{"a": 1, "c": 3}`},
		{"delete before one on the same line", "{\n // x\n \"a\":1, /* b */ \"b\":2}", del("a"), "{\n // x\n /* b */ \"b\":2}"},
		{"delete where it is twice", `{"a": 1, "b": 2, "a": 3}`, del("a"), `{ "b": 2}`},
		{"append", "[\n  1, // one\n  2\n]", add("3"), "[\n  1, // one\n  2,\n  3\n]"},
		{"append on one line", "[1, 2]", add("3"), "[1, 2, 3]"},
		{"delete an element", "[\n  1, // one\n  2 // two\n]", at(1), "[\n  1 // one\n]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := parse(t, c.text)
			if got := string(d.Bytes()); got != c.text {
				t.Fatalf("read and written:\n%q, want\n%q", got, c.text)
			}
			c.edit(t, d.Root())
			if got := string(d.Bytes()); got != c.want {
				t.Errorf("got\n%q, want\n%q", got, c.want)
			}
			parse(t, string(d.Bytes()))
		})
	}
}

func TestEqual(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"1", "1.0", true}, {"100", "1e2", true}, {"-0", "0", true}, {"0.10", "1E-1", true}, {"1", "-1", false},
		{"9007199254740993", "9007199254740992", false}, {"1e99999999999", "1e99999999999", true},
		{`{"a":1,"b":2}`, "{\"b\":2, // x\n\"a\":1,}", true}, {"[1,2]", "[2,1]", false}, {`"\u0061"`, `"a"`, true},
		{`"\ud800"`, `"\ud801"`, false}, {"null", `"null"`, false}, {`{"a":1,"a":2}`, `{"a":2}`, true}, {"[]", "{}", false},
		{`["a,","b"]`, `["a","b"]`, false},
	} {
		if got := Equal(parse(t, c.a).Root(), parse(t, c.b).Root()); got != c.want {
			t.Errorf("Equal(%s, %s) = %v", c.a, c.b, got)
		}
	}
}

func TestRefused(t *testing.T) {
	deep := strings.Repeat("[", 1_000_000)
	for _, c := range []struct {
		text   string
		limits Limits
		want   error
	}{
		{deep, DefaultLimits(), ErrTooDeep}, {"[1]", Limits{Size: 2, Depth: 9}, ErrTooLarge}, {"\"\xff\"", DefaultLimits(), ErrEncoding},
	} {
		if _, err := Parse([]byte(c.text), c.limits); !errors.Is(err, c.want) {
			t.Errorf("%.10q: %v, want %v", c.text, err, c.want)
		}
	}
	if _, err := Parse([]byte("{\n  \"a\": x\n}"), DefaultLimits()); err == nil || !strings.Contains(err.Error(), "line 2, column 8") {
		t.Errorf("no line and column: %v", err)
	}
	if d := parse(t, "{\"a\": \"[[[[\", \"b\": [{\"c\": 1, \"c\": 2}]} // [[[\n").Root().Duplicates(); len(d) != 1 || strings.Join(d[0], ".") != "b.[].c" {
		t.Errorf("duplicates: %v", d)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"{\n  \"a\": 1, // x\n}", "[1 /* x */, {\"b\": null}]", "\ufeff{\r\n}\r\n", `{"a":1,"a":[2,],}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Parse(text, DefaultLimits())
		if err != nil {
			return
		}
		if string(d.Bytes()) != string(text) {
			t.Fatalf("%q is written as %q", text, d.Bytes())
		}
		added := parse(t, `{"x":[1]}`).Root()
		root := d.Root()
		root.Set("new", added)
		root.Append(added)
		for _, key := range root.Keys() {
			if key != "new" {
				root.Delete(key)
				break
			}
		}
		root.DeleteAt(0)
		again := parse(t, string(d.Bytes()))
		if !Equal(again.Root(), root) {
			t.Fatalf("%q: what was edited to %s reads as %s", text, root.Meaning(), again.Root().Meaning())
		}
	})
}
