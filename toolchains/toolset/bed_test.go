package toolset

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/install/cargo"
	"github.com/hbohlen/devsh/toolchains/install/golang"
	"github.com/hbohlen/devsh/toolchains/install/nix"
	"github.com/hbohlen/devsh/toolchains/install/npm"
	"github.com/hbohlen/devsh/toolchains/install/uv"
	"github.com/hbohlen/devsh/toolchains/lockfile"
	"github.com/hbohlen/devsh/toolchains/store"
	"github.com/hbohlen/devsh/toolchains/toolstest"
)

// now is when the tests are; old is long enough before.
var (
	now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	old = now.Add(-1000 * time.Hour)
)

// bed is a set of tools with registries of its own. It can be given to another
// process as JSON.
type bed struct {
	Dir     string
	Environ map[string]string
	// Install are Go programs to install; Hang is the moment at which the other
	// process stops, to be killed; Limit is the largest file that it may write.
	Install []string
	Hang    string
	Limit   uint64
	// Nixpkgs is the flake that stands for nixpkgs.
	Nixpkgs string

	goes   *toolstest.GoRegistry
	npms   *toolstest.NPMRegistry
	crates *toolstest.CargoRegistry
	wheels *toolstest.PyPI
}

const module1 = "example.test/tools"

func newBed(t *testing.T) *bed {
	t.Helper()
	b := &bed{Dir: t.TempDir(), goes: toolstest.NewGo(t), npms: toolstest.NewNPM(t), crates: toolstest.NewCargo(t), wheels: toolstest.NewPyPI(t)}
	b.Environ = b.goes.Environ(t)
	for _, more := range []map[string]string{b.npms.Environ(t), b.crates.Environ(t)} {
		for k, v := range more {
			if k != "HOME" && k != "PATH" {
				b.Environ[k] = v
			}
		}
	}
	b.publish(t, "v1.0.0")
	return b
}

// programs are those of the module.
func programs() []string { return []string{"a", "b", "c", "d"} }

// publish publishes the module with its programs, which say their version.
func (b *bed) publish(t *testing.T, version string) {
	files := map[string]string{}
	for _, name := range programs() {
		files["cmd/"+name+"/main.go"] = "package main\n\nfunc main() { println(\"" + name + " " + version + "\") }\n"
	}
	b.goes.Publish(t, old, module1, version, "1.21", files)
}

// set is the set of tools; phases are told to watch.
func (b *bed) set(watch func(tool string, phase install.Phase)) (*Set, error) {
	st, err := store.Open(filepath.Join(b.Dir, "tools"))
	host := install.Host{Environ: b.Environ, Limit: time.Minute, Temp: st.Temp()}
	byNix := &nix.Backend{Host: host, Nixpkgs: b.Nixpkgs}
	return &Set{
		Store: st, In: st.UserSet(), Order: OrderFor(true), Keeper: byNix, LockPath: filepath.Join(b.Dir, "config", lockfile.Name),
		Backends: map[string]install.Backend{
			lockfile.Go:  &golang.Backend{Host: host},
			lockfile.NPM: &npm.Backend{Host: host}, lockfile.Cargo: &cargo.Backend{Host: host},
			lockfile.Nix: byNix, lockfile.UV: &uv.Backend{Host: host},
		},
		Read: os.ReadFile, Now: func() time.Time { return now }, Progress: watch,
		Write: func(path string, data []byte) error {
			tmp := path + ".tmp"
			return errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(tmp, data, 0o600), os.Rename(tmp, path))
		},
	}, err
}

