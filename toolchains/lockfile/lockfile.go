package lockfile

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"slices"
	"time"
)

// Name is the file's name, beside devsh.toml or in devsh's configuration directory.
const Name = "devsh.lock"

// The backends that a tool can come from.
const (
	NPM   = "npm"
	Go    = "go"
	UV    = "uv"
	Cargo = "cargo"
	Nix   = "nix"
)

// Lock is the content of a devsh.lock.
type Lock struct {
	// Tools are sorted by name, each name once.
	Tools []Tool
}

// Tool is one tool in one version.
type Tool struct {
	Name string
	// From is the backend, Package what it is asked for: "prettier", or the
	// path of a Go program.
	From, Package string
	// Want is the constraint that the version was chosen by, "" for any: an
	// update keeps to it.
	Want string
	// Module is the Go module that the package is in.
	Module string
	// Flake is the reference of the nixpkgs that it is an attribute of, locked.
	Flake string
	// Version is as the backend writes it: "3.6.2", "v0.23.0".
	Version string
	// Hash is npm's integrity of the package itself, the module's h1 sum, the
	// SHA-256 of the crate or the flake's narHash; uv's are in Packages.
	Hash string
	// Published is when that version appeared, zero where it is not known.
	Published time.Time
	// Node is the range of versions of node that the package asks for.
	Node string
	// Scripts are the npm packages whose install scripts are run, or the crate
	// itself if what it is built of may run code.
	Scripts []string
	// With are npm packages that are installed beside it, and the versions that
	// they may have.
	With map[string]string
	// Static are variables by which a build is chosen that needs no interpreter
	// of ELF files: "{dir}" is the installation, "{cpu}" npm's name of the processor.
	Static map[string]string
	// Packages is all that npm or uv installs, the package itself included, sorted by path.
	Packages []Package
}

// Package is one package of npm's graph, as package-lock.json has it, or one that
// uv installs: that has a Version, Hashes and a Marker.
type Package struct {
	// Path is where it lies: "node_modules/a/node_modules/b"; uv's name of it.
	Path string
	// Name is set where it is not the path's last part.
	Name               string
	Version, Integrity string
	// Hashes are "sha256:…", of each file that it may be installed from, and
	// Marker says where it is installed at all: "sys_platform == 'win32'".
	Hashes []string
	Marker string
	// Optional says that it may fail to install, Bundled that it is part of
	// another's archive, Scripts that it has install scripts.
	Optional, Bundled, Scripts bool
	OS, CPU, Libc              []string
	// OptionalPeers are those of Peers that need not be there.
	OptionalPeers                    []string
	Bin, Needs, OptionalNeeds, Peers map[string]string
}

// Find returns the tool of a name, or nil.
func (l Lock) Find(name string) *Tool {
	for i := range l.Tools {
		if l.Tools[i].Name == name {
			return &l.Tools[i]
		}
	}
	return nil
}

// At returns the package of a name that the tool itself would find, or nil.
func (t Tool) At(name string) *Package {
	for i := range t.Packages {
		if t.Packages[i].Path == "node_modules/"+name {
			return &t.Packages[i]
		}
	}
	return nil
}

// With returns the lock with tools added, each in the place of one of its name.
func (l Lock) With(tools ...Tool) Lock {
	out := l
	for _, t := range tools {
		out = out.Without(t.Name)
		out.Tools = append(out.Tools, t)
	}
	slices.SortFunc(out.Tools, func(a, b Tool) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Without returns the lock without the tools of these names.
func (l Lock) Without(names ...string) Lock {
	keep := Lock{Tools: make([]Tool, 0, len(l.Tools))}
	for _, t := range l.Tools {
		if !slices.Contains(names, t.Name) {
			keep.Tools = append(keep.Tools, t)
		}
	}
	return keep
}

// Digest identifies a tool by all that the lock says of it, and by what it is
// bound to on this machine.
func (t Tool) Digest(bound ...string) string {
	text := Write(Lock{Tools: []Tool{t}})
	for _, b := range bound {
		text = append(append(text, 0), b...)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Change is a difference between two locks: Old is nil for a tool that was
// added, New for one that was removed.
type Change struct {
	Name     string
	Old, New *Tool
}

// Compare returns what is different, by name.
func Compare(old, now Lock) []Change {
	var out []Change
	for i, t := range old.Tools {
		switch n := now.Find(t.Name); {
		case n == nil:
			out = append(out, Change{t.Name, &old.Tools[i], nil})
		case !reflect.DeepEqual(t, *n):
			out = append(out, Change{t.Name, &old.Tools[i], n})
		}
	}
	for i, t := range now.Tools {
		if old.Find(t.Name) == nil {
			out = append(out, Change{t.Name, nil, &now.Tools[i]})
		}
	}
	slices.SortFunc(out, func(a, b Change) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// String says what changed, for people.
func (c Change) String() string {
	switch {
	case c.Old == nil:
		return c.Name + " " + c.New.Version + " added"
	case c.New == nil:
		return c.Name + " " + c.Old.Version + " removed"
	case c.Old.Version == c.New.Version:
		return c.Name + " " + c.New.Version + ": what it consists of changed"
	}
	return c.Name + " " + c.Old.Version + " → " + c.New.Version
}
