package merge

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/dotfiles/tree"
)

var lawSchema = Schema{
	{Path: []string{"s"}, Kind: Set},
	{Path: []string{"h"}, Kind: Keyed, Fields: []string{"m"}},
	{Path: []string{"h", "[]", "s"}, Kind: Set},
	{Path: []string{"p"}, Kind: Permission},
	{Path: []string{"l"}, Policy: Live},
}

func merged(t *testing.T, b, g, l []byte) Result {
	t.Helper()
	r, err := Merge(Input{b, g, l}, Options{Schema: lawSchema, Mass: true})
	if err != nil {
		t.Fatalf("merge %q, %q, %q: %v", b, g, l, err)
	}
	return r
}

// laws hold for any three texts.
func laws(t *testing.T, b, x, y []byte) {
	t.Helper()
	same := func(law string, r Result, want []byte) {
		t.Helper()
		if meaning(t, lawSchema, r.Text) != meaning(t, lawSchema, want) || len(r.Conflicts) > 0 {
			t.Fatalf("%s: b=%q x=%q y=%q: got %q with %v", law, b, x, y, r.Text, r.Conflicts)
		}
	}
	same("merge(b,x,b)=x", merged(t, b, x, b), x)
	same("merge(b,x,x)=x", merged(t, b, x, x), x)
	kept := merged(t, b, b, y)
	same("merge(b,b,y)=y", kept, y)
	if string(kept.Text) != string(y) {
		t.Fatalf("merge(b,b,y) has other bytes: %q, want %q", kept.Text, y)
	}
	r := merged(t, b, x, y)
	meaning(t, lawSchema, r.Text) // parses
	for _, c := range r.Conflicts {
		at := func(source string) string {
			if source == "" {
				return ""
			}
			d, err := tree.Parse([]byte(source), tree.DefaultLimits())
			if err != nil {
				t.Fatalf("%q in the report: %v", source, err)
			}
			return lawSchema.Meaning(c.Path, d.Root())
		}
		if base, g, l := at(c.Base), at(c.Generated), at(c.Live); base == g || base == l || g == l {
			t.Fatalf("a conflict that one side did not touch: %+v", c)
		}
	}
	if again := merged(t, x, x, r.Text); string(again.Text) != string(r.Text) {
		t.Fatalf("not idempotent: %q, then %q", r.Text, again.Text)
	}
}

func FuzzLaws(f *testing.F) {
	f.Add([]byte(`{"s":["a","b"],"k":1}`), []byte(`{"s":["a","c"],"k":1.0}`), []byte("{\"s\":[\"b\"], // x\n\"k\":2,}"))
	f.Add([]byte(`{"h":[{"m":"a","s":[1]},{"m":"b"}]}`), []byte(`{"h":[{"m":"a","s":[1,2]}]}`), []byte(`{"h":[{"m":"c"},{"m":"a","s":[3]}],"h":[]}`))
	f.Add([]byte(`{"p":"ask","l":[1]}`), []byte(`{"p":"allow","l":{}}`), []byte("{\n}"))
	f.Add([]byte(`1`), []byte(`[1,1]`), []byte(`{"s":["a","a"]}`))
	f.Fuzz(func(t *testing.T, b, x, y []byte) {
		for _, text := range [][]byte{b, x, y} {
			if _, err := tree.Parse(text, tree.DefaultLimits()); err != nil {
				return
			}
		}
		laws(t, b, x, y)
	})
}

// TestLaws tests the laws with trees that share much, and that the comments of
// what nobody touched stay.
func TestLaws(t *testing.T) {
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 1))
		b := random(r)
		x, y := edited(r, b), edited(r, b)
		base, generated, live := write(r, b, false), write(r, x, false), write(r, y, true)
		laws(t, base, generated, live)
		got := string(merged(t, base, generated, live).Text)
		for key := range b {
			if b[key] == x[key] && b[key] == y[key] && (!strings.Contains(got, "// over "+key+"\n") || !strings.Contains(got, "// at "+key+"\n")) {
				t.Fatalf("seed %d: comments of %s are lost: %s\nbecomes %s", seed, key, live, got)
			}
		}
	}
}

func random(r *rand.Rand) map[string]string {
	all := map[string]string{}
	for _, key := range strings.Split("a b c d s h p l o", " ") {
		if r.IntN(4) > 0 {
			all[key] = randomValue(r, key)
		}
	}
	return all
}

func randomValue(r *rand.Rand, key string) string {
	n := r.IntN(4)
	switch key {
	case "s":
		return []string{`["a"]`, `["a","b","c"]`, `["c","d"]`, `[]`}[n]
	case "h":
		return []string{`[{"m":"x","v":1}]`, `[{"m":"y","s":[1,2]},{"m":"x","v":2}]`, `[{"m":"y","s":[2,3]}]`, `[{"m":"z"}]`}[n]
	case "p":
		return []string{`"allow"`, `"ask"`, `"deny"`, `{"x":1}`}[n]
	case "o":
		return []string{`{"x":1,"y":2}`, `{"x":1,"y":{"z":[]}}`, `{}`, `{"y":2,"w":null}`}[n]
	}
	return fmt.Sprint(n)
}

func edited(r *rand.Rand, from map[string]string) map[string]string {
	all := map[string]string{}
	for _, key := range strings.Split("a b c d s h p l o", " ") {
		value, there := from[key]
		switch n := r.IntN(4); {
		case n == 0:
			all[key] = randomValue(r, key)
		case n > 1 && there:
			all[key] = value
		}
	}
	return all
}

func write(r *rand.Rand, all map[string]string, comments bool) []byte {
	keys := strings.Split("a b c d s h p l o", " ")
	r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	var b strings.Builder
	b.WriteString("{\n")
	left, comma := len(all), r.IntN(2) == 0
	for _, key := range keys {
		value, there := all[key]
		if !there {
			continue
		}
		if comments {
			fmt.Fprintf(&b, "  // over %s\n", key)
		}
		fmt.Fprintf(&b, "  %q: %s", key, value)
		if left--; left > 0 || comments && comma {
			b.WriteString(",")
		}
		if comments {
			b.WriteString(" // at " + key)
		}
		b.WriteString("\n")
	}
	b.WriteString("}\n")
	return []byte(b.String())
}
