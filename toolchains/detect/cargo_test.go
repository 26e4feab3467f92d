package detect

import (
	"strings"
	"testing"
)

// TestEdition: the nearest Cargo.toml says which edition, as cargo reads it.
func TestEdition(t *testing.T) {
	c := builtin(t)
	const inherits = "[package]\nedition.workspace = true\n"
	for _, tt := range []struct {
		name, at string
		files    map[string]string
		want     string
		problem  string // of which file
	}{
		{"none", "src", map[string]string{"src/x.rs": ""}, "", ""},
		{"named", "src", map[string]string{"Cargo.toml": "[package]\nedition = '2021'\n", "src/x.rs": ""}, "2021", ""},
		{"not named", ".", map[string]string{"Cargo.toml": "[package]\nname = 'x'\n"}, "2015", ""},
		{"nearest", "a/src", map[string]string{"Cargo.toml": "[package]\nedition = '2024'\n", "a/Cargo.toml": "[package]\nedition = '2018'\n", "a/src/x.rs": ""}, "2018", ""},
		{"inherited", "a/b", map[string]string{"Cargo.toml": "[workspace.package]\nedition = '2024'\n", "a/Cargo.toml": "[package]\n", "a/b/Cargo.toml": inherits}, "2024", ""},
		{"of itself", ".", map[string]string{"Cargo.toml": inherits + "[workspace.package]\nedition = '2027'\n"}, "2027", ""},
		{"of the one that it names", "a", map[string]string{"w/Cargo.toml": "[workspace.package]\nedition = '2021'\n", "a/Cargo.toml": inherits + "workspace = '../w'\n", "Cargo.toml": "[workspace.package]\nedition = '2018'\n"}, "2021", ""},
		{"a workspace only", ".", map[string]string{"Cargo.toml": "[workspace.package]\nedition = '2024'\n"}, "", ""},
		{"no workspace", "a", map[string]string{"a/Cargo.toml": inherits}, "", "a/Cargo.toml"},
		{"the workspace has none", "a", map[string]string{"a/Cargo.toml": inherits, "Cargo.toml": "[workspace]\n"}, "", "Cargo.toml"},
		{"out of the tree", "a", map[string]string{"a/Cargo.toml": inherits + "workspace = '../../..'\n"}, "", "a/Cargo.toml"},
		{"an option", ".", map[string]string{"Cargo.toml": "[package]\nedition = '2021 --config-path=/x'\n"}, "", "Cargo.toml"},
		{"lines", ".", map[string]string{"Cargo.toml": "[package]\nedition = '''\n2021\n'''\n"}, "", "Cargo.toml"},
		{"a number", ".", map[string]string{"Cargo.toml": "[package]\nedition = 2021\n"}, "", "Cargo.toml"},
		{"a list", ".", map[string]string{"Cargo.toml": "package = ['edition']\n"}, "2015", ""},
		{"not true", ".", map[string]string{"Cargo.toml": "[package]\nedition.workspace = 'true'\n"}, "", "Cargo.toml"},
		{"a path that is none", ".", map[string]string{"Cargo.toml": inherits + "workspace = 7\n"}, "", "Cargo.toml"},
		{"no TOML", ".", map[string]string{"Cargo.toml": "[package\nedition = '2021'\n"}, "", "Cargo.toml"},
		{"deep", ".", map[string]string{"Cargo.toml": "x = " + strings.Repeat("[", 100000)}, "", "Cargo.toml"},
		{"large", ".", map[string]string{"Cargo.toml": "[package]\nedition = '2021'\n#" + strings.Repeat("x", maxFile)}, "", "Cargo.toml"},
	} {
		f := Detect(c, tree(tt.files), tt.at)
		if f.Edition != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, f.Edition, tt.want)
		}
		if told := len(f.Problems) > 0 && f.Problems[0].File == tt.problem; told != (tt.problem != "") {
			t.Errorf("%s: %v", tt.name, f.Problems)
		}
	}
}
