package merge

import (
	"fmt"
	"strings"
	"testing"
)

func TestPolicies(t *testing.T) {
	newer := func([]string) Policy { return Live }
	for _, c := range []struct {
		name        string
		rule        Rule
		b, g, l     string
		want        string
		winner      Policy // "" where there must be no conflict
		lossOfValue string // what the report keeps
	}{
		{"generated", Rule{}, `{"k":1}`, `{"k":2}`, `{"k": 3 /* x */}`, `{"k": 2 /* x */}`, Generated, "3"},
		{"live", Rule{Policy: Live}, `{"k":1}`, `{"k":2}`, `{"k":3}`, `{"k":3}`, Live, "2"},
		{"live, deleted", Rule{Policy: Live}, `{"k":1}`, `{"k":2}`, `{}`, `{}`, Live, "2"},
		{"newer", Rule{Policy: Newer}, `{"k":1}`, `{"k":2}`, `{"k":3}`, `{"k":3}`, Live, "2"},
		{"ask", Rule{Policy: Ask}, `{"k":1}`, `{"k":2}`, `{"k":3}`, `{"k":3}`, Ask, "2"},
		{"default dropped", Rule{Default: "1"}, `{"k":1.0}`, `{"k":2}`, `{}`, "{\n  \"k\": 2\n}", "", ""},
		{"default dropped, nothing new", Rule{Default: "1"}, `{"k":1}`, `{"k":1}`, `{}`, `{}`, "", ""},
		{"no default dropped", Rule{Default: "5"}, `{"k":1}`, `{"k":2}`, `{}`, "{\n  \"k\": 2\n}", Generated, "2"},
		{"$schema", Rule{}, `{"k":1}`, `{"k":2}`, `{"$schema":"u","k":1}`, `{"$schema":"u","k":2}`, "", ""},
		{"order and numbers", Rule{}, `{"k":[1],"a":2}`, `{"k":[1],"a":3}`, `{"a":2.0,"k":[1.0]}`, `{"a":3,"k":[1.0]}`, "", ""},
		{"type against type", Rule{}, `{"k":[]}`, `{"k":{}}`, `{"k":"x"}`, `{"k":{}}`, Generated, `"x"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.rule.Path = []string{"k"}
			r, err := Merge(Input{[]byte(c.b), []byte(c.g), []byte(c.l)}, Options{Schema: Schema{c.rule}, Newer: newer})
			if err != nil || string(r.Text) != c.want {
				t.Errorf("got %q, %v, want %q", r.Text, err, c.want)
			}
			if c.winner == "" {
				if len(r.Conflicts) > 0 {
					t.Errorf("conflicts: %+v", r.Conflicts)
				}
				return
			}
			if len(r.Conflicts) != 1 || r.Conflicts[0].Winner != c.winner || r.Conflicts[0].Live != c.lossOfValue && r.Conflicts[0].Generated != c.lossOfValue {
				t.Errorf("conflicts: %+v, want one for %s with %s", r.Conflicts, c.winner, c.lossOfValue)
			}
		})
	}
}

func TestMassDeletion(t *testing.T) {
	list := func(n int) []byte {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`"%d"`, i))
		}
		return []byte(`{"allow":[` + strings.Join(all, ",") + `]}`)
	}
	schema := Schema{{Path: []string{"allow"}, Kind: Set}}
	for _, c := range []struct {
		name             string
		base, gen, live  int
		mass             bool
		want, heldUp     int
		removedOrNothing int
	}{
		{"live wiped", 8, 8, 0, false, 8, 8, 0},
		{"live wiped, and told so", 8, 8, 0, true, 0, 0, 0},
		{"generated wiped", 8, 2, 8, false, 8, 6, 0},
		{"generated wiped, and told so", 8, 2, 8, true, 2, 0, 6},
		{"not many", 4, 4, 0, false, 0, 0, 0},
		{"not most", 10, 5, 10, false, 5, 0, 5},
		{"both agree", 8, 0, 0, false, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := Merge(Input{list(c.base), list(c.gen), list(c.live)}, Options{Schema: schema, Mass: c.mass})
			if err != nil || meaning(t, schema, r.Text) != meaning(t, schema, list(c.want)) {
				t.Errorf("got %s, %v", r.Text, err)
			}
			if len(r.Held) != c.heldUp || len(r.Removed) != c.removedOrNothing || len(r.Conflicts) > 0 {
				t.Errorf("held %v, removed %v, conflicts %v", r.Held, r.Removed, r.Conflicts)
			}
		})
	}
}

// TestHooks merges hooks as Claude Code has them: by event, matcher and command.
func TestHooks(t *testing.T) {
	schema := Schema{
		{Path: []string{"hooks", "*"}, Kind: Keyed, Fields: []string{"matcher"}},
		{Path: []string{"hooks", "*", "[]", "hooks"}, Kind: Keyed, Fields: []string{"type", "command"}},
	}
	hooks := func(commands ...string) string {
		for i, c := range commands {
			commands[i] = `{"type":"command","command":"` + c + `"}`
		}
		return `[` + strings.Join(commands, ",") + `]`
	}
	write := func(edit string) []byte {
		return []byte(`{"hooks":{"PostToolUse":[{"matcher":"Edit","hooks":` + edit + `}]}}`)
	}
	r, err := Merge(Input{write(hooks("a", "b")), write(hooks("a", "c")), write(hooks("b", "a", "d"))}, Options{Schema: schema})
	if want := meaning(t, schema, write(hooks("a", "d", "c"))); err != nil || meaning(t, schema, r.Text) != want || len(r.Conflicts) > 0 {
		t.Errorf("got %s, %v, %v", r.Text, r.Conflicts, err)
	}
}

// TestFirstSync has no base: sets unite, one side's keys stay, different values are conflicts.
func TestFirstSync(t *testing.T) {
	schema := Schema{{Path: []string{"s"}, Kind: Set}}
	r, err := Merge(Input{nil, []byte(`{"s":[1],"g":1,"k":1}`), []byte(`{"s":[2],"l":1,"k":2}`)}, Options{Schema: schema})
	if err != nil || string(r.Text) != `{"s":[2,1],"l":1,"k":1,"g":1}` || len(r.Conflicts) != 1 || r.Conflicts[0].Live != "2" {
		t.Errorf("got %s, %+v, %v", r.Text, r.Conflicts, err)
	}
	generated := []byte("{\"a\": 1}\n")
	if r, err := Merge(Input{nil, generated, nil}, Options{}); err != nil || string(r.Text) != string(generated) {
		t.Errorf("no live file: %s, %v", r.Text, err)
	}
	if r, err := Merge(Input{[]byte(`{"a`), generated, nil}, Options{}); err != nil || r.BaseLost == nil {
		t.Errorf("a broken base: %v, %v", r.BaseLost, err)
	}
	if r, err := Merge(Input{nil, generated, []byte(`{"a":1,"a":2}`)}, Options{}); err != nil || len(r.Duplicates) != 1 {
		t.Errorf("duplicates: %v, %v", r.Duplicates, err)
	}
	if r, err := Merge(Input{nil, []byte{}, generated}, Options{}); err == nil {
		t.Errorf("an empty file counted as one without keys: %s", r.Text)
	}
}
