package arch

import (
	"slices"
	"strings"
	"testing"
)

// edge is an import: a package imports another. Packages of this module are
// named by their directory, "" being everything outside of it.
type edge struct{ from, to string }

// rule forbids imports. Only what is built into programs counts: tests may
// import what they need.
type rule struct {
	name    string
	forbids func(edge) bool
	why     string
	// broken is an import that the rule must find, so that no rule can become
	// one that finds nothing.
	broken edge
}

// The packages, by what they may touch.
var (
	pure = []string{
		"shell/env", "shell/render", "shell/manifest", "shell/envrc", "shell/nixenv/nixlog",
		"toolchains/document", "toolchains/lockfile", "toolchains/catalogue", "toolchains/detect", "toolchains/choose", "toolchains/prefix/plan",
		"dotfiles/tree", "dotfiles/merge",
	}
	base = []string{"shell/inputs", "shell/project", "shell/atomicfile", "shell/filelock", "shell/program"}
	// leaves rest on nothing of ours, and know nothing of shells.
	leaves = []string{"shell/atomicfile", "shell/filelock", "shell/program"}
)

// owners says which packages alone wrap a library: one of each folder at most,
// since folders do not share code.
var owners = map[string][]string{
	"github.com/spf13/viper":        {"cmd/internal/settings"},
	"github.com/spf13/cobra":        {"cmd/internal/cli"},
	"github.com/spf13/pflag":        {"cmd/internal/cli"},
	"github.com/BurntSushi/toml":    {"shell/manifest", "toolchains/document"},
	"github.com/creack/pty":         {"shell/session"},
	"github.com/fsnotify/fsnotify":  {"shell/watch"},
	"golang.org/x/mod/modfile":      {"toolchains/detect"},
	"github.com/Masterminds/semver": {"toolchains/install/npm"},
	"github.com/tailscale/hujson":   {"dotfiles/tree"},
}

var rules = []rule{
	{
		name:    "cmd is the top",
		forbids: func(e edge) bool { return !within(e.from, "cmd") && within(e.to, "cmd") },
		why:     "the domains work without a command line: tests, a daemon and other programs use them too",
		broken:  edge{"shell/trust", "cmd/internal/cli"},
	},
	{
		name: "one owner per library",
		forbids: func(e edge) bool {
			wraps, ok := owners[module(e.to)]
			return ok && !slices.Contains(wraps, e.from)
		},
		why:    "one package wraps a library, so that its types, globals and surprises stay in one place",
		broken: edge{"cmd/internal/cli", "github.com/spf13/viper"},
	},
	{
		name: "a pure package has no effects",
		forbids: func(e edge) bool {
			effects := []string{"os", "io/ioutil", "net", "syscall", "plugin", "golang.org/x/sys", "golang.org/x/term"}
			return isPure(e.from) && slices.ContainsFunc(effects, func(p string) bool { return within(e.to, p) })
		},
		why:    "pure packages take bytes, fs.FS, a clock and lookups as arguments: what they compute depends on nothing else",
		broken: edge{"shell/manifest", "os/exec"},
	},
	{
		name: "a pure package rests on pure ones",
		forbids: func(e edge) bool {
			return isPure(e.from) && ours(e.to) && !isPure(e.to)
		},
		why:    "by way of a package with effects it would have them too",
		broken: edge{"shell/render", "shell/inputs"},
	},
	{
		name:    "the environment rests on nothing",
		forbids: func(e edge) bool { return e.from == "shell/env" && (ours(e.to) || thirdParty(e.to)) },
		why:     "everybody shares its types: what it imports, everybody imports",
		broken:  edge{"shell/env", "shell/render"},
	},
	{
		name: "siblings in shell do not know each other",
		forbids: func(e edge) bool {
			if !within(e.from, "shell") || !within(e.to, "shell") || within(e.from, "shell/activation") {
				return false
			}
			return !isPure(e.to) && !slices.Contains(base, e.to) && family(e.from) != family(e.to)
		},
		why:    "only shell/activation composes the others: else their effects become one knot",
		broken: edge{"shell/nixenv", "shell/trust"},
	},
	{
		name: "folders meet in the environment and in leaves only",
		forbids: func(e edge) bool {
			if within(e.from, "cmd") || !ours(e.to) || top(e.from) == top(e.to) || e.to == "shell/env" || slices.Contains(leaves, e.to) {
				return false
			}
			return !(within(e.from, "hooks") && e.to == "shell/render")
		},
		why:    "toolchains, dotfiles and hooks can be read, tested and replaced one at a time; cmd brings them together",
		broken: edge{"hooks", "shell/activation"},
	},
	{
		name:    "a leaf rests on nothing of ours",
		forbids: func(e edge) bool { return slices.Contains(leaves, e.from) && ours(e.to) },
		why:     "all folders may use it, because it brings nothing else with it: a lock, a file that is wholly written, a program that ends",
		broken:  edge{"shell/filelock", "shell/env"},
	},
	{
		name: "the daemon has no command line and evaluates nothing",
		forbids: func(e edge) bool {
			if e.from != "cmd/internal/daemon" || !ours(e.to) {
				return e.from == "cmd/internal/daemon" && e.to == "os/exec"
			}
			return !slices.Contains([]string{"shell/activation", "shell/filelock", "shell/inputs", "shell/watch"}, e.to)
		},
		why:    "what it has done is what «devsh enter» does, in another process: nothing that a socket says can become a command, and no project can bring it down",
		broken: edge{"cmd/internal/daemon", "shell/nixenv"},
	},
	{
		name: "installing and keeping do not know each other",
		forbids: func(e edge) bool {
			kept := within(e.to, "toolchains/store") || within(e.to, "toolchains/toolset")
			return within(e.from, "toolchains/install") && kept ||
				within(e.from, "toolchains/store") && within(e.to, "toolchains") && e.to != e.from
		},
		why:    "a backend fills a directory, and the store keeps one: either can be replaced and tested alone; toolchains/toolset brings them together",
		broken: edge{"toolchains/store", "toolchains/install"},
	},
	{
		name: "test beds stay in tests",
		forbids: func(e edge) bool {
			return e.to == "testing" && !strings.HasSuffix(e.from, "test") || ours(e.to) && strings.HasSuffix(e.to, "test") && !strings.HasSuffix(e.from, "test")
		},
		why:    "what drives a test is not part of the program; such packages are named …test",
		broken: edge{"cmd/internal/cli", "shell/nixenv/nixtest"},
	},
}

