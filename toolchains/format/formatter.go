package format

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Formatter is a program that formats files.
type Formatter struct {
	Name string
	// Argv is the command; the first is a path. The files are added to it, unless
	// Stdin is set.
	Argv []string
	Env  []string
	// Stdin says that it formats its standard input, one file at a time, and
	// touches no file. [PathArg] in Argv stands for the file's name. That is
	// for those that also write what a file refers to, as rustfmt does, or that
	// look around more than a mirror can show.
	Stdin bool
	// Others says that it runs other formatters, and these may write what a file
	// refers to: then all that they could write has to be a copy.
	Others bool
	// Dir is the directory that it is run in, relative to the root; "" for that.
	Dir string
	// Configs are the names of files that tell it how to format, which it looks
	// for in the directory of a file and above. What it does depends on their
	// content, and on where they are.
	Configs []string
	// Extra is whatever else decides what it does, such as its version.
	Extra string
}

// PathArg stands for the file in the command of a formatter that reads standard
// input.
const PathArg = "{path}"

// sum identifies what was read. The first 16 bytes of SHA-256 are enough: who
// could make two that are equal could as well write the file itself.
type sum [16]byte

func sumOf(data []byte) (s sum) {
	full := sha256.Sum256(data)
	copy(s[:], full[:])
	return s
}

// signer computes what decides how the files of a directory are formatted.
type signer struct {
	root string
	tool map[*Formatter]sum
	dirs map[dirKey]sum
	// files are the configuration files by path: what is in them.
	files map[string]sum
	names map[string]map[string]bool // what is in a directory
}

type dirKey struct {
	f   *Formatter
	dir string // relative to the root
}

func newSigner(root string) *signer {
	return &signer{root: root, tool: map[*Formatter]sum{}, dirs: map[dirKey]sum{}, files: map[string]sum{}, names: map[string]map[string]bool{}}
}

// signature is the formatter, and all its configuration from the directory up
// to the root of the file system.
func (s *signer) signature(f *Formatter, dir string) (sum, error) {
	key := dirKey{f, dir}
	if known, ok := s.dirs[key]; ok {
		return known, nil
	}
	above, err := s.above(f, dir)
	if err != nil {
		return sum{}, err
	}
	h := sha256.New()
	h.Write(above[:])
	abs := filepath.Join(s.root, dir)
	if err := s.configs(h, f, abs, s.list(abs)); err != nil {
		return sum{}, err
	}
	var out sum
	copy(out[:], h.Sum(nil))
	s.dirs[key] = out
	return out, nil
}

// above is the signature of the directory above, or, at the root, of the
// formatter and what is above the root.
func (s *signer) above(f *Formatter, dir string) (sum, error) {
	if dir != "." {
		return s.signature(f, filepath.Dir(dir))
	}
	if known, ok := s.tool[f]; ok {
		return known, nil
	}
	h := sha256.New()
	if err := program(h, f); err != nil {
		return sum{}, err
	}
	for dir := filepath.Dir(s.root); ; dir = filepath.Dir(dir) {
		if err := s.configs(h, f, dir, nil); err != nil {
			return sum{}, err
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	var out sum
	copy(out[:], h.Sum(nil))
	s.tool[f] = out
	return out, nil
}

// program identifies the program by its file, and how it is called.
func program(w io.Writer, f *Formatter) error {
	real, err := filepath.EvalSymlinks(f.Argv[0])
	if err != nil {
		return fmt.Errorf("find %s: %w", f.Name, err)
	}
	info, err := os.Stat(real)
	if err != nil {
		return fmt.Errorf("find %s: %w", f.Name, err)
	}
	for _, text := range slices.Concat([]string{real, f.Extra}, f.Argv, f.Configs) {
		_ = binary.Write(w, binary.LittleEndian, int64(len(text))) // a hash takes everything
		_, _ = io.WriteString(w, text)
	}
	return binary.Write(w, binary.LittleEndian, []int64{info.Size(), info.ModTime().UnixNano()})
}

// list is what is in a directory, nil where that is not known. Most have no
// configuration: reading each once is less than asking for all its names.
func (s *signer) list(dir string) map[string]bool {
	names, ok := s.names[dir]
	if ok {
		return names
	}
	if entries, err := os.ReadDir(dir); err == nil {
		names = map[string]bool{}
		for _, e := range entries {
			names[e.Name()] = true
		}
	}
	s.names[dir] = names
	return names
}

// configs writes what is in the configuration files of a directory.
func (s *signer) configs(h io.Writer, f *Formatter, dir string, names map[string]bool) error {
	for i, name := range f.Configs {
		if first, _, _ := strings.Cut(name, "/"); names != nil && !names[first] {
			continue
		}
		content, err := s.config(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if content == (sum{}) {
			continue
		}
		// A hash takes everything.
		_ = binary.Write(h, binary.LittleEndian, int64(i))
		_, _ = h.Write(content[:])
	}
	_, _ = h.Write([]byte{0})
	return nil
}

// maxConfig is as large as a configuration may be.
const maxConfig = 4 << 20 // bytes

// config is the content of a file, or nothing if there is none.
func (s *signer) config(path string) (sum, error) {
	if known, ok := s.files[path]; ok {
		return known, nil
	}
	var content sum
	info, err := os.Stat(path)
	if err == nil && info.Mode().IsRegular() {
		data, err := readLimited(path, maxConfig)
		if err != nil {
			return sum{}, fmt.Errorf("read the configuration: %w", err)
		}
		content = sumOf(data)
	}
	s.files[path] = content
	return content, nil
}

// readLimited reads a regular file of at most so many bytes. Whatever has taken
// its place meanwhile is not waited for.
func readLimited(path string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(fmt.Errorf("%s is no regular file", path), err)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is larger than %d MB", path, limit>>20)
	}
	return data, err
}
