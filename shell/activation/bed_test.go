package activation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/atomicfile"

	"github.com/hbohlen/devsh/shell/inputs"
)

// bed is a scratch home with a resolver.
type bed struct {
	*Resolver
	t   *testing.T
	dev string
}

func newBed(t *testing.T) *bed {
	t.Helper()
	home, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b := &bed{t: t, dev: filepath.Join(home, "dev"), Resolver: resolver(home)}
	b.mkdir(b.dev)
	return b
}

// resolver is what the program makes for a home.
func resolver(home string) *Resolver {
	return &Resolver{
		Store:    NewStore(filepath.Join(home, "state")),
		Settings: Settings{Roots: []string{filepath.Join(home, "dev")}, Files: []inputs.File{{Path: filepath.Join(home, "config.toml")}}},
		Home:     home, Env: []string{"HOME=" + home, "PATH=/usr/bin:/bin"}, Now: time.Now,
	}
}

func (b *bed) mkdir(dir string) string {
	b.t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	return dir
}

// write writes a file, relative to the root, and returns its path.
func (b *bed) write(name, text string) string {
	b.t.Helper()
	path := filepath.Join(b.dev, name)
	b.mkdir(filepath.Dir(path))
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
	return path
}

func (b *bed) allow(name string) {
	b.t.Helper()
	req, err := b.Ask(filepath.Join(b.dev, name))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.Allow(req); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bed) resolve(name string) *Entry {
	b.t.Helper()
	e, err := b.Resolve(b.t.Context(), filepath.Join(b.dev, name), Options{})
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

// value is what the entry's generation sets a variable to; "-" if it does not.
func (b *bed) value(e *Entry, name string) string {
	b.t.Helper()
	d, err := b.Store.Place(e.Project.Dir).Delta(e.Generation)
	if err != nil {
		b.t.Fatal(err)
	}
	v, ok := d.Set[name]
	if !ok {
		return "-"
	}
	text, _ := v.Literal()
	return text
}

// hash tells whether anything at all changed in a tree: names, contents,
// modes, times and inodes.
func hash(t *testing.T, dir string) string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content := ""
		switch {
		case info.Mode().IsRegular():
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			sum := sha256.Sum256(data)
			content = hex.EncodeToString(sum[:8])
		case info.Mode()&fs.ModeSymlink != 0:
			if content, err = os.Readlink(path); err != nil {
				return err
			}
		}
		lines = append(lines, fmt.Sprintf("%s %v %d %d %s", path, info.Mode(), info.Sys().(*syscall.Stat_t).Ino, info.ModTime().UnixNano(), content))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// rubbish lists temporary files below a directory.
func rubbish(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), atomicfile.TempPrefix) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestMain also is the process that resolves a directory, for the tests that
// want several of them.
func TestMain(m *testing.M) {
	if home := os.Getenv("DEVSH_TEST_RESOLVE_HOME"); home != "" {
		os.Exit(resolveMain(home, os.Getenv("DEVSH_TEST_RESOLVE_DIR")))
	}
	if home := os.Getenv("DEVSH_TEST_COLLECT_HOME"); home != "" {
		os.Exit(collectMain(home))
	}
	os.Exit(m.Run())
}

func resolveMain(home, dir string) int {
	e, err := resolver(home).Resolve(context.Background(), dir, Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := json.NewEncoder(os.Stdout).Encode([]string{e.ID, e.Generation}); err != nil {
		return 1
	}
	return 0
}

// process is a command that resolves a directory by its full name.
func (b *bed) process(dir string) *exec.Cmd {
	cmd := exec.CommandContext(b.t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "DEVSH_TEST_RESOLVE_HOME="+b.Home, "DEVSH_TEST_RESOLVE_DIR="+dir)
	return cmd
}
