// Package sample makes what devsh is measured on: a project with a rich
// environment, written for devsh and for other tools, and a state directory
// that knows many projects.
//
// It owns the sizes that the measures are about. It must not measure.
package sample

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// How rich the environment is.
const (
	Vars    = 70
	Entries = 60 // in front of PATH
)

// Name is the name of the project's variable i, Value its value.
func Name(i int) string { return fmt.Sprintf("SAMPLE_%02d", i) }

// Value is what the project sets its variable i to: of a usual length, with
// characters that have to be quoted.
func Value(i int) string { return fmt.Sprintf("value %02d of $this 'project', --with=options", i) }

// entry is the directory i that goes in front of PATH, relative to the project.
func entry(i int) string { return fmt.Sprintf("tools/tool-%02d-1.2.3/bin", i) }

// Project makes the directory of a project, with a subdirectory named sub and
// the directories that go on PATH, and writes files for it.
func Project(dir string, files map[string]string) error {
	dirs := []string{"sub"}
	for i := range Entries {
		dirs = append(dirs, entry(i))
	}
	for _, sub := range dirs {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// DevshToml is the environment as devsh.toml.
func DevshToml() string {
	var b strings.Builder
	b.WriteString("[env]\n")
	for i := range Vars {
		fmt.Fprintf(&b, "%s = \"\"\"%s\"\"\"\n", Name(i), Value(i))
	}
	b.WriteString("[path]\nprepend = [\n")
	for i := range Entries {
		fmt.Fprintf(&b, "  %q,\n", entry(i))
	}
	b.WriteString("]\n")
	return b.String()
}

// Envrc is the same for direnv, in the plainest and fastest way that bash has.
func Envrc(dir string) string {
	var b strings.Builder
	for i := range Vars {
		fmt.Fprintf(&b, "export %s='%s'\n", Name(i), strings.ReplaceAll(Value(i), "'", `'\''`))
	}
	b.WriteString("export PATH=")
	for i := range Entries {
		fmt.Fprintf(&b, "%s:", filepath.Join(dir, entry(i)))
	}
	b.WriteString("$PATH\n")
	return b.String()
}

// MiseToml is the same for mise.
func MiseToml(dir string) string {
	var b strings.Builder
	b.WriteString("[env]\n")
	for i := range Vars {
		fmt.Fprintf(&b, "%s = \"\"\"%s\"\"\"\n", Name(i), Value(i))
	}
	b.WriteString("_.path = [\n")
	for i := range Entries {
		fmt.Fprintf(&b, "  %q,\n", filepath.Join(dir, entry(i)))
	}
	b.WriteString("]\n")
	return b.String()
}

// Flake is the same as a Nix flake that needs no network and no nixpkgs: a
// derivation whose builder is /bin/bash.
func Flake(dir string) string {
	quote := func(s string) string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "${", `\${`).Replace(s) + `"`
	}
	setup := "export PATH="
	for i := range Entries {
		setup += filepath.Join(dir, entry(i)) + ":"
	}
	setup += "/usr/bin:/bin\n"
	system := strings.NewReplacer("amd64", "x86_64", "arm64", "aarch64").Replace(runtime.GOARCH) + "-" + runtime.GOOS
	var b strings.Builder
	fmt.Fprintf(&b, "{\n  outputs = { self }: {\n    devShells.%s.default = derivation {\n", system)
	fmt.Fprintf(&b, "      name = \"sample-shell\"; system = %q; builder = \"/bin/bash\"; outputs = [ \"out\" ];\n", system)
	fmt.Fprintf(&b, "      stdenv = derivation {\n        name = \"stdenv\"; system = %q; builder = \"/bin/bash\"; setup = %s;\n", system, quote(setup))
	fmt.Fprintf(&b, "        args = [ \"-c\" %s ];\n      };\n", quote("PATH=/usr/bin:/bin; mkdir $out; printf '%s' \"$setup\" >$out/setup\nexit 0\n"))
	for i := range Vars {
		fmt.Fprintf(&b, "      %s = %s;\n", Name(i), quote(Value(i)))
	}
	b.WriteString("    };\n  };\n}\n")
	return b.String()
}
