package find

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/toolchains/document"
)

// Rustup says where rustup keeps its toolchains and which one is asked for. Its
// programs are all one proxy, which fails where the toolchain lacks the real one.
type Rustup struct {
	// Home is RUSTUP_HOME.
	Home string
	// Toolchain is the one that the environment or the project names, "" for
	// rustup's default.
	Toolchain string
}

// component says which component brings a program.
func component(bin string) string {
	switch bin {
	case "cargo-clippy", "clippy-driver":
		return "clippy"
	case "cargo-fmt":
		return "rustfmt"
	}
	return bin
}

// proxied are the programs that rustup stands in for.
func proxied(bin string) bool {
	return slices.Contains([]string{"rustc", "rustdoc", "cargo", "rustfmt", "cargo-fmt", "cargo-clippy", "clippy-driver", "rust-analyzer", "rust-gdb", "rust-lldb"}, bin)
}

// proxy reports whether a program is rustup's: a link to it, or the same file.
func (r Rustup) proxy(path, bin string) bool {
	if !proxied(bin) {
		return false
	}
	if resolved, err := filepath.EvalSymlinks(path); err == nil && slices.Contains([]string{"rustup", "rustup-init"}, filepath.Base(resolved)) {
		return true
	}
	one, err1 := os.Stat(path)
	other, err2 := os.Stat(filepath.Join(filepath.Dir(path), "rustup"))
	return err1 == nil && err2 == nil && os.SameFile(one, other)
}

// Installed is the toolchain that is asked for, or rustup's default, by its full
// name; "" where it is not installed.
func (r Rustup) Installed() string {
	wanted := r.Toolchain
	if wanted == "" {
		wanted = r.byDefault()
	}
	dir, ok := r.installed(wanted)
	if !ok {
		return ""
	}
	return filepath.Base(dir)
}

// missing is why a proxy would fail, and what to type about it.
func (r Rustup) missing(bin string) (problem, hint string) {
	wanted := r.Toolchain
	if wanted == "" {
		wanted = r.byDefault()
	}
	if wanted == "" {
		return "a rustup proxy, and rustup has no default toolchain", "rustup default stable"
	}
	dir, ok := r.installed(wanted)
	if !ok {
		return fmt.Sprintf("a rustup proxy; the toolchain %s is not installed", wanted), "rustup toolchain install " + wanted
	}
	if info, err := os.Stat(filepath.Join(dir, "bin", bin)); err != nil || info.Mode()&0o111 == 0 {
		return "a rustup proxy; its component is not installed in " + filepath.Base(dir), "rustup component add " + component(bin)
	}
	return "", ""
}

// byDefault reads which toolchain rustup takes by itself.
func (r Rustup) byDefault() string {
	file := filepath.Join(r.Home, "settings.toml")
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() || info.Size() > document.MaxFile {
		return ""
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	d, err := document.Parse(file, data)
	if err != nil {
		return ""
	}
	v, _ := document.Lookup(d.Tree(), "default_toolchain")
	name, _ := v.(string)
	if !plain(name) {
		return ""
	}
	return name
}

// installed is the directory of a toolchain: of that name, or of that channel
// for this system.
func (r Rustup) installed(name string) (string, bool) {
	if !plain(name) {
		return "", false
	}
	top := filepath.Join(r.Home, "toolchains")
	entries, _ := os.ReadDir(top) // sorted
	for _, e := range entries {
		if e.Name() == name {
			return filepath.Join(top, name), true
		}
	}
	for _, e := range entries {
		// "1.80" is "1.80.0-x86_64-…"
		for _, prefix := range []string{name + "-", name + ".0-"} {
			// A date or "beta.1" would be another channel.
			if rest, ok := strings.CutPrefix(e.Name(), prefix); ok && strings.Count(rest, "-") >= 2 && !strings.HasPrefix(rest, "20") {
				return filepath.Join(top, e.Name()), true
			}
		}
	}
	return "", false
}
