package detect

import "testing"

func TestSigns(t *testing.T) {
	s := SignsOf(builtin(t))
	for name, want := range map[string]bool{
		"package.json": true, "go.mod": true, "biome.json": true, ".prettierrc.toml": true, "eslint.config.mjs": true, "node_modules": true,
		"pyproject.toml": true, "yarn.lock": true, "main.go": false, "README.md": false, "": false,
	} {
		if s.Has(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}
