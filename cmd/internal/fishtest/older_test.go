package fishtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestOlderFile: an input that is replaced by a file with an older time is
// noticed, however many inputs there are: at a prompt after at most as many
// prompts as inputs, and at once on entering.
func TestOlderFile(t *testing.T) {
	t.Parallel()
	const files = 12
	b := newBed(t)
	for i := range files {
		b.Write(fmt.Sprintf("dev/older/w/%02d", i), "first")
	}
	dir := b.Allowed("older", "[env]\nA = \"a\"\n[watch]\nfiles = [\"w/*\"]\n")
	replace := func(name, text string, age time.Duration) {
		t.Helper()
		file, other := filepath.Join(dir, "w", name), b.Write("other", text)
		old := time.Now().Add(-age)
		info, err := os.Stat(filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		// The directory's time would tell of it, too.
		if err := errors.Join(os.Chtimes(other, old, old), os.Rename(other, file), os.Chtimes(filepath.Dir(file), info.ModTime(), info.ModTime())); err != nil {
			t.Fatal(err)
		}
	}
	f := Start(t, b, Options{})
	f.OK("cd " + Quote(dir))
	for i, name := range []string{"00", "11", "07"} {
		was := f.OK("echo $DEVSH_GENERATION")
		replace(name, fmt.Sprint("text ", i), time.Duration(i+1)*time.Hour)
		prompts := 0
		for f.OK("echo $DEVSH_GENERATION") == was {
			if prompts++; prompts > files+10 {
				t.Fatalf("%s was not noticed after %d prompts", name, prompts)
			}
		}
		t.Logf("%s: noticed after %d prompts", name, prompts)
	}
	f.OK("cd " + Quote(b.Home))
	was, err := os.Readlink(currentOf(b, dir))
	if err != nil {
		t.Fatal(err)
	}
	replace("11", "on entering", 24*time.Hour)
	f.OK("cd " + Quote(dir))
	if now, err := os.Readlink(currentOf(b, dir)); err != nil || now == was {
		t.Errorf("not noticed on entering: %s, %v", now, err)
	}
}

// currentOf is the link to the entry in force of a project.
func currentOf(b *Bed, dir string) string {
	return filepath.Join(b.Home, "state/devsh/v1/tree", dir, "@devsh/current")
}