func TestImports(t *testing.T) {
	for _, p := range load(t) {
		for _, to := range p.imports {
			for _, r := range rules {
				if e := (edge{p.dir, to}); r.forbids(e) {
					t.Errorf("%s imports %s\n\trule: %s\n\twhy: %s", e.from, e.to, r.name, r.why)
				}
			}
		}
	}
}

// TestRulesFindWhatTheyForbid tests the rules themselves.
func TestRulesFindWhatTheyForbid(t *testing.T) {
	for _, r := range rules {
		if !r.forbids(r.broken) {
			t.Errorf("%q does not find that %s imports %s", r.name, r.broken.from, r.broken.to)
		}
	}
	for _, e := range []edge{
		{"cmd/internal/cli", "shell/activation"}, {"cmd/internal/settings", "github.com/spf13/viper"},
		{"shell/activation", "shell/trust"}, {"shell/manifest", "shell/env"}, {"shell/trust", "shell/atomicfile"},
		{"hooks", "shell/env"}, {"shell/envrc", "shell/envrc/draft"}, {"toolchains/detect", "toolchains/catalogue"}, {"shell/manifest", "io/fs"},
		{"shell/nixenv/nixtest", "testing"}, {"shell/session", "github.com/creack/pty"},
		{"cmd/internal/daemon", "shell/watch"}, {"shell/watch", "github.com/fsnotify/fsnotify"},
		{"toolchains/document", "github.com/BurntSushi/toml"}, {"toolchains/detect", "golang.org/x/mod/modfile"},
		{"toolchains/toolset", "toolchains/store"}, {"toolchains/store", "shell/filelock"}, {"toolchains/install/npm", "toolchains/lockfile"},
	} {
		for _, r := range rules {
			if r.forbids(e) {
				t.Errorf("%q forbids that %s imports %s, which is as it should be", r.name, e.from, e.to)
			}
		}
	}
}

// TestRulesNameWhatThereIs keeps a renamed package from escaping its rules.
func TestRulesNameWhatThereIs(t *testing.T) {
	var dirs []string
	for _, p := range load(t) {
		dirs = append(dirs, p.dir)
	}
	named := slices.Concat(pure, base, leaves)
	for _, wraps := range owners {
		named = append(named, wraps...)
	}
	for _, dir := range named {
		if !slices.Contains(dirs, dir) {
			t.Errorf("a rule names %s, and there is no such package", dir)
		}
	}
}

// within reports whether a package is dir or below it.
func within(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

// top is the top-level folder of a package.
func top(path string) string {
	folder, _, _ := strings.Cut(path, "/")
	return folder
}

// isPure reports whether a package may have no effects: with all below it.
func isPure(path string) bool {
	return slices.ContainsFunc(pure, func(p string) bool { return within(path, p) })
}

// family is the folder below shell/ that a package belongs to.
func family(path string) string {
	parts := strings.SplitN(path, "/", 3)
	return strings.Join(parts[:min(2, len(parts))], "/")
}

// ours reports whether a package is of this module.
func ours(path string) bool {
	return slices.Contains([]string{"cmd", "shell", "toolchains", "dotfiles", "hooks", "nix"}, top(path))
}

func thirdParty(path string) bool { return strings.Contains(top(path), ".") }

// module is the library that a package belongs to, as far as owners names it.
func module(path string) string {
	for library := range owners {
		if within(path, library) {
			return library
		}
	}
	return ""
}
