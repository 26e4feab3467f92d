package format

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// memory remembers which files are formatted as what would format them has it.
type memory struct {
	Version int
	// Saved is when it was written. A file that was changed after that, or in
	// the same moment, may have changed without its time telling.
	Saved time.Time
	Files map[string]remembered // by path relative to the root
}

// memoryVersion is another one when the same content of a memory means
// something else.
const memoryVersion = 1

// moment is by how much the clock of a file system may be behind: within it two
// changes have the same time.
const moment = 20 * time.Millisecond

// remembered is a file that is formatted.
type remembered struct {
	Stat    stat
	Content sum
	Under   sum // what it was formatted by: the signature
}

// stat tells whether a file may be another one than before.
type stat struct {
	Size, Modified, Changed int64
	Inode                   uint64
}

func statOf(info fs.FileInfo) stat {
	s := stat{Size: info.Size(), Modified: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.Changed, s.Inode = st.Ctim.Nano(), st.Ino
	}
	return s
}

// recall reads a memory. One that cannot be read is empty: then there is more
// to do, and that is all.
func recall(file string) *memory {
	empty := &memory{Version: memoryVersion, Files: map[string]remembered{}}
	f, err := os.Open(file)
	if err != nil {
		return empty
	}
	defer f.Close()
	m := &memory{}
	if err := gob.NewDecoder(f).Decode(m); err != nil || m.Version != memoryVersion || m.Files == nil {
		return empty
	}
	return m
}

// formatted reports whether the file is known to be formatted, by its stat, and
// only where that may deceive by its content.
func (m *memory) formatted(path, rel string, info fs.FileInfo, under sum) bool {
	r, ok := m.Files[rel]
	if !ok || r.Under != under || r.Stat.Size != info.Size() {
		return false
	}
	now := statOf(info)
	if now == r.Stat && max(now.Modified, now.Changed) < m.Saved.Add(-moment).UnixNano() {
		return true
	}
	data, err := os.ReadFile(path)
	if err != nil || sumOf(data) != r.Content {
		return false
	}
	r.Stat = now
	m.Files[rel] = r
	return true
}

// save writes the memory: the old one or the new one is there, also where
// several write at once.
func (m *memory) save(file string, now time.Time) error {
	m.Saved = now
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("remember what is formatted: %w", err)
	}
	tmp, err := os.CreateTemp(dir, ".tmp-*")
	if err != nil {
		return fmt.Errorf("remember what is formatted: %w", err)
	}
	err = gob.NewEncoder(tmp).Encode(m)
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("remember what is formatted: %w", err), os.Remove(tmp.Name()))
	}
	return nil
}
