package settings

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/viper"

	"github.com/hbohlen/devsh/shell/manifest"
)

// Settings is what the user has decided.
type Settings struct {
	// File is where the settings are read from; it need not exist.
	File string
	// Digest is the SHA-256 of the file's content in hexadecimal, "" without a file.
	Digest string
	// Roots are the trees that devsh governs, absolute and clean, links not resolved.
	Roots []string
	// Message says how much the hook tells.
	Message Message
	// TrustedRoots are trees in which every project is trusted without asking.
	TrustedRoots []string
	// LayersOff holds the layers that are switched off.
	LayersOff map[string]bool
	// ShellHookTimeout is how long a shellHook may run.
	ShellHookTimeout time.Duration
	// CaptureTimeout is how long a shell that nobody sits at, such as one that
	// an editor reads an environment from, waits for what is being built.
	CaptureTimeout time.Duration
	// Missing says what happens about tools that a project could use and that
	// are nowhere: activation.MissingTell or another.
	Missing string
	// Prefixes says that environments have the places of global installs.
	Prefixes bool
	// Daemon says that the daemon is started when there is something for it.
	Daemon bool
	// DaemonOnBattery says that it makes environments ahead also there.
	DaemonOnBattery bool
	// Nixpkgs is the flake that tools are taken from, "" for nix's own.
	Nixpkgs string
	// Default is the shell that is active in every place under a root.
	Default Default
	// Apart names the flags and variables because of which these settings are
	// not those of the file. What is computed with them is for one process:
	// shells share what they are given, so theirs follows the file alone.
	Apart []string
}

// Default is the default shell of the roots.
type Default struct {
	// Flake is a flake reference with its home directory expanded, or "".
	Flake string
	// Manifest holds env, path, lists and aliases; nil where there are none.
	Manifest *manifest.Manifest
}

// Message says how much the hook tells.
type Message string

// The values of [Message].
const (
	Quiet   Message = "quiet"
	Normal  Message = "normal"
	Verbose Message = "verbose"
)

// Options are the sources of the settings.
type Options struct {
	// Home is the user's home directory, absolute.
	Home string
	// ConfigHome is XDG_CONFIG_HOME; where it is not absolute, ~/.config is
	// taken, as the XDG base directory specification demands.
	ConfigHome string
	// Getenv looks up DEVSH_* variables; an empty one counts as not set. Nil: there are none.
	Getenv func(string) string
	// Flags win over everything else.
	Flags Flags
	// ReadFile is [os.ReadFile], or like it.
	ReadFile func(string) ([]byte, error)
}

// Flags are settings from the command line; nil and "" are not given.
type Flags struct {
	Roots     []string
	LayersOff []string
}

// SourceError says what is wrong with a setting that is not from the file;
// errors about the file's content are [*manifest.Error].
type SourceError struct {
	// Source is a variable's or a flag's name.
	Source    string
	Msg, Hint string
}

func (e *SourceError) Error() string { return e.Source + ": " + e.Msg }

// Load reads the settings. A missing file is as good as an empty one; a file
// that cannot be read or understood is an error.
func Load(o Options) (*Settings, error) {
	if !filepath.IsAbs(o.Home) {
		return nil, fmt.Errorf("settings: the home directory %q is not absolute", o.Home)
	}
	if !filepath.IsAbs(o.ConfigHome) {
		o.ConfigHome = filepath.Join(o.Home, ".config")
	}
	s := &Settings{File: filepath.Join(o.ConfigHome, "devsh", "config.toml")}
	data, err := o.ReadFile(s.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("settings: %w", err)
	default:
		sum := sha256.Sum256(data)
		s.Digest = hex.EncodeToString(sum[:])
	}
	doc, err := manifest.ParseDocument(s.File, data)
	if err != nil {
		return nil, err
	}
	v, err := layer(doc, o)
	if err != nil {
		return nil, err
	}
	if s.Default, err = readDefault(doc, o.Home); err != nil {
		return nil, err
	}
	s.fill(v)
	shared, err := layer(doc, Options{Home: o.Home})
	if err != nil {
		return nil, err
	}
	s.Apart = apart(v, shared, o)
	return s, nil
}

// apart names the sources of what is not as in the file.
func apart(v, shared *viper.Viper, o Options) []string {
	var names []string
	flags := o.Flags.byKey()
	for _, s := range all {
		is, was := v.GetStringSlice(s.key), shared.GetStringSlice(s.key)
		slices.Sort(is)
		slices.Sort(was)
		switch {
		case slices.Equal(is, was):
		case flags[s.key] != nil:
			names = append(names, s.flag)
		default:
			names = append(names, s.env)
		}
	}
	return names
}

// byKey returns the flags that were given, by the settings' names.
func (f Flags) byKey() map[string][]string {
	return map[string][]string{"roots": f.Roots, "layers.off": f.LayersOff}
}

// fill takes over the values, which are checked already.
func (s *Settings) fill(v *viper.Viper) {
	s.Roots = v.GetStringSlice("roots")
	s.Message = Message(v.GetString("message"))
	s.Missing = v.GetString("tools.missing")
	s.Prefixes = v.GetBool("tools.prefixes")
	s.TrustedRoots = v.GetStringSlice("trust.roots")
	s.ShellHookTimeout = v.GetDuration("shell_hook.timeout")
	s.CaptureTimeout = v.GetDuration("capture.timeout")
	s.Daemon, s.DaemonOnBattery = v.GetBool("daemon.enabled"), v.GetBool("daemon.on_battery")
	s.Nixpkgs = v.GetString("tools.nixpkgs")
	s.LayersOff = map[string]bool{}
	for _, name := range v.GetStringSlice("layers.off") {
		s.LayersOff[name] = true
	}
}
