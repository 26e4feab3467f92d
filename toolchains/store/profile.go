package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// lockName is the lock that a profile was made of, kept in it for a rollback.
const lockName = "devsh.lock"

// shared are the directories of an entry, beside bin, whose files a profile links.
var shared = []string{"share/man/man1", "share/man/man5", "share/man/man7", "share/fish/vendor_completions.d"}

// Profile is a set of tools as it is put on PATH.
type Profile struct {
	Hash, Dir string
	// Collisions are programs that several of its tools bring.
	Collisions []Collision
}

// Collision is a program that several tools bring.
type Collision struct {
	Bin    string `json:"bin"`
	Winner string `json:"winner"`
	// Hidden are the tools whose program of that name is not on PATH.
	Hidden []string `json:"hidden"`
}

func (c Collision) String() string {
	return fmt.Sprintf("%s: that of %s is used, that of %s is hidden", c.Bin, c.Winner, strings.Join(c.Hidden, ", "))
}

// Profile makes the profile of a set of entries, whose lock is text. Where
// several bring the same program, the tool that it is named after has it, else
// the first.
func (s Store) Profile(ctx context.Context, entries []Entry, lock []byte) (Profile, error) {
	links, collisions, err := plan(entries)
	if err != nil {
		return Profile{}, err
	}
	sum := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(links)) {
		fmt.Fprintf(sum, "%q %q\n", path, links[path])
	}
	sum.Write(lock)
	hash := hex.EncodeToString(sum.Sum(nil))[:32]
	p := Profile{Hash: hash, Dir: s.profile(hash), Collisions: collisions}
	good := func() bool { return p.whole(links) }
	_, err = s.publish(ctx, p.Dir, nil, good, func(dir string) error {
		for _, sub := range []string{"bin", "tools"} {
			if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
				return fmt.Errorf("make profile: %w", err)
			}
		}
		for path, to := range links {
			at := filepath.Join(dir, path)
			// Relative, so that the whole state can be moved.
			target := filepath.Join(strings.Repeat("../", strings.Count(path, "/")+2), "store", to)
			if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o700), os.Symlink(target, at)); err != nil {
				return fmt.Errorf("make profile: %w", err)
			}
		}
		return os.WriteFile(filepath.Join(dir, lockName), lock, 0o600)
	})
	return p, err
}

// plan says what a profile links to what in store/.
func plan(entries []Entry) (links map[string]string, collisions []Collision, err error) {
	links = map[string]string{}
	bins := map[string][]Entry{}
	for _, e := range entries {
		name := filepath.Base(e.Dir)
		links["tools/"+name] = name
		for name := range e.Bins {
			bins[name] = append(bins[name], e)
		}
		for _, sub := range shared {
			files, err := os.ReadDir(filepath.Join(e.Dir, sub))
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return nil, nil, fmt.Errorf("make profile: %w", err)
			}
			for _, f := range files {
				if path := sub + "/" + f.Name(); links[path] == "" {
					links[path] = filepath.Base(e.Dir) + "/" + path
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(bins)) {
		owners := bins[name]
		first := owner(name, owners)
		links["bin/"+name] = filepath.Base(owners[first].Dir) + "/bin/" + name
		c := Collision{Bin: name, Winner: owners[first].Name}
		for i, e := range owners {
			if i != first {
				c.Hidden = append(c.Hidden, e.Name)
			}
		}
		if len(c.Hidden) > 0 {
			collisions = append(collisions, c)
		}
	}
	return links, collisions, nil
}

// owner is the index of the tool that has a program: the one whose name the
// program's begins with, as pyright-langserver with pyright; else the first.
func owner(bin string, owners []Entry) int {
	best, longest := 0, 0
	for i, e := range owners {
		if (bin == e.Name || strings.HasPrefix(bin, e.Name+"-")) && len(e.Name) > longest {
			best, longest = i, len(e.Name)
		}
	}
	return best
}

// whole reports whether all links are there and lead somewhere.
func (p Profile) whole(links map[string]string) bool {
	if _, err := os.Stat(filepath.Join(p.Dir, lockName)); err != nil {
		return false
	}
	for path := range links {
		if _, err := os.Stat(filepath.Join(p.Dir, path)); err != nil {
			return false
		}
	}
	return true
}

// Lock returns the text of the lock that the profile was made of.
func (p Profile) Lock() ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(p.Dir, lockName))
	if err != nil {
		return nil, fmt.Errorf("read the lock of a profile: %w", err)
	}
	return data, nil
}

// Entries returns the entries that the profile links to, by directory. What was
// deleted, or cannot be read, is not among them.
func (s Store) Entries(p Profile) ([]Entry, error) {
	dirs, err := p.refers()
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []Entry
	for _, name := range dirs {
		if e, err := readEntry(s.entry(name)); err == nil {
			out = append(out, e)
		}
	}
	return out, nil
}

// refers returns the names of the entries that the profile is made of, also of
// those whose programs others hide.
func (p Profile) refers() ([]string, error) {
	links, err := os.ReadDir(filepath.Join(p.Dir, "tools"))
	if err != nil {
		return nil, fmt.Errorf("read a profile: %w", err)
	}
	var names []string
	for _, l := range links {
		names = append(names, l.Name())
	}
	return names, nil
}
