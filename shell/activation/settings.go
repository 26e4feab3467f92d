package activation

import (
	"slices"
	"time"

	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/manifest"
)

// Settings are the user's own, as far as they matter here.
type Settings struct {
	// Digest identifies what the settings say, flags and DEVSH_* included: an
	// entry that was made with others is not true.
	Digest       string
	Files        []inputs.File // the settings' files, as they were before they were read: inputs of everything
	Roots        []string
	TrustedTrees []string
	LayersOff    map[string]bool
	DefaultFlake string             // the root's default shell: a flake reference,
	Default      *manifest.Manifest // a table, or both
	Verbose      bool
	Missing      string // MissingTell or another
	HookTimeout  time.Duration
	// Apart says that these settings are this process's and not those that all
	// shells share: what is computed is published for nobody.
	Apart bool
}

// off reports whether the user has switched a layer off.
func (s Settings) off(layer string) bool { return s.LayersOff[layer] }

// changed reports whether they were changed after they were read.
func (s Settings) changed() bool {
	return slices.ContainsFunc(s.Files, func(f inputs.File) bool { return !f.Same() })
}
