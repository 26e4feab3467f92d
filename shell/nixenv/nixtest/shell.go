package nixtest

import (
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// Shell says what a sample shell is made of. The zero value is one without
// variables of its own.
type Shell struct {
	// Vars are attributes of the derivation: exported variables.
	Vars map[string]string
	// Nix are attributes as Nix expressions.
	Nix map[string]string
	// Hook is the shellHook.
	Hook string
	// Setup is bash that runs when the environment is made, behind what sets
	// PATH to $tools/bin:/usr/bin:/bin.
	Setup string
	// Builder is bash that builds a derivation the shell depends on; empty
	// means that there is none.
	Builder string
	// Attr is the name of the shell; empty means "default".
	Attr string
	// Inputs is text for the flake's top level, such as inputs.x.url = "...";
	// and Args are the further arguments of its outputs.
	Inputs string
	Args   []string
}

// System is nix's name for the machine that the tests run on.
func System() string {
	arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	return arch + "-" + runtime.GOOS
}

// Flake writes dir/flake.nix with the shells as its devShells.
func Flake(tb testing.TB, dir string, shells ...Shell) {
	tb.Helper()
	var inputs, attrs strings.Builder
	args := []string{"self"}
	for _, s := range shells {
		inputs.WriteString(s.Inputs)
		args = append(args, s.Args...)
		attr := s.Attr
		if attr == "" {
			attr = "default"
		}
		fmt.Fprintf(&attrs, "    devShells.%s.%s = %s;\n", System(), attr, s.Expression())
	}
	Write(tb, filepath.Join(dir, "flake.nix"), fmt.Sprintf("{\n  %s\n  outputs = { %s }: {\n%s  };\n}\n",
		inputs.String(), strings.Join(args, ", "), attrs.String()))
}

// File writes a Nix file that is the shell.
func File(tb testing.TB, name string, s Shell) {
	tb.Helper()
	Write(tb, name, s.Expression()+"\n")
}

// Expression returns the shell as a Nix expression.
func (s Shell) Expression() string {
	var b strings.Builder
	b.WriteString("derivation {\n")
	attr := func(name, expression string) { fmt.Fprintf(&b, "      %s = %s;\n", name, expression) }
	attr("name", `"sample-shell"`)
	attr("system", Quote(System()))
	attr("builder", `"/bin/bash"`)
	attr("outputs", `[ "out" ]`)
	attr("stdenv", drv("stdenv", "PATH=/usr/bin:/bin; mkdir $out; printf '%s' \"$setup\" >$out/setup", "setup = "+Quote(
		"export PATH=$stdenv/tools/bin:/usr/bin:/bin\nexport XDG_DATA_DIRS=$stdenv/share\n"+s.Setup)+";"))
	if s.Builder != "" {
		attr("dependency", drv("dependency-1.2", s.Builder, ""))
	}
	if s.Hook != "" {
		attr("shellHook", Quote(s.Hook))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Vars)) {
		attr(name, Quote(s.Vars[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Nix)) {
		attr(name, s.Nix[name])
	}
	b.WriteString("    }")
	return b.String()
}

// drv returns a derivation as an expression. The builder ends by exit: bash
// would exec the last program, which some machines kill.
func drv(name, builder, more string) string {
	return fmt.Sprintf(`derivation { name = %s; system = %s; builder = "/bin/bash"; args = [ "-c" %s ]; %s }`,
		Quote(name), Quote(System()), Quote(builder+"\nexit 0\n"), more)
}

// Quote returns s as a Nix string.
func Quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "${", `\${`).Replace(s) + `"`
}
