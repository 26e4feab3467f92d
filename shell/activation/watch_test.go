package activation

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// [watch] files: another content is another generation, a new match is seen,
// and neither a time alone nor what no pattern means makes one.
func TestWatch(t *testing.T) {
	b := newBed(t)
	b.write("p/devsh.toml", "[env]\nA = \"1\"\n[watch]\nfiles = [\"config/*.yaml\", \"deep/**/x\"]\n")
	b.write("p/config/a.yaml", "a")
	b.write("p/deep/er/x", "x")
	b.allow("p")
	was := b.resolve("p")
	if stale := was.Stale(); was.State != OK || len(stale) > 0 {
		t.Fatalf("%+v is stale by %q", was, stale)
	}
	later := time.Now().Add(time.Minute)
	for _, c := range []struct {
		name   string
		change func() error
		stale  bool
		same   bool // as the generation before
	}{
		{"another content", func() error { b.write("p/config/a.yaml", "another"); return nil }, true, false},
		{"another time", func() error { return os.Chtimes(b.dev+"/p/config/a.yaml", later, later) }, true, true},
		{"a new match", func() error { b.write("p/config/b.yaml", "b"); return nil }, true, false},
		{"a new file beside", func() error { b.write("p/config/b.txt", "b"); return nil }, true, true},
		{"a file elsewhere", func() error { b.write("p/src/main.yaml", "b"); return nil }, false, true},
		{"a match in a new directory", func() error { b.write("p/deep/er/deepest/x", "x"); return nil }, true, false},
		{"a match that goes", func() error { return os.Remove(b.dev + "/p/config/b.yaml") }, true, false},
	} {
		if err := c.change(); err != nil {
			t.Fatal(err)
		}
		if stale := was.Stale(); (len(stale) > 0) != c.stale {
			t.Errorf("%s: stale is %q", c.name, stale)
		}
		now := b.resolve("p")
		if (now.Generation == was.Generation) != c.same || b.value(now, "A") != "1" || now.State != OK {
			t.Errorf("%s: from %+v\nto %+v", c.name, was, now)
		}
		was = now
	}
}

// What a pattern may cost is bounded, and it leads nowhere else.
func TestWatchIsBounded(t *testing.T) {
	b := newBed(t)
	outside := b.mkdir(filepath.Join(b.Home, "outside"))
	b.write("p/x", "")
	if err := os.WriteFile(outside+"/secret.yaml", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, b.dev+"/p/link"); err != nil {
		t.Fatal(err)
	}
	files, err := watched(b.dev+"/p", []string{"**/*.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.Contains(f.Path, "secret") {
			t.Errorf("a link is followed: %s", f.Path)
		}
	}
	for i := range maxWatchFiles + 10 {
		b.write("p/many/"+strings.Repeat("x", i/26+1)+string(rune('a'+i%26)), "")
	}
	if _, err := watched(b.dev+"/p", []string{"many/*"}); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("%d files: %v", maxWatchFiles+10, err)
	}
}

// git add changes no file of the project: the index tells.
func TestGitIndex(t *testing.T) {
	b := newBed(t)
	b.write("p/.git/index", "")
	b.mkdir(b.dev + "/p/sub/dir")
	for _, dir := range []string{"/p", "/p/sub/dir"} {
		if files := gitIndex(b.dev + dir); len(files) != 1 || files[0].Path != b.dev+"/p/.git/index" || !files[0].Exists {
			t.Errorf("%s: %+v", dir, files)
		}
	}
	if files := gitIndex(b.dev); len(files) > 0 && strings.HasPrefix(files[0].Path, b.dev) {
		t.Errorf("no repository: %+v", files)
	}
}
