package prefix

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hbohlen/devsh/shell/atomicfile"
	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/inputs"
)

// bed is a user with a home of its own, and the system's programs.
type bed struct {
	*Prefixes
	t    *testing.T
	home string
	sys  string // a directory outside of the home
	// self has commands run by who runs the tests, not by a user to whom the
	// system does not belong.
	self bool
}

func newBed(t *testing.T, path string) *bed {
	t.Helper()
	home, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &bed{Prefixes: &Prefixes{
		Environ: map[string]string{"HOME": home, "PATH": path}, Memory: filepath.Join(home, ".cache/devsh/prefix"),
		Read: inputs.ReadOwn, Write: atomicfile.Write,
	}, t: t, home: home, sys: t.TempDir()}
}

// system is a PATH with nothing of the user's.
func system(t *testing.T, programs ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, p := range programs {
		at, err := exec.LookPath(p)
		if err != nil {
			t.Fatal(err)
		}
		if at, err = filepath.EvalSymlinks(at); err != nil {
			t.Fatal(err)
		}
		// node finds npm beside itself by what a link leads to, so links serve.
		if err := os.Symlink(at, filepath.Join(dir, p)); err != nil {
			t.Fatal(err)
		}
	}
	return dir + ":/usr/bin:/bin"
}

func (b *bed) layer() *Layer {
	b.t.Helper()
	l, err := b.Layer(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return l
}

// inside is the environment of a shell that has the layer; first are directories
// that something within put before it.
func (b *bed) inside(l *Layer, first ...string) env.Env {
	e := env.Enter(env.Env(b.Environ), l.Delta, "/g", "/p")
	e["PATH"] = strings.Join(append(first, e["PATH"]), ":")
	return e
}

// run runs a command as a user to whom the system does not belong.
func (b *bed) run(e env.Env, dir string, argv ...string) (string, error) {
	b.t.Helper()
	path := argv[0]
	for d := range strings.SplitSeq(e["PATH"], ":") {
		if info, err := os.Stat(filepath.Join(d, argv[0])); err == nil && !info.IsDir() && !filepath.IsAbs(path) {
			path = filepath.Join(d, argv[0])
		}
	}
	cmd := exec.CommandContext(b.t.Context(), path, argv[1:]...)
	cmd.Dir, cmd.Env = dir, e.List()
	if os.Geteuid() == 0 && !b.self {
		b.give(b.home)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%q: %w\n%s", argv, err, out)
	}
	if os.Geteuid() == 0 {
		chown(b.t, b.home, 0)
	}
	return strings.TrimSpace(string(out)), err
}

const nobody = 65534

// give gives a tree to the user that commands are run as.
func (b *bed) give(dir string) {
	chown(b.t, dir, nobody)
	for d := filepath.Dir(dir); d != filepath.Dir(os.TempDir()) && d != "/"; d = filepath.Dir(d) {
		if info, err := os.Stat(d); err == nil && info.Mode().Perm()&0o005 != 0o005 {
			if err := os.Chmod(d, info.Mode().Perm()|0o055); err != nil {
				b.t.Fatal(err)
			}
		}
	}
}

func chown(t *testing.T, dir string, uid int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			err = os.Lchown(path, uid, uid)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bed) must(e env.Env, dir string, argv ...string) string {
	b.t.Helper()
	out, err := b.run(e, dir, argv...)
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// with is the environment with variables.
func with(e env.Env, vars map[string]string) env.Env {
	e = e.Clone()
	maps.Copy(e, vars)
	return e
}

// write writes files, by name, below the home where it is relative; #! makes a
// program.
func (b *bed) write(files map[string]string) {
	b.t.Helper()
	for name, text := range files {
		at := name
		if !filepath.IsAbs(at) {
			at = filepath.Join(b.home, name)
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(text, "#!") {
			mode = 0o755
		}
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			b.t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), mode); err != nil {
			b.t.Fatal(err)
		}
	}
}

// pack makes a package of npm with a program and a man page, and returns its path.
func (b *bed) pack(name string) string {
	b.t.Helper()
	b.write(map[string]string{
		name + "/package.json":   fmt.Sprintf(`{"name":%q,"version":"1.0.0","bin":{%q:"cli.js"},"man":[%q]}`, name, name, name+".1"),
		name + "/cli.js":         "#!/usr/bin/env node\nconsole.log('run by', process.execPath, process.argv.slice(2).join(' '))\n",
		name + "/" + name + ".1": ".TH x 1\n",
	})
	b.must(env.Env(b.Environ), filepath.Join(b.home, name), "npm", "pack", "--loglevel=error")
	return filepath.Join(b.home, name, name+"-1.0.0.tgz")
}

// otherNode is a directory with another node, as a project has one.
func (b *bed) otherNode() string {
	b.write(map[string]string{"other/node": "#!/bin/sh\necho run by another node\n"})
	return filepath.Join(b.home, "other")
}
