package envrc

import (
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/manifest"
)

// FuzzTranslate looks for a panic, for a result that is no devsh.toml or makes
// no delta, and for something left that is not where it is said to be.
func FuzzTranslate(f *testing.F) {
	f.Add("export A=b\nPATH_add bin; layout go && use flake || true\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Translate(".envrc", []byte(text), func(name string) bool { return len(name)%2 == 0 })
		if err != nil {
			if len(text) <= maxBytes && strings.Count(text, "\n") <= maxLines && !strings.Contains(text, "\x00") {
				t.Fatal(err)
			}
			return
		}
		m, err := manifest.Parse("devsh.toml", []byte(r.TOML))
		if err != nil {
			t.Fatalf("%v\n%s", err, r.TOML)
		}
		if _, err := m.Delta(manifest.Base{Dir: "/dev/p", Home: "/home/u", EvalSymlinks: func(p string) (string, error) { return p, nil }}, nil); err != nil {
			t.Fatalf("%v\n%s", err, r.TOML)
		}
		lines := strings.Split(text, "\n")
		last := 0
		for _, l := range r.Left {
			if l.Line <= last-1 || l.Line > len(lines) || l.Reason == "" || l.Text == "" {
				t.Fatalf("%+v", l)
			}
			first, _, _ := strings.Cut(l.Text, "\n")
			if !strings.Contains(lines[l.Line-1], strings.TrimRight(first, " \t\r;")) {
				t.Fatalf("%+v is not in line %q", l, lines[l.Line-1])
			}
			last = l.Line
		}
	})
}