func (b *bed) open(t *testing.T) *Set {
	t.Helper()
	s, err := b.set(nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// program is the request for one of the module's programs, or of a package of
// another backend, named after that.
func program(name string) Request {
	if slices.Contains([]string{lockfile.NPM, lockfile.Cargo, lockfile.Nix, lockfile.UV}, name) {
		return Request{Name: name, From: name, Package: "x-" + name}
	}
	return Request{Name: name, From: lockfile.Go, Package: module1 + "/cmd/" + name}
}

// others publishes what the other backends install. Padding makes it larger.
func (b *bed) others(t *testing.T, padding string) {
	t.Helper()
	b.npms.Publish(t, old, map[string]any{"name": "x-npm", "version": "1.0.0", "bin": map[string]string{"npm": "x.js"}},
		map[string]string{"x.js": "#!/usr/bin/env node\nconsole.log('npm 1.0.0')\n" + padding})
	uv := b.wheels.Environ(t)
	for k, v := range uv {
		if strings.HasPrefix(k, "UV_") {
			b.Environ[k] = v
		}
	}
	if dir, _, _ := strings.Cut(uv["PATH"], ":"); dir != strings.Split(b.Environ["PATH"], ":")[0] {
		b.Environ["PATH"] = dir + ":" + b.Environ["PATH"] // what plays uv
	}
	b.wheels.Publish(t, old, toolstest.Wheel{Name: "x-uv", Version: "1.0.0", Scripts: map[string]string{"uv": "x_uv:main"},
		Files: map[string]string{"x_uv.py": "def main():\n    print('uv 1.0.0')\n" + strings.ReplaceAll(padding, "//", "#")}})
	b.crates.Publish(t, old, toolstest.Crate{Name: "x-cargo", Version: "1.0.0", Toml: "[[bin]]\nname = \"cargo\"\npath = \"src/main.rs\"\n",
		Files: map[string]string{"src/main.rs": "fn main() { println!(\"cargo 1.0.0\"); }\n" + padding}})
}

// says runs a program of the set and returns what it prints, "" if it is not there.
func (b *bed) says(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command(filepath.Join(b.Dir, "tools/user/current/bin", name)).CombinedOutput()
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}

// whole demands that all that is in the store is whole, and nothing in staging.
func (b *bed) whole(t *testing.T) {
	t.Helper()
	for _, sub := range []string{"staging", "store"} {
		files, err := os.ReadDir(filepath.Join(b.Dir, "tools", sub))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			data, err := os.ReadFile(filepath.Join(b.Dir, "tools", sub, f.Name(), "devsh.json"))
			if sub == "staging" || err != nil || !json.Valid(data) {
				t.Errorf("half there: %s/%s: %v", sub, f.Name(), err)
			}
		}
	}
}

// locked are the names and versions of the lock.
func (b *bed) locked(t *testing.T) string {
	t.Helper()
	lock, err := b.open(t).Lock()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, tool := range lock.Tools {
		out = append(out, tool.Name+" "+tool.Version)
	}
	return strings.Join(out, ", ")
}

// Moments of the set itself.
const (
	beforeLock install.Phase = "before the lock"
	afterLock  install.Phase = "after the lock"
)

// server is the registry of a backend.
func (b *bed) server(from string) *toolstest.Server {
	return map[string]*toolstest.Server{lockfile.NPM: b.npms.Server, lockfile.Cargo: b.crates.Server, lockfile.UV: b.wheels.Server}[from]
}

// TestMain is the test, or one of the processes that a test starts.
func TestMain(m *testing.M) {
	if text := os.Getenv("TOOLSET_TEST_BED"); text != "" {
		if err := play(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// play installs, in the other process.
func play(text string) error {
	var b bed
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return err
	}
	hang := func(at string) {
		if at == b.Hang && at != "" {
			fmt.Println("here")
			_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed
		}
	}
	s, err := b.set(func(_ string, p install.Phase) { hang(string(p)) })
	if err != nil {
		return err
	}
	write := s.Write
	s.Write = func(path string, data []byte) error {
		hang(string(beforeLock))
		err := write(path, data)
		hang(string(afterLock))
		return err
	}
	if b.Limit > 0 {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: b.Limit, Max: b.Limit}); err != nil {
			return err
		}
	}
	var requests []Request
	for _, name := range b.Install {
		requests = append(requests, program(name))
	}
	r, err := s.Install(context.Background(), requests, Options{})
	if err != nil {
		return err
	}
	for _, o := range r.Failed() {
		err = errors.Join(err, o.Err)
	}
	return err
}

// other is another process that installs.
func (b *bed) other(t *testing.T, change func(*bed)) *exec.Cmd {
	t.Helper()
	c := *b
	change(&c)
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TOOLSET_TEST_BED="+string(text))
	return cmd
}

// killedAt has another process installing killed at a moment.
func (b *bed) killedAt(t *testing.T, moment string, names ...string) {
	t.Helper()
	cmd := b.other(t, func(b *bed) { b.Install, b.Hang = slices.Clone(names), moment })
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "here\n" {
		t.Fatalf("%s: %q, %v, %s", moment, line, err, stderr.String())
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
}
