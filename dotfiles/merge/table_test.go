package merge

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/dotfiles/tree"
)

// values are what the letters of the table stand for, by column.
var values = map[string]map[string]string{
	"scalar":     {"A": `1`, "B": `2`, "C": `[3]`},
	"set":        {"A": `["a"]`, "B": `["b"]`, "C": `["c"]`, "B+C": `["c","b"]`},
	"keyed":      {"A": `[{"n":"x","v":1}]`, "B": `[{"v":2,"n":"x"}]`, "C": `[{"n":"x","v":3}]`},
	"object":     {"A": `{"v":1}`, "B": `{"v":2}`, "C": `{"v":3}`},
	"permission": {"A": `"ask"`, "B": `"allow"`, "C": `"deny"`},
}

func columnSchema(kind string) Schema {
	if kind == "object" {
		return nil
	}
	return Schema{{Path: []string{"k"}, Kind: Kind(kind), Fields: []string{"n"}}}
}

// TestTable tests the table of docs/merge.md, each row in each column.
func TestTable(t *testing.T) {
	text, err := os.ReadFile("../../docs/merge.md")
	if err != nil {
		t.Fatal(err)
	}
	var header []string
	rows := 0
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| ") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case header == nil:
			header = cells
		case cells[0] != "---":
			rows++
			for i := 3; i < len(cells); i++ {
				testCell(t, header[i], cells[:3], cells[i])
			}
		}
	}
	if rows < 20 || len(header) != 3+len(values) {
		t.Errorf("the table was not found: %d rows of %q", rows, header)
	}
}

func testCell(t *testing.T, kind string, row []string, want string) {
	t.Helper()
	document := func(letter string) []byte {
		switch letter {
		case "–":
			return []byte(`{"z":0}`)
		case "!":
			return []byte(`{"k":`)
		}
		value, known := values[kind][letter]
		if !known {
			t.Fatalf("column %s has no value %q", kind, letter)
		}
		return []byte(`{"z":0,"k":` + value + `}`)
	}
	got, err := Merge(Input{document(row[0]), document(row[1]), document(row[2])}, Options{Schema: columnSchema(kind)})
	if want == "refused" {
		var unparsable *UnparsableError
		if !errors.As(err, &unparsable) || got.Text != nil {
			t.Errorf("%s %v: %s, %v, want a refusal", kind, row, got.Text, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("%s %v: %v", kind, row, err)
	}
	letter, conflict := strings.CutSuffix(want, "?")
	if m := meaning(t, columnSchema(kind), got.Text); m != meaning(t, columnSchema(kind), document(letter)) {
		t.Errorf("%s %v: got %s, want %s", kind, row, got.Text, want)
	}
	if conflict != (len(got.Conflicts) > 0) {
		t.Errorf("%s %v: conflicts %v, want %s", kind, row, got.Conflicts, want)
	}
}

func meaning(t testing.TB, s Schema, text []byte) string {
	t.Helper()
	if text == nil {
		return ""
	}
	d, err := tree.Parse(text, tree.DefaultLimits())
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return s.Meaning(nil, d.Root())
}
