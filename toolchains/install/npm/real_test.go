package npm

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/toolstest"
)

// A system without a loader, as NixOS is: the static build is taken, and runs.
func TestRealStatic(t *testing.T) {
	toolstest.NPM(t)
	b := &Backend{Host: install.Host{Environ: toolstest.User(t), Limit: 5 * time.Minute}, Loader: "/nothing"}
	w := install.Wanted{
		Name: "biome", Package: "@biomejs/biome", MinAge: 24 * time.Hour, Now: time.Now(),
		Static: map[string]string{"BIOME_BINARY": "{dir}/node_modules/@biomejs/cli-linux-{cpu}-musl/biome"},
	}
	tool, err := b.Resolve(t.Context(), w, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir, _, err := put(t, b, tool)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(dir, "bin/biome"), "--version").CombinedOutput()
	if err != nil || !strings.Contains(string(out), tool.Version) {
		t.Errorf("%q, %v", out, err)
	}
	if found, err := filepath.Glob(filepath.Join(dir, "node_modules/@biomejs/cli-linux-*")); err != nil || len(found) != 1 || !strings.HasSuffix(found[0], "-musl") {
		t.Errorf("%q, %v", found, err)
	}
	one, err := b.Bind(t.Context(), tool)
	if err != nil {
		t.Fatal(err)
	}
	b.Loader = "/bin/sh"
	if other, err := b.Bind(t.Context(), tool); err != nil || len(other.Bound) != len(one.Bound)-1 {
		t.Errorf("%q, %q, %v", one.Bound, other.Bound, err)
	}
}

// The real registry: what is installed runs.
func TestReal(t *testing.T) {
	toolstest.NPM(t)
	b := &Backend{Host: install.Host{Environ: toolstest.User(t), Limit: 5 * time.Minute}}
	for _, c := range []struct {
		pkg, bin, major string
		with            map[string]string
	}{
		{"prettier", "prettier", "3", nil}, {"typescript", "tsc", "7", nil}, {"typescript", "tsc", "6", nil}, {"basedpyright", "basedpyright", "1", nil},
		{"typescript-language-server", "typescript-language-server", "", map[string]string{"typescript": "<7.0.0-0"}},
	} {
		w := install.Wanted{
			Name: c.pkg, Package: c.pkg, Want: ">=" + c.major, MinAge: 24 * time.Hour, Now: time.Now(), With: c.with,
			Allows: func(v string) bool { return strings.HasPrefix(v, c.major) },
		}
		tool, err := b.Resolve(t.Context(), w, nil)
		if err != nil {
			t.Fatal(err)
		}
		dir, _, err := put(t, b, tool)
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(filepath.Join(dir, "bin", c.bin), "--version").CombinedOutput()
		if err != nil || !strings.Contains(string(out), tool.Version) {
			t.Errorf("%s %s: %q, %v", c.pkg, tool.Version, out, err)
		}
		if beside := tool.At("typescript"); c.with != nil && (beside == nil || install.Compare(beside.Version, "7.0.0-0") >= 0) {
			t.Errorf("beside %s: %+v", c.pkg, beside)
		}
	}
}
