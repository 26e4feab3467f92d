package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A devsh.toml that appears between looking and writing is not replaced.
func TestWriteNewReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "devsh.toml")
	if err := writeNew(path, "first\n", 0o640); err != nil {
		t.Fatal(err)
	}
	err := writeNew(path, "second\n", 0o644)
	var f *failure
	if !errors.As(err, &f) || !strings.Contains(err.Error(), "already there") || f.hint == "" {
		t.Errorf("%v", err)
	}
	data, _ := os.ReadFile(path)
	info, err := os.Stat(path)
	if err != nil || string(data) != "first\n" || info.Mode() != fs.FileMode(0o640) {
		t.Errorf("%q, %v, %v", data, info.Mode(), err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("rubbish: %v", entries)
	}
}
