package fishtest

import (
	"os/exec"
	"strings"
	"testing"
)

// TestDirectoriesComplete: where a command takes a directory, fish offers directories
// and no files.
func TestDirectoriesComplete(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.Write(b.Tmp+"/there/one/x", "")
	b.Write(b.Tmp+"/there/other", "")
	for line, want := range map[string]string{
		"devsh status ":        "one/",
		"devsh allow o":        "one/",
		"devsh deny o":         "one/",
		"devsh reload o":       "one/",
		"devsh log o":          "one/",
		"devsh init o":         "one/",
		"devsh status --dir o": "one/",
		"devsh env --dir o":    "one/",
		"devsh exec --dir o":   "one/",
		"devsh lsp --dir o":    "one/",
		"devsh tools ls o":     "one/",
		"devsh --root o":       "one/",
		"devsh exec -- ls o":   "one/ other", // of another program, files as well
		"devsh stat":           "status",
		"devsh status --js":    "--json",
	} {
		cmd := exec.CommandContext(t.Context(), b.fish, "-c", "devsh completion fish | source; complete -C "+Quote(line))
		cmd.Env, cmd.Dir = b.Env().List(), b.Tmp+"/there"
		out, err := cmd.CombinedOutput()
		var got []string
		for l := range strings.Lines(string(out)) {
			name, _, _ := strings.Cut(strings.TrimSpace(l), "\t")
			got = append(got, name)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q (%v)", line, got, want, err)
		}
	}
}
