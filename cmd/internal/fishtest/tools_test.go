package fishtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// program writes a program that says what it is.
func (b *Bed) program(t *testing.T, path, says string) {
	t.Helper()
	if err := os.Chmod(b.Write(path, "#!/bin/sh\necho "+says+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestToolsOfAProject: a shell that stands in a project has the tools that come
// meanwhile, and leaving takes all of it away (promise 2). What a project brings
// does not run before it is allowed, and none of its dependencies hides a
// program of the system's (promise 1).
func TestToolsOfAProject(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.program(t, "dev/p/node_modules/.bin/prettier", "of-the-project")
	b.program(t, "dev/p/node_modules/.bin/sort", "evil")
	b.Write("dev/p/.venv/pyvenv.cfg", "")
	dir := b.Project("p", "[env]\nA = \"1\"\n")
	f := Start(t, b, Options{})
	f.OK("set -gx PYTHONHOME /mine; set -gx VIRTUAL_ENV /mine too")
	outside := f.Snapshot()
	f.OK("cd " + Quote(dir))
	f.OK("not type -q prettier; and not set -q A; and test \"$PYTHONHOME\" = /mine")

	b.Allow(t, dir)
	f.until("prettier; or true", "of-the-project")
	f.OK("test $VIRTUAL_ENV = " + Quote(dir) + "/.venv; and not set -q PYTHONHOME; and contains " + Quote(dir) + "/.venv/bin $PATH")
	if out, _ := f.Run("sort /dev/null"); strings.Contains(out, "evil") {
		t.Errorf("a dependency hides sort: %q", out)
	}

	b.program(t, "dev/p/node_modules/.bin/biome", "of-later")
	f.until("biome; or true", "of-later")
	if err := os.Remove(filepath.Join(dir, "node_modules/.bin/prettier")); err != nil {
		t.Fatal(err)
	}
	f.until("type -q prettier; or echo it is gone", "it is gone")

	f.OK("cd " + Quote(b.Home))
	checkSame(t, "after leaving", withoutDirectory(outside), withoutDirectory(f.Snapshot()))
}
