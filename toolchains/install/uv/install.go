package uv

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// venv is the virtual environment within an installation.
const venv = "venv"

// Install makes a virtual environment with what the lock says, and nothing else.
func (b *Backend) Install(ctx context.Context, tool lockfile.Tool, dir, final string, p install.Progress) (map[string]string, error) {
	doing := fmt.Sprintf("install %s %s from PyPI", tool.Package, tool.Version)
	py, err := b.about(ctx)
	if err != nil {
		return nil, err
	}
	work, remove, err := b.scratch(write(tool))
	if err != nil {
		return nil, err
	}
	defer remove()
	p.Tell(install.Installing)
	if _, err := b.command(doing, work, "venv", "--quiet", "--no-project", "--offline", "--python", py.Path, filepath.Join(dir, venv)).Run(ctx); err != nil {
		return nil, err
	}
	err = b.cached(ctx, b.command(doing, work, "pip", "install", "--quiet", "--python", filepath.Join(dir, venv, "bin/python"),
		"--require-hashes", "--no-deps", "--no-build", "--link-mode", "copy", "--compile-bytecode", "-r", requirementsName))
	if err != nil {
		return nil, err
	}
	p.Tell(install.Checking)
	bins, err := link(tool, dir, final)
	if err != nil {
		return nil, &install.Error{Doing: doing, Err: err}
	}
	return bins, nil
}

// link makes bin/ of the programs that the package itself brings, and links to
// what people and shells read.
func link(tool lockfile.Tool, dir, final string) (map[string]string, error) {
	names, err := scripts(tool.Package, filepath.Join(dir, venv))
	if err != nil {
		return nil, err
	}
	if err := move(filepath.Join(dir, venv, "bin"), dir, final); err != nil {
		return nil, err
	}
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o700); err != nil {
		return nil, err
	}
	bins := map[string]string{}
	for _, name := range names {
		bins[name] = path.Join(venv, "bin", name)
		if err := launch(name, dir, final); err != nil {
			return nil, err
		}
	}
	for _, sub := range install.Shared() {
		files, _ := filepath.Glob(filepath.Join(dir, venv, sub, "*")) // the pattern is right
		for _, file := range files {
			at := filepath.Join(dir, sub, filepath.Base(file))
			up := strings.Repeat("../", strings.Count(sub, "/")+1)
			if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o700), os.Symlink(filepath.Join(up, venv, sub, filepath.Base(file)), at)); err != nil {
				return nil, err
			}
		}
	}
	return bins, nil
}

// launch makes bin/NAME: what Python runs is started by the python of the
// environment, and no variable of a project's says where its modules are.
func launch(name, dir, final string) error {
	at, target := filepath.Join(dir, "bin", name), filepath.Join(venv, "bin", name)
	first, err := head(filepath.Join(dir, target))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil // the store says so, in words
	case err != nil:
		return err
	case !bytes.HasPrefix(first, []byte("#!")) || !bytes.Contains(first, []byte("python")):
		return os.Symlink(filepath.Join("..", target), at)
	}
	return install.WriteLauncher(at, nil, filepath.Join(final, venv, "bin/python"), "-E", filepath.Join(final, target))
}

// head is the beginning of a file: enough for a shebang, also one that sh has to
// read since its path is long.
func head(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, _ := bufio.NewReaderSize(f, 1024).Peek(1024) // or less, where it is short
	return text, nil
}

// move has the scripts of an environment that was made in dir name final, where
// it will lie.
func move(bin, dir, final string) error {
	files, err := os.ReadDir(bin)
	if err != nil {
		return err
	}
	for _, f := range files {
		file := filepath.Join(bin, f.Name())
		info, err := os.Lstat(file)
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() || info.Size() > 1<<20 {
			continue // python itself, or a program
		}
		text, err := os.ReadFile(file)
		if err == nil && bytes.Contains(text, []byte(dir)) {
			err = os.WriteFile(file, bytes.ReplaceAll(text, []byte(dir), []byte(final)), info.Mode().Perm())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// scripts are the programs that a package brought, as its RECORD names them.
func scripts(pkg, env string) ([]string, error) {
	records, err := filepath.Glob(filepath.Join(env, "lib/python*/site-packages/*.dist-info/RECORD"))
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, record := range records {
		name, _, _ := strings.Cut(filepath.Base(filepath.Dir(record)), "-")
		if lockfile.Normal(name) != lockfile.Normal(pkg) {
			continue
		}
		text, err := os.ReadFile(record)
		if err != nil {
			return nil, err
		}
		for line := range strings.SplitSeq(string(text), "\n") {
			file, _, _ := strings.Cut(line, ",")
			if rest, ok := strings.CutPrefix(file, "../../../bin/"); ok && rest != "" && rest == path.Base(rest) && !strings.HasPrefix(rest, ".") {
				names[rest] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}
