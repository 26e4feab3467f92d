package nixenv

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/hbohlen/devsh/shell/atomicfile"
)

// What lies in the directory of an evaluation, <state>/nix/<key>: directories
// for up to maxSlots evaluations, which differ in the contents of files that
// only nix told of, so that going there and back finds both.
const (
	maxSlots    = 8
	profileName = "profile"  // link to the environment in the store, a root for the collector
	entryName   = "env.json" // the environment, written last
	hookPrefix  = "hook-"    // what the hook did, by project directory
	maxEntry    = 128 << 20  // bytes
)

// entry is an evaluation as it is stored.
type entry struct {
	Format int       `json:"format"`
	Shell  *shellEnv `json:"shell"`
	// Read are the files that nix was seen to read beyond those that the key is
	// made of, and what these lead to.
	Read []readFile `json:"read,omitempty"`
}

// readFile is a [File] that nix told of.
type readFile struct {
	Path     raw    `json:"path"` // as in [File]
	Deciding bool   `json:"deciding,omitempty"`
	Present  bool   `json:"present,omitempty"`
	Sum      []byte `json:"sum"`
}

// raw is text that need not be UTF-8, such as a file's name. JSON holds it in
// base64, which loses nothing.
type raw string

// MarshalJSON implements [json.Marshaler].
func (r raw) MarshalJSON() ([]byte, error) { return json.Marshal([]byte(r)) }

// UnmarshalJSON implements [json.Unmarshaler].
func (r *raw) UnmarshalJSON(data []byte) error {
	var b []byte
	err := json.Unmarshal(data, &b)
	*r = raw(b)
	return err
}

func keyDir(stateDir, key string) string { return filepath.Join(stateDir, "nix", key) }

// slots returns the directories of the evaluations of a key, the latest first.
func slots(dir string) []string {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	times := map[string]time.Time{}
	var out []string
	for _, n := range names {
		if !n.IsDir() {
			continue
		}
		slot := filepath.Join(dir, n.Name())
		if info, err := os.Stat(filepath.Join(slot, entryName)); err == nil {
			times[slot] = info.ModTime()
		}
		out = append(out, slot)
	}
	slices.SortStableFunc(out, func(a, b string) int { return times[b].Compare(times[a]) })
	return out
}

// load returns the stored evaluation and makes its directory the one in use,
// or nil where there is none that holds: its environment collected, a file
// changed, or the entry unreadable, which evaluating again mends.
func (e *evaluation) load() *entry {
	for _, slot := range slots(e.dir) {
		if _, err := os.Stat(filepath.Join(slot, profileName)); err != nil {
			continue
		}
		stored, err := readEntry(slot)
		if err != nil {
			continue
		}
		if files, ok := e.holds(stored); ok {
			e.slot, e.all = slot, files
			return stored
		}
	}
	return nil
}

func readEntry(slot string) (*entry, error) {
	var stored entry
	if err := readJSON(filepath.Join(slot, entryName), &stored); err != nil {
		return nil, err
	}
	if stored.Format != format || stored.Shell == nil {
		return nil, fmt.Errorf("read %s: of another format", slot)
	}
	return &stored, nil
}

// holds returns the files that the stored evaluation was made from, and
// whether they are still as they were.
func (e *evaluation) holds(stored *entry) (Files, bool) {
	if len(stored.Read) == 0 {
		return e.files, true
	}
	extra := e.files.Extra()
	for _, r := range stored.Read {
		extra = append(extra, Input{Path: e.files.abs(string(r.Path)), Deciding: r.Deciding})
	}
	files, err := e.req.Source.Files(extra...)
	if err != nil {
		return Files{}, false
	}
	now := map[string]File{}
	for _, f := range files.Files {
		now[f.Path] = f
	}
	for _, r := range stored.Read {
		f, ok := now[string(r.Path)]
		if !ok || f.Present != r.Present || !bytes.Equal(f.Sum[:], r.Sum) {
			return Files{}, false
		}
	}
	return files, true
}

// free makes an empty directory for another evaluation. The oldest goes where
// there are too many, and what a run left that was killed.
func (e *evaluation) free() (string, error) {
	used := map[string]bool{}
	kept := 0
	for _, slot := range slots(e.dir) {
		if _, err := os.Stat(filepath.Join(slot, entryName)); err == nil && kept < maxSlots-1 {
			used[slot] = true
			kept++
			continue
		}
		if err := os.RemoveAll(slot); err != nil {
			return "", fmt.Errorf("make room for an evaluation: %w", err)
		}
	}
	for i := 0; ; i++ {
		slot := filepath.Join(e.dir, strconv.Itoa(i))
		if used[slot] {
			continue
		}
		if err := os.Mkdir(slot, 0o700); err != nil {
			return "", fmt.Errorf("make room for an evaluation: %w", err)
		}
		return slot, nil
	}
}

// supersede removes the evaluations that the one in use replaces: of the same
// contents, or unreadable.
func (e *evaluation) supersede(stored *entry) {
	for _, slot := range slots(e.dir) {
		if slot == e.slot {
			continue
		}
		old, err := readEntry(slot)
		if err != nil || slices.EqualFunc(old.Read, stored.Read, readFile.equal) {
			_ = os.RemoveAll(slot) // the next run tries again
		}
	}
}

func (r readFile) equal(other readFile) bool {
	return r.Path == other.Path && r.Deciding == other.Deciding && r.Present == other.Present && bytes.Equal(r.Sum, other.Sum)
}

// readJSON reads a file of ours, which is never large.
func readJSON(name string, into any) error {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxEntry))
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// writeJSON replaces a file at once: it is wholly old or wholly new.
func writeJSON(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return atomicfile.Write(name, data, 0o600)
}

// tidy removes what writing files left that was killed. The lock is held.
func (e *evaluation) tidy() {
	left, _ := filepath.Glob(filepath.Join(e.dir, "*", atomicfile.TempPrefix+"*"))
	for _, name := range left {
		_ = os.Remove(name) // the next run tries again
	}
}

func isKey(name string) bool {
	raw, err := hex.DecodeString(name)
	return err == nil && len(raw) == sha256.Size
}
