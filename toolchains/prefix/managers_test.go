package prefix

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/toolchains/prefix/plan"
	"github.com/hbohlen/devsh/toolchains/toolstest"
)

// fetch has npm fetch a package into a directory, and returns where its programs
// are. Its install scripts are not run: that would be whatever the registry has.
func fetch(t *testing.T, pkg string) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "npm", "install", "--no-audit", "--no-fund", "--prefix", dir, "--ignore-scripts", "--prefer-offline", pkg)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("fetch %s: %v\n%s", pkg, err, out)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "node_modules/.bin")
}

// named is the place of a manager.
func named(t *testing.T, l *Layer, name string) plan.Place {
	t.Helper()
	i := slices.IndexFunc(l.Places, func(p plan.Place) bool { return p.Manager.Name == name })
	if i < 0 {
		t.Fatalf("there is no place for %s", name)
	}
	return l.Places[i]
}

// The other managers of packages for node install into devsh's prefix, and what
// they install runs by its own node.
func TestNodeManagers(t *testing.T) {
	toolstest.NPM(t)
	for pkg, c := range map[string]struct {
		name, program string
		args          []string
	}{
		"pnpm@9":  {"pnpm", "pnpm", []string{"add", "-g"}},
		"pnpm@12": {"pnpm", "pnpm", []string{"add", "-g"}},
		"yarn@1":  {"yarn", "yarn", []string{"global", "add"}},
		"bun@1":   {"bun", "bun", []string{"add", "-g"}},
	} {
		t.Run(strings.ReplaceAll(pkg, "@", ""), func(t *testing.T) {
			bin := real(t, fetch(t, pkg), c.program)
			b := newBed(t, bin+":"+system(t, "node", "npm"))
			tgz := b.pack("tiny")
			l := b.layer()
			p := named(t, l, c.name)
			if p.State != plan.Devsh {
				t.Fatalf("%s: %s from %+v", c.name, p.State, p.From)
			}
			if c.name == "yarn" {
				tgz = "file:" + tgz
			}
			e := b.inside(l)
			b.must(e, b.home, append(append([]string{c.program}, c.args...), tgz)...)
			if got := b.must(e, b.home, "tiny", "x"); !strings.HasPrefix(got, "run by /") {
				t.Errorf("at once: %q", got)
			}
			l = b.layer()
			found := false
			for _, dir := range p.Bins {
				found = found || slices.Contains(programs(dir), "tiny")
			}
			if !found {
				t.Errorf("it is not in %q", p.Bins)
			}
			if got, want := b.must(b.inside(l, b.otherNode()), b.home, "tiny", "x"), "run by "+p.Bound.Path+" x"; got != want {
				t.Errorf("while another node is first: %q, want %q", got, want)
			}
		})
	}
}

// real is a directory with the program itself: npm's links lead to files that
// only install scripts put right.
func real(t *testing.T, bin, program string) string {
	t.Helper()
	dir := t.TempDir()
	at := filepath.Join(bin, program)
	found, _ := filepath.Glob(filepath.Join(bin, "../@*/*/bin/"+program))
	more, _ := filepath.Glob(filepath.Join(bin, "../@*/*/"+program))
	for _, f := range append(found, more...) {
		if exec.CommandContext(t.Context(), f, "--version").Run() == nil {
			at = f
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(at, filepath.Join(dir, program)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Yarn from 2 on takes each YARN_ variable for a setting, and stops at those it
// does not know.
func TestYarnBerryStarts(t *testing.T) {
	toolstest.NPM(t)
	bin := fetch(t, "@yarnpkg/cli-dist@4")
	b := newBed(t, bin+":"+system(t, "node", "npm"))
	b.write(map[string]string{"p/package.json": "{}", "p/yarn.lock": ""})
	b.must(b.inside(b.layer()), filepath.Join(b.home, "p"), "yarn", "config", "get", "globalFolder")
	if _, err := b.run(with(env.Env(b.Environ), map[string]string{"YARN_PREFIX": "/x"}), filepath.Join(b.home, "p"), "yarn", "config", "get", "globalFolder"); err == nil {
		t.Error("it starts with YARN_PREFIX, too: the problem is no more")
	}
}

func TestGo(t *testing.T) {
	b := newBed(t, system(t, "go"))
	b.write(map[string]string{"m/go.mod": "module example.test/tiny\n\ngo 1.21\n", "m/main.go": "package main\n\nfunc main() { println(\"tiny\") }\n"})
	l := b.layer()
	p := named(t, l, "go")
	vars := map[string]string{"GOCACHE": filepath.Join(b.home, "cache"), "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "GOROOT": goroot(t)}
	b.must(with(b.inside(l), vars), filepath.Join(b.home, "m"), "go", "install", ".")
	if got := b.must(b.inside(l), b.home, "tiny"); got != "tiny" || !slices.Equal(programs(p.Bins[0]), []string{"tiny"}) {
		t.Errorf("%q, and there is %q", got, programs(p.Bins[0]))
	}
	// Where the default works, it stays.
	b.Environ["PATH"] += ":" + filepath.Join(b.home, "go/bin")
	l = b.layer()
	if p := named(t, l, "go"); p.State != plan.Works || l.Delta.Set["GOBIN"] != nil {
		t.Errorf("with ~/go/bin on PATH: %s", p.State)
	}
	out := b.must(with(b.inside(l), vars), b.home, "go", "env", "GOBIN", "GOPATH")
	if want := filepath.Join(b.home, "go"); out != want {
		t.Errorf("go installs to %q, want below %s", out, want)
	}
}

func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// cargo and pipx, where the machine has them.
func TestCargo(t *testing.T) {
	cargo := actual(t, "cargo")
	b := newBed(t, filepath.Dir(cargo)+":/usr/bin:/bin")
	b.self = true // it may lie in a home that nobody else enters
	b.write(map[string]string{
		"c/Cargo.toml":  "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
		"c/src/main.rs": "fn main() { println!(\"tiny\"); }\n",
	})
	l := b.layer()
	e := with(b.inside(l), map[string]string{"CARGO_HOME": filepath.Join(b.home, "cargo-home"), "RUSTUP_HOME": os.Getenv("RUSTUP_HOME")})
	b.must(e, b.home, "cargo", "install", "--offline", "--path", "c", "--debug")
	if got := b.must(b.inside(l), b.home, "tiny"); got != "tiny" || !slices.Equal(programs(named(t, l, "cargo").Bins[0]), []string{"tiny"}) {
		t.Errorf("%q, and there is %q", got, programs(named(t, l, "cargo").Bins[0]))
	}
}

// actual is the program itself, where a proxy of rustup's is on PATH.
func actual(t *testing.T, name string) string {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "rustup", "which", name).Output(); err == nil {
		return strings.TrimSpace(string(out))
	}
	at, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrNotFound) {
		t.Skipf("%s is not on this machine", name)
	}
	return at
}
