package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// File is a deciding input of a place.
type File struct {
	// Path is relative to the place; a file elsewhere has its absolute path.
	Path    string
	Exists  bool
	Content []byte
	// Vars are the assignments of an [env] file, as text. A change of these
	// alone needs no new permission while none of them can make code run.
	Vars map[string]string
	// EnvFile marks such a file, also when it is missing or empty.
	EnvFile bool
	// Unreadable says why an [env] file cannot be read as variables, without
	// its text, which may hold secrets. Nothing of it is used, so that allowing
	// it allows nothing; what it says once it can be read is asked about.
	Unreadable string
}

// Inputs are all deciding inputs of one place: a directory with a devsh.toml,
// flake.nix or shell.nix.
type Inputs struct {
	Dir   string // resolved
	Files []File
	// Partial says that a layer is off, whose files are not among these: that
	// they are not here does not make the place another one.
	Partial bool
}

// Digest identifies the place and the content of its deciding inputs. It is
// what `devsh status` shows and what an agent must repeat to allow. Of [env]
// files it holds what matters for permission: which variables there are, and
// the values of those that are risky. Other values may be secrets, which a
// digest that is shown could be guessed from.
func (in Inputs) Digest(risky func(name string) bool) string {
	h := sha256.New()
	fmt.Fprintf(h, "devsh trust 1\n%q\n", in.Dir)
	for _, f := range in.sorted() {
		sum := sha256.Sum256(f.Content)
		fmt.Fprintf(h, "%q %t %x %t\n", f.Path, f.Exists, sum, f.Unreadable != "")
		for _, name := range slices.Sorted(maps.Keys(f.Vars)) {
			if risky(name) {
				fmt.Fprintf(h, " %q %q\n", name, f.Vars[name])
			} else {
				fmt.Fprintf(h, " %q\n", name)
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (in Inputs) sorted() []File {
	return slices.SortedFunc(slices.Values(in.Files), func(a, b File) int {
		return strings.Compare(a.Path, b.Path)
	})
}
