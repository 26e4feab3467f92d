package scripttest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// bed is a directory of programs that is all of a script's PATH.
type bed struct {
	t   *testing.T
	bin string
	log string // what was called, a line for each
}

func newBed(t *testing.T) *bed {
	t.Helper()
	dir := t.TempDir()
	b := &bed{t: t, bin: filepath.Join(dir, "bin"), log: filepath.Join(dir, "log")}
	if err := os.Mkdir(b.bin, 0o755); err != nil {
		t.Fatal(err)
	}
	return b
}

// program puts a program there, whose body is sh code.
func (b *bed) program(name, body string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.bin, name), []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		b.t.Fatal(err)
	}
}

// noting puts programs there that note their arguments and do nothing else.
func (b *bed) noting(names ...string) {
	b.t.Helper()
	for _, name := range names {
		b.program(name, note(b, name))
	}
}

// note is sh code that notes a call: its words, apart by "|".
func note(b *bed, name string) string {
	return "{ printf '%s' " + name + "; [ $# = 0 ] || printf '|%s' \"$@\"; echo; } >>'" + b.log + "'"
}

// real puts links to this machine's programs there.
func (b *bed) real(names ...string) {
	b.t.Helper()
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			b.t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(b.bin, name)); err != nil {
			b.t.Fatal(err)
		}
	}
}

// run runs a script of scripts/ and returns what it says and its exit code.
// What it reads is stdin; nil is nothing.
func (b *bed) run(stdin *os.File, environ []string, script string, args ...string) (output string, code int) {
	b.t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		b.t.Fatal(err)
	}
	path, err := filepath.Abs("../../../scripts/" + script)
	if err != nil {
		b.t.Fatal(err)
	}
	cmd := exec.CommandContext(b.t.Context(), sh, append([]string{path}, args...)...)
	cmd.Dir = b.t.TempDir()
	cmd.Env = append([]string{"PATH=" + b.bin}, environ...)
	if stdin != nil {
		cmd.Stdin = stdin
	}
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		b.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// called is what was called, in order.
func (b *bed) called() []string {
	b.t.Helper()
	text, err := os.ReadFile(b.log)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}
