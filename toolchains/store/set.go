package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/hbohlen/devsh/shell/atomicfile"
)

// KeepHistory is how many states of a set are kept, the present one among them.
const KeepHistory = 5

// ErrNoHistory says that there is no earlier state of a set.
var ErrNoHistory = errors.New("there is no earlier set of tools to go back to")

// Set is the tools that somebody has installed, now and before: the user's own,
// or a project's.
type Set struct {
	store Store
	dir   string // in the store's directory
	// of is the project; "" for the user's own.
	of string
}

// UserSet is the user's own set.
func (s Store) UserSet() Set { return Set{store: s, dir: "user"} }

// ProjectSet is that of a project, by its directory.
func (s Store) ProjectSet(dir string) Set {
	sum := sha256.Sum256([]byte(dir))
	return Set{s, filepath.Join("projects", hex.EncodeToString(sum[:])[:20]), dir}
}

// Held is a set that nobody else changes meanwhile.
type Held struct {
	Set
	lock *os.File
}

// Hold takes hold of the set; waiting is called when another has it.
func (s Set) Hold(ctx context.Context, waiting func()) (Held, error) {
	f, err := s.store.lock(ctx, "."+filepath.Base(s.dir), waiting)
	return Held{s, f}, err
}

// Close lets go.
func (h Held) Close() error { return h.lock.Close() }

func (s Set) path(names ...string) string {
	return filepath.Join(s.store.Dir, s.dir, filepath.Join(names...))
}

func (s Set) historyDir() string { return s.path("history") }
func (s Set) current() string    { return s.path("current") }

// Bin is the directory that belongs on PATH for what the set is at any time,
// and Link the link on the way to it, which is replaced when the set changes.
func (s Set) Bin() string  { return s.path("current", "bin") }
func (s Set) Link() string { return s.current() }

// Current returns the profile of the set, and its number in the history; false
// if there is none.
func (s Set) Current() (Profile, int, bool, error) {
	target, err := os.Readlink(s.current())
	if errors.Is(err, fs.ErrNotExist) {
		return Profile{}, 0, false, nil
	}
	if err != nil {
		return Profile{}, 0, false, fmt.Errorf("read a set of tools: %w", err)
	}
	n, err := strconv.Atoi(filepath.Base(target))
	if err != nil {
		return Profile{}, 0, false, fmt.Errorf("read a set of tools: %s leads to %q", s.current(), target)
	}
	p, err := s.generation(n)
	return p, n, err == nil, err
}

func (s Set) generation(n int) (Profile, error) {
	target, err := os.Readlink(filepath.Join(s.historyDir(), strconv.Itoa(n)))
	if err != nil {
		return Profile{}, fmt.Errorf("read the history of a set of tools: %w", err)
	}
	hash := filepath.Base(target)
	return Profile{Hash: hash, Dir: s.store.profile(hash)}, nil
}

// History returns the numbers of the states that are kept, oldest first.
func (s Set) History() ([]int, error) {
	files, err := os.ReadDir(s.historyDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the history of a set of tools: %w", err)
	}
	var out []int
	for _, f := range files {
		if n, err := strconv.Atoi(f.Name()); err == nil {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}

// begin makes the directories of a set, which says whose it is.
func (s Set) begin() error {
	if err := os.MkdirAll(s.historyDir(), 0o700); err != nil {
		return fmt.Errorf("make a set of tools: %w", err)
	}
	if s.of == "" {
		return nil
	}
	if err := os.WriteFile(s.path(ofFile), []byte(s.of), 0o600); err != nil {
		return fmt.Errorf("make a set of tools: %w", err)
	}
	return nil
}

// ofFile says which project a set belongs to.
const ofFile = "of"

// profiles returns the hashes of what the set is and was.
func (s Set) profiles() ([]string, error) {
	history, err := s.History()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, n := range history {
		p, err := s.generation(n)
		if err != nil {
			return nil, err
		}
		out = append(out, p.Hash)
	}
	return out, nil
}

// Switch makes p the present state of the set. What was undone by rollbacks is forgotten, and
// so are states older than the last [KeepHistory].
func (h Held) Switch(p Profile) error {
	now, n, there, err := h.Current()
	if err != nil {
		return err
	}
	if there && now.Hash == p.Hash {
		return nil
	}
	if err := h.begin(); err != nil {
		return err
	}
	history, err := h.History()
	if err != nil {
		return err
	}
	next := 1
	if len(history) > 0 {
		next = history[len(history)-1] + 1
	}
	name := strconv.Itoa(next)
	if err := atomicfile.Link(h.up()+"profiles/"+p.Hash, filepath.Join(h.historyDir(), name)); err != nil {
		return err
	}
	if err := atomicfile.Link("history/"+name, h.current()); err != nil {
		return err
	}
	kept := 1
	for _, old := range slices.Backward(history) {
		if old <= n && kept < KeepHistory {
			kept++
			continue
		}
		if err := os.Remove(filepath.Join(h.historyDir(), strconv.Itoa(old))); err != nil {
			return fmt.Errorf("forget an old set of tools: %w", err)
		}
	}
	return nil
}

// up leads from the history to the store's directory.
func (s Set) up() string { return strings.Repeat("../", strings.Count(s.dir, "/")+2) }

// Earlier returns the state before the present one, and its number.
func (h Held) Earlier() (Profile, int, error) {
	_, now, there, err := h.Current()
	if err != nil {
		return Profile{}, 0, err
	}
	history, err := h.History()
	if err != nil {
		return Profile{}, 0, err
	}
	for _, n := range slices.Backward(history) {
		if there && n < now {
			p, err := h.generation(n)
			return p, n, err
		}
	}
	return Profile{}, 0, ErrNoHistory
}

// Back makes an earlier state the present one.
func (h Held) Back(n int) error { return atomicfile.Link("history/"+strconv.Itoa(n), h.current()) }
