package find

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// cannotRun is why the system would not start a program, "" where nothing is
// known against it. Path is where env(1) would look.
func cannotRun(program string, path []string) string {
	h, err := os.Open(program)
	if err != nil {
		return "" // it may be executable and not readable
	}
	defer h.Close()
	head := make([]byte, 256)
	n, err := io.ReadFull(h, head)
	head = head[:n]
	switch {
	case n == 0 && err != nil && err != io.EOF:
		return ""
	case n == 0:
		return "an empty file"
	case bytes.HasPrefix(head, []byte("#!")):
		return scriptProblem(head, path)
	case bytes.HasPrefix(head, []byte(elf.ELFMAG)):
		return elfProblem(h)
	}
	return "neither a program nor a script that names its interpreter: a stub, or an installation that was not finished"
}

// scriptProblem looks for the interpreter that a script names.
func scriptProblem(head []byte, path []string) string {
	line, _, _ := bytes.Cut(head[2:], []byte("\n"))
	words := strings.Fields(string(line))
	if len(words) == 0 {
		return "a script without an interpreter"
	}
	if !exists(words[0]) {
		return fmt.Sprintf("a script of %s, which does not exist", words[0])
	}
	if filepath.Base(words[0]) != "env" {
		return ""
	}
	for _, word := range words[1:] {
		if strings.HasPrefix(word, "-") || strings.Contains(word, "=") {
			continue // env -S NAME=VALUE
		}
		if filepath.IsAbs(word) && exists(word) || onPath(word, path) {
			return ""
		}
		return fmt.Sprintf("a script of %s, which is not on PATH", word)
	}
	return ""
}

// elfProblem looks for the loader that a program names.
func elfProblem(h io.ReaderAt) string {
	f, err := elf.NewFile(h)
	if err != nil {
		return "a damaged program"
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP || p.Filesz > 4096 {
			continue
		}
		name := make([]byte, p.Filesz)
		if _, err := p.ReadAt(name, 0); err != nil {
			return "a damaged program"
		}
		loader := string(bytes.TrimRight(name, "\x00"))
		if !exists(loader) {
			return fmt.Sprintf("its loader %s does not exist here", loader)
		}
		// NixOS has one in that place that says only that nothing runs.
		if resolved, err := filepath.EvalSymlinks(loader); err == nil && strings.Contains(resolved, "stub-ld") {
			return "a program for other systems, and NixOS has no nix-ld here"
		}
	}
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func onPath(name string, path []string) bool {
	for _, dir := range path {
		info, err := os.Stat(filepath.Join(dir, name))
		if err == nil && filepath.IsAbs(dir) && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return true
		}
	}
	return false
}
