package render

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
)

// contract is the digest of everything that is rendered for the hook.
const contract = "af86b49487d13511"

// TestContract: who changes what is rendered has to say whether generations
// and entries of before are still what would be made (else rendererVersion in
// package activation grows), and whether a running shell's hook can read what
// is written now (else activation.ABI and the hook's __devsh_abi grow). Then
// the digest is put here.
func TestContract(t *testing.T) {
	h := sha256.New()
	h.Write(FishGeneration("ID", env.Delta{
		Set:     map[string]env.Value{"A": {{Text: "a"}}, "R": {{Ref: "B"}, {Text: "x"}}},
		Unset:   map[string]bool{"U": true},
		Lists:   map[string]env.List{env.Path: {Prepend: []string{"/b"}, Append: []string{"/z"}}, "L": {Prepend: []string{"/l"}}},
		Aliases: map[string]env.Alias{"hi": {Dir: "/p", Text: "echo hi"}}, Functions: map[string]env.Function{"f": {Dir: "/p", Bash: "/bash", Script: "0"}}, CompletionDirs: []string{"/c"},
		Enter: []env.Hook{{Dir: "/p", Code: "echo in"}}, Leave: []env.Hook{{Dir: "/p", Code: "echo out"}},
	}))
	h.Write(FishChecks(Watch{Entry: "e_1", Dir: "/e", Current: "/current", Note: "note", Checks: []Check{
		{Path: "/a", Stamp: "/e/0", Target: "/e/0l"}, {Path: "/b", Absent: true}, {Path: "/d", Plain: true}, {Path: "/proc/1/exe", Same: "/x"},
	}}))
	h.Write([]byte(FishID("e_1", "g", "project", "ok")))
	h.Write(FishSettings([]string{"/r"}, []string{"/l"}, "normal"))
	if got := hex.EncodeToString(h.Sum(nil)[:8]); got != contract {
		t.Errorf("what is rendered has changed: read what this test says, then write %q", got)
	}
}
