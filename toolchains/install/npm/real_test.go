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

// The real registry.
func TestReal(t *testing.T) {
	toolstest.NPM(t)
	b := &Backend{Environ: toolstest.User(t), Limit: 5 * time.Minute}
	for _, c := range []struct{ pkg, bin, major string }{{"prettier", "prettier", "3"}, {"typescript", "tsc", "7"}, {"typescript", "tsc", "6"}} {
		w := install.Wanted{
			Name: c.pkg, Package: c.pkg, Want: ">=" + c.major, MinAge: 24 * time.Hour, Now: time.Now(),
			Allows: func(v string) bool { return strings.HasPrefix(v, c.major+".") },
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
	}
}
