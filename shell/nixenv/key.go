package nixenv

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"path/filepath"
	"strconv"
)

// format is the version of the key and of what is stored below it.
const format = 2

// keyOf identifies an evaluation by what decides its result: the contents of the
// files, their places relative to one another, what is asked of them, and the
// caller's salt. It is the same for equal contents in another directory, except
// for Nix files that are no flake: these may see where they lie and, through
// nixPath, the value of NIX_PATH, which names <nixpkgs>. Extra files are no
// part of it: which of them matter is known only from the evaluation, so each
// evaluation that is stored says for which contents of these it holds.
func keyOf(s Source, f Files, nixPath, salt string) string {
	h := sha256.New()
	field(h, "devsh nix", strconv.Itoa(format), salt)
	if s.Ref != "" {
		field(h, "ref", s.Ref)
		return hex.EncodeToString(h.Sum(nil))
	}
	rel, _ := filepath.Rel(f.Root, filepath.Join(s.Dir, s.File))
	field(h, "file", rel, "attr", s.Attr)
	if !s.isFlake() {
		field(h, "dir", s.Dir, "NIX_PATH", nixPath)
	}
	for _, file := range f.Files {
		if file.Extra {
			continue
		}
		field(h, file.Path, strconv.FormatBool(file.Present), string(file.Sum[:]))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// field adds strings to a hash so that no two sequences of them look alike.
func field(h hash.Hash, parts ...string) {
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s,", len(p), p)
	}
}
