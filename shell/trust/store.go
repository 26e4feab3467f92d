package trust

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hbohlen/devsh/shell/atomicfile"
	"github.com/hbohlen/devsh/shell/inputs"
)

// State is what the user has said of a place.
type State string

const (
	Unknown State = "not allowed"
	Allowed State = "allowed"
	Changed State = "changed"
	Denied  State = "denied"
)

// Store keeps records in a directory, one file each.
type Store struct {
	Dir string
	// Risky reports whether a variable can make code run.
	Risky func(name string) bool
	// Trees are trusted as a whole, by the user's settings.
	Trees []string
}

// Verdict is what a store says of inputs.
type Verdict struct {
	State State
	// Changes since the user allowed the place, where State is Changed.
	Changes []Change
	// Because says what else than the place's own record allows it:
	// "worktree of DIR" or "trusted tree DIR". Empty otherwise.
	Because string
	// From is the other place whose record allows it, where there is one.
	From string
}

type record struct {
	Dir   string       `json:"dir"`
	State State        `json:"state"`
	Time  time.Time    `json:"time"`
	Salt  string       `json:"salt,omitempty"`
	Files []recordFile `json:"files,omitempty"`
}

type recordFile struct {
	Path    string `json:"path"`
	Exists  bool   `json:"exists"`
	Digest  string `json:"digest"`
	Content []byte `json:"content,omitempty"` // for the diff
	EnvFile bool   `json:"env_file,omitempty"`
	// Vars holds a keyed digest of each value of an [env] file: enough to see
	// that it changed, and nothing to read a secret from.
	Vars       map[string]string `json:"vars,omitempty"`
	Unreadable bool              `json:"unreadable,omitempty"`
}

// Check says what the user has decided about the place, and whether its
// inputs are still those that were allowed.
func (s *Store) Check(in Inputs) (Verdict, error) {
	rec, err := s.load(in.Dir)
	if err != nil {
		return Verdict{State: Unknown}, err
	}
	if rec != nil && rec.State == Denied {
		return Verdict{State: Denied}, nil
	}
	if tree := s.tree(in.Dir); tree != "" {
		return Verdict{State: Allowed, Because: "trusted tree " + tree}, nil
	}
	if rec == nil {
		if other := s.worktree(in); other != "" {
			return Verdict{State: Allowed, Because: "worktree of " + other, From: other}, nil
		}
		return Verdict{State: Unknown}, nil
	}
	if changes := rec.compare(in, s.Risky); len(changes) > 0 {
		return Verdict{State: Changed, Changes: changes}, nil
	}
	return Verdict{State: Allowed}, nil
}

func (s *Store) tree(dir string) string {
	for _, t := range s.Trees {
		if resolved, err := filepath.EvalSymlinks(t); err == nil && (dir == resolved || strings.HasPrefix(dir, resolved+"/")) {
			return t
		}
	}
	return ""
}

// Allow records that the inputs, as they are in memory, may decide what runs.
func (s *Store) Allow(in Inputs, now time.Time) error {
	salt := make([]byte, 16)
	rand.Read(salt) // never fails: crypto/rand
	rec := record{Dir: encode(in.Dir), State: Allowed, Time: now.UTC(), Salt: hex.EncodeToString(salt)}
	for _, f := range in.sorted() {
		rf := recordFile{Path: encode(f.Path), Exists: f.Exists, Digest: inputs.Digest(f.Content), EnvFile: f.EnvFile}
		if f.EnvFile {
			rf.Vars = keyed(salt, f.Vars)
			rf.Unreadable = f.Unreadable != ""
			rf.Digest = ""
		} else {
			rf.Content = f.Content
		}
		rec.Files = append(rec.Files, rf)
	}
	return s.save(in.Dir, rec)
}

// Deny records that the place may not decide anything.
func (s *Store) Deny(dir string, now time.Time) error {
	return s.save(dir, record{Dir: encode(dir), State: Denied, Time: now.UTC()})
}

// File is where the record of a place is kept, whether it exists or not.
func (s *Store) File(dir string) string {
	return filepath.Join(s.Dir, inputs.Digest([]byte(dir))[:40]+".json")
}

// IsRecord reports whether a path looks like that of a record, which is an
// input of devsh's own and nothing to tell people of.
func IsRecord(path string) bool {
	return filepath.Base(filepath.Dir(path)) == "trust" && recordName.MatchString(filepath.Base(path))
}

var recordName = regexp.MustCompile(`^[0-9a-f]{40}\.json$`)

func (s *Store) save(dir string, rec record) error {
	data, err := json.MarshalIndent(rec, "", "  ")
	if err != nil {
		return fmt.Errorf("record trust in %s: %w", dir, err)
	}
	if err := atomicfile.MkdirAll(s.Dir, 0o700); err != nil {
		return fmt.Errorf("record trust in %s: %w", dir, err)
	}
	file := s.File(dir)
	if info, err := os.Lstat(file); err == nil && info.IsDir() {
		if err := os.RemoveAll(file); err != nil { // no rename replaces a directory
			return fmt.Errorf("record trust in %s: %w", dir, err)
		}
	}
	if err := atomicfile.Write(file, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("record trust in %s: %w", dir, err)
	}
	return nil
}

// RecordError says that a record cannot be read or understood. It must not
// count as a permission, nor silently as none; allowing or denying anew
// replaces it.
type RecordError struct {
	File string
	Err  error
}

func (e *RecordError) Error() string { return fmt.Sprintf("read trust record %s: %v", e.File, e.Err) }
func (e *RecordError) Unwrap() error { return e.Err }

// load returns the record of a place, or nil where there is none. The error is
// a [*RecordError].
func (s *Store) load(dir string) (*record, error) {
	file := s.File(dir)
	rec, err := read(file, dir)
	if err != nil {
		return nil, &RecordError{File: file, Err: err}
	}
	return rec, nil
}

// maxRecord bounds what is read of a record, in bytes: it holds the contents
// of the deciding inputs.
const maxRecord = 256 << 20

func read(file, dir string) (*record, error) {
	info, err := os.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case !owned(info):
		return nil, errors.New("owned by another user")
	case info.Size() > maxRecord:
		return nil, errors.New("too large")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var rec record
	if err := json.Unmarshal(data, &rec); err != nil {
		return nil, err
	}
	if rec.Dir != encode(dir) || rec.State != Allowed && rec.State != Denied {
		return nil, fmt.Errorf("it is not one of %s", dir)
	}
	return &rec, nil
}

// encode makes any path fit JSON: one that is no UTF-8 is written in hex, with
// a mark that no path can have.
func encode(path string) string {
	if utf8.ValidString(path) {
		return path
	}
	return "\x00" + hex.EncodeToString([]byte(path))
}

func decode(s string) string {
	if h, ok := strings.CutPrefix(s, "\x00"); ok {
		if b, err := hex.DecodeString(h); err == nil {
			return string(b)
		}
	}
	return s
}
