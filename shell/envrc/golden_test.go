package envrc

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden translates the .envrc files of testdata into what people get to
// see. A first line "#files: a b" says which files the project has.
func TestGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/*.envrc")
	if err != nil || len(names) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(data), "\n")
		files, _ := strings.CutPrefix(first, "#files:")
		got := translate(t, string(data), strings.Fields(files)...).TOML
		golden := strings.TrimSuffix(name, ".envrc") + ".toml"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || got != string(want) {
			t.Errorf("%s: %v, got\n%s", golden, err, got)
		}
	}
}
