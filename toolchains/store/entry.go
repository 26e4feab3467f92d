package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// metaName is the file by which an entry says what it is.
const metaName = "devsh.json"

// ID names an installed tool: Hash is of all that it was made from and is bound to.
type ID struct{ Name, Version, Hash string }

// dir is the name of the entry's directory.
func (id ID) dir() string {
	plain := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r < 0x80 && (r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("._+-", r)) {
				return r
			}
			return '-'
		}, s)
	}
	return strings.TrimLeft(fmt.Sprintf("%.80s-%.40s-%.12s", plain(id.Name), plain(strings.TrimPrefix(id.Version, "v")), id.Hash), ".")
}

// Built is what an installation brought: its programs are in bin/, and Bins maps
// their names to what they run in the end, relative to the entry.
type Built struct {
	Bins map[string]string
	// Roots are paths that somebody else would collect, and that links in
	// [Store.Roots] keep; Notes are for people.
	Roots, Notes []string
}

// Build installs a tool into staging. It will lie at final: absolute paths in
// it must begin with that.
type Build func(ctx context.Context, staging, final string) (Built, error)

// Entry is an installed tool.
type Entry struct {
	Dir  string `json:"-"`
	Name string `json:"name"`
	// Tool is the tool's part of the lock, Bound what it is bound to here.
	Version string            `json:"version"`
	Tool    string            `json:"tool"`
	Bound   []string          `json:"bound"`
	Bins    map[string]string `json:"bins"`
	// Needs are absolute paths without which it does not run: an interpreter.
	Needs []string `json:"needs"`
	// Roots are paths of others' that links in [Store.Roots] keep.
	Roots []string `json:"roots,omitempty"`
	// Notes are what people should know of it.
	Notes []string `json:"notes"`
}

// Spec is what is to be installed.
type Spec struct {
	ID
	Tool  string
	Bound []string
	// Needs are paths of other programs that it cannot do without.
	Needs []string
}

// Ensure returns the entry of a tool and whether it was made just now: if it is
// not there, or is broken, build makes it. Of several processes one does;
// waiting is called when this one waits for another.
func (s Store) Ensure(ctx context.Context, spec Spec, waiting func(), build Build) (Entry, bool, error) {
	final := s.entry(spec.dir())
	var e Entry
	good := func() bool {
		var err error
		e, err = readEntry(final)
		return err == nil && e.Whole() == nil && s.rooted(e)
	}
	made, err := s.publish(ctx, final, waiting, good, func(dir string) error {
		built, err := build(ctx, dir, final)
		if err != nil {
			return err
		}
		e = Entry{Dir: dir, Name: spec.Name, Version: spec.Version, Tool: spec.Tool, Bound: spec.Bound, Bins: built.Bins, Needs: spec.Needs, Roots: built.Roots, Notes: built.Notes}
		return e.finish()
	})
	if err != nil {
		return Entry{}, false, err
	}
	e.Dir = final
	return e, made, nil
}

// finish judges what was installed and writes down what it is.
func (e *Entry) finish() error {
	if len(e.Bins) == 0 {
		return &Unfit{Tool: e.Name, Reason: "it brings no program"}
	}
	if err := e.Whole(); err != nil {
		return &Unfit{Tool: e.Name, Reason: err.Error()}
	}
	if err := e.judge(); err != nil {
		return err
	}
	data, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return fmt.Errorf("describe %s: %w", e.Name, err)
	}
	if err := os.WriteFile(filepath.Join(e.Dir, metaName), append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("describe %s: %w", e.Name, err)
	}
	return nil
}

func readEntry(dir string) (Entry, error) {
	e := Entry{Dir: dir}
	data, err := os.ReadFile(filepath.Join(dir, metaName))
	if err != nil {
		return e, err
	}
	return e, json.Unmarshal(data, &e)
}

// Whole reports what is missing of an entry: each program must be there and be
// executable, and so must what it needs.
func (e Entry) Whole() error {
	for _, name := range slices.Sorted(maps.Keys(e.Bins)) {
		target := filepath.Join(e.Dir, e.Bins[name])
		if !filepath.IsLocal(e.Bins[name]) {
			return fmt.Errorf("its program %s leads out of it", name)
		}
		if err := runnable(filepath.Join(e.Dir, "bin", name), 0o111); err != nil {
			return fmt.Errorf("its program %s cannot be run: %w", name, err)
		}
		if err := runnable(target, 0o444); err != nil {
			return fmt.Errorf("its program %s cannot be run: %w", name, err)
		}
	}
	for _, path := range e.Needs {
		if err := runnable(path, 0o111); err != nil {
			return fmt.Errorf("it needs %s: %w", path, err)
		}
	}
	return nil
}

// runnable reports why a file is none that can be run, or read.
func runnable(path string, mode os.FileMode) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return errors.New("it is not there")
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("it is no file")
	case info.Mode().Perm()&mode == 0:
		return errors.New("it is not executable")
	}
	return nil
}
