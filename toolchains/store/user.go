package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/hbohlen/devsh/shell/atomicfile"
)

// KeepHistory is how many of the user's sets are kept, the present one among them.
const KeepHistory = 5

// ErrNoHistory says that there is no earlier set.
var ErrNoHistory = errors.New("there is no earlier set of tools to go back to")

// User is the user's own set, held so that nobody else changes it.
type User struct {
	store Store
	lock  *os.File
}

// User takes hold of the user's own set; waiting is called when another has it.
func (s Store) User(ctx context.Context, waiting func()) (User, error) {
	f, err := s.lock(ctx, ".user", waiting)
	return User{s, f}, err
}

// Close lets go.
func (u User) Close() error { return u.lock.Close() }

func (s Store) historyDir() string { return filepath.Join(s.Dir, "user", "history") }
func (s Store) current() string    { return filepath.Join(s.Dir, "user", "current") }

// Current returns the profile of the user's own set, and its number in the
// history; false if there is none.
func (s Store) Current() (Profile, int, bool, error) {
	target, err := os.Readlink(s.current())
	if errors.Is(err, fs.ErrNotExist) {
		return Profile{}, 0, false, nil
	}
	if err != nil {
		return Profile{}, 0, false, fmt.Errorf("read the user's set of tools: %w", err)
	}
	n, err := strconv.Atoi(filepath.Base(target))
	if err != nil {
		return Profile{}, 0, false, fmt.Errorf("read the user's set of tools: %s leads to %q", s.current(), target)
	}
	p, err := s.generation(n)
	return p, n, err == nil, err
}

func (s Store) generation(n int) (Profile, error) {
	target, err := os.Readlink(filepath.Join(s.historyDir(), strconv.Itoa(n)))
	if err != nil {
		return Profile{}, fmt.Errorf("read the history of the user's tools: %w", err)
	}
	hash := filepath.Base(target)
	return Profile{Hash: hash, Dir: s.profile(hash)}, nil
}

// History returns the numbers of the sets that are kept, oldest first.
func (s Store) History() ([]int, error) {
	files, err := os.ReadDir(s.historyDir())
	if err != nil {
		return nil, fmt.Errorf("read the history of the user's tools: %w", err)
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

// Switch makes p the user's set. What was undone by rollbacks is forgotten, and
// so are sets older than the last [KeepHistory].
func (u User) Switch(p Profile) error {
	now, n, there, err := u.store.Current()
	if err != nil {
		return err
	}
	if there && now.Hash == p.Hash {
		return nil
	}
	history, err := u.store.History()
	if err != nil {
		return err
	}
	next := 1
	if len(history) > 0 {
		next = history[len(history)-1] + 1
	}
	name := strconv.Itoa(next)
	if err := atomicfile.Link("../../profiles/"+p.Hash, filepath.Join(u.store.historyDir(), name)); err != nil {
		return err
	}
	if err := atomicfile.Link("history/"+name, u.store.current()); err != nil {
		return err
	}
	kept := 1
	for _, old := range slices.Backward(history) {
		if old <= n && kept < KeepHistory {
			kept++
			continue
		}
		if err := os.Remove(filepath.Join(u.store.historyDir(), strconv.Itoa(old))); err != nil {
			return fmt.Errorf("forget an old set of tools: %w", err)
		}
	}
	return nil
}

// Earlier returns the set before the present one, and its number.
func (u User) Earlier() (Profile, int, error) {
	_, now, there, err := u.store.Current()
	if err != nil {
		return Profile{}, 0, err
	}
	history, err := u.store.History()
	if err != nil {
		return Profile{}, 0, err
	}
	for _, n := range slices.Backward(history) {
		if there && n < now {
			p, err := u.store.generation(n)
			return p, n, err
		}
	}
	return Profile{}, 0, ErrNoHistory
}

// Back makes an earlier set the present one.
func (u User) Back(n int) error {
	return atomicfile.Link("history/"+strconv.Itoa(n), u.store.current())
}
