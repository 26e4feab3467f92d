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
	"strings"
	"syscall"
)

// What lies in the directory of an evaluation, <state>/nix/<key>.
const (
	profileName = "profile"  // link to the environment in the store, a root for the collector
	entryName   = "env.json" // the environment
	hookPrefix  = "hook-"    // what the hook did, by project directory
	tempPrefix  = ".tmp-"
	maxEntry    = 128 << 20 // bytes
)

// entry is an evaluation as it is stored.
type entry struct {
	Format int       `json:"format"`
	Shell  *shellEnv `json:"shell"`
	// Read are the files that nix was seen to evaluate beyond those that the
	// key is made of, relative to the repository's root.
	Read []readFile `json:"read,omitempty"`
}

type readFile struct {
	Path raw    `json:"path"`
	Sum  string `json:"sum"`
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

// load returns the stored evaluation, or nil where there is none that holds:
// its environment collected, a file changed, or the entry unreadable, which
// evaluating again mends.
func (e *evaluation) load() *entry {
	if _, err := os.Stat(filepath.Join(e.dir, profileName)); err != nil {
		return nil
	}
	var stored entry
	if err := readJSON(filepath.Join(e.dir, entryName), &stored); err != nil {
		return nil
	}
	if stored.Format != format || stored.Shell == nil {
		return nil
	}
	for _, r := range stored.Read {
		if sum, err := e.sum(string(r.Path)); err != nil || sum != r.Sum {
			return nil
		}
	}
	return &stored
}

// sum returns the hash of a file below the repository's root.
func (e *evaluation) sum(rel string) (string, error) {
	root, err := os.OpenRoot(e.files.Root)
	if err != nil {
		return "", err
	}
	defer root.Close()
	node, err := readBelow(root)(rel, maxFileSize)
	if err != nil {
		return "", err
	}
	h := sha256.Sum256(node.Data)
	return fmt.Sprintf("%t %d %s", node.Present, node.Size, hex.EncodeToString(h[:])), nil
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
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, tempPrefix) // 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// tidy removes what an evaluation that was killed left, and the profile's
// generations but the current, which would keep old environments in the
// store. The lock is held.
func tidy(dir string) {
	current, _ := os.Readlink(filepath.Join(dir, profileName))
	names, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, n := range names {
		name := n.Name()
		old := strings.HasPrefix(name, profileName+"-") && name != filepath.Base(current)
		if old || strings.HasPrefix(name, tempPrefix) {
			_ = os.Remove(filepath.Join(dir, name)) // the next run tries again
		}
	}
}

func isKey(name string) bool {
	raw, err := hex.DecodeString(name)
	return err == nil && len(raw) == sha256.Size
}
