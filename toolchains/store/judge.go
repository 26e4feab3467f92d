package store

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Unfit says that a tool was installed and cannot run here.
type Unfit struct{ Tool, Reason, Hint string }

func (u *Unfit) Error() string { return fmt.Sprintf("%s: %s", u.Tool, u.Reason) }

// maxStub is how long a stub is at most: a script that stands where a program
// would be if the package's install scripts had run.
const maxStub = 4 << 10

// stubWords are what stubs say of themselves.
var stubWords = []string{"postinstall", "ignore-scripts", "install script", "native binary not installed"}

// judge finds out whether the programs can run on this system.
func (e *Entry) judge() error {
	for _, name := range slices.Sorted(maps.Keys(e.Bins)) {
		path := filepath.Join(e.Dir, e.Bins[name])
		x, err := readELF(path)
		if err != nil {
			return fmt.Errorf("look at %s of %s: %w", name, e.Name, err)
		}
		switch {
		case x.elf && !x.ours:
			return &Unfit{Tool: e.Name, Reason: fmt.Sprintf("%s is built for another processor", name)}
		case x.elf && !hasInterpreter(x.interpreter):
			return noInterpreter(e.Name, name, x.interpreter)
		case !x.elf && isStub(path):
			return &Unfit{
				Tool: e.Name, Reason: fmt.Sprintf("%s is a stub: it would be put in place by an install script, and those are not run", name),
				Hint: "allow the package's scripts by name: --allow-scripts PACKAGE",
			}
		}
	}
	return e.judgeInner()
}

// judgeInner looks at the programs that scripts may start. A package may have
// builds for several systems: it is unfit if there are some and none can run.
func (e *Entry) judgeInner() error {
	able, missing := 0, map[string]string{}
	err := filepath.WalkDir(e.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		x, err := readELF(path)
		switch {
		case err != nil:
			return err
		case !x.program || !x.ours:
		case hasInterpreter(x.interpreter):
			able++
		default:
			rel, _ := filepath.Rel(e.Dir, path) // both are absolute
			missing[rel] = x.interpreter
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look at the programs of %s: %w", e.Name, err)
	}
	for _, file := range slices.Sorted(maps.Keys(missing)) {
		if able == 0 {
			return noInterpreter(e.Name, file, missing[file])
		}
		e.Notes = append(e.Notes, fmt.Sprintf("%s cannot run here: it needs %s", file, missing[file]))
	}
	return nil
}

func noInterpreter(tool, file, interpreter string) error {
	return &Unfit{
		Tool: tool, Reason: fmt.Sprintf("%s cannot run on this system: it is linked for %s, which is not there", file, interpreter),
		Hint: "on NixOS: take it from nixpkgs, or enable programs.nix-ld",
	}
}

// hasInterpreter reports whether a program's ELF interpreter works: "" is none
// needed. NixOS has one in the usual place that only says that it does not.
func hasInterpreter(path string) bool {
	if path == "" {
		return true
	}
	real, err := filepath.EvalSymlinks(path)
	return err == nil && !strings.Contains(real, "stub-ld")
}

// StartsPrograms reports whether this system starts programs that were not built
// for it: whether the usual interpreter of ELF files is there.
func StartsPrograms() bool {
	return hasInterpreter(map[string]string{"amd64": "/lib64/ld-linux-x86-64.so.2", "arm64": "/lib/ld-linux-aarch64.so.1"}[runtime.GOARCH])
}

// executable is what an ELF file says of itself.
type executable struct {
	elf     bool
	program bool // it can be started, unlike a library
	ours    bool // it is for this machine
	// interpreter is what starts it, "" if nothing has to.
	interpreter string
	libraries   []string // where it looks for its libraries
}

func readELF(path string) (executable, error) {
	file, err := os.Open(path)
	if err != nil {
		return executable{}, err
	}
	defer file.Close()
	magic := make([]byte, 4)
	if _, err := io.ReadFull(file, magic); err != nil || string(magic) != elf.ELFMAG {
		return executable{}, nil // too short is no ELF either
	}
	f, err := elf.NewFile(file)
	if err != nil {
		return executable{}, nil // and what is broken cannot be judged
	}
	machines := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64, "386": elf.EM_386, "arm": elf.EM_ARM, "riscv64": elf.EM_RISCV}
	x := executable{elf: true, ours: f.Machine == machines[runtime.GOARCH], program: f.Type == elf.ET_EXEC, libraries: libraries(f)}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP && p.Filesz < 4096 {
			text := make([]byte, p.Filesz)
			if _, err := p.ReadAt(text, 0); err != nil {
				return x, nil
			}
			x.program, x.interpreter = true, string(bytes.TrimRight(text, "\x00"))
		}
	}
	if flags, err := f.DynValue(elf.DT_FLAGS_1); err == nil && len(flags) > 0 && elf.DynFlag1(flags[0])&elf.DF_1_PIE != 0 {
		x.program = true // static, and anywhere in memory
	}
	return x, nil
}

// isStub reports whether a script only says that an install script did not run.
func isStub(path string) bool {
	info, err := os.Stat(path)
	if err != nil || info.Size() > maxStub {
		return false
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	// What prints and fails, and does nothing else.
	lower := strings.ToLower(string(text))
	if !strings.Contains(lower, "exit 1") && !strings.Contains(lower, "process.exit(1)") {
		return false
	}
	return slices.ContainsFunc(stubWords, func(w string) bool { return strings.Contains(lower, w) })
}
