package activation

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// What a running shell, or devsh for it, notes in its file of [Store.Shells],
// a line each:
//
//	/…/@devsh/g-ID   it has entered this generation
//	at DIR           it has stood in the project DIR
//	told e_ID        the person has been told what this entry has to say
const (
	noteAt   = "at "
	noteTold = "told "
)

// Told notes for a running shell that the person has just been told what the
// entry has to say.
func (s Store) Told(shell int, e *Entry) error {
	return s.note(shell, noteTold+entryName(e.ID))
}

// Stands notes that a running shell stands in the project: it is woken when
// something is published there.
func (s Store) Stands(shell int, project string) error {
	return s.note(shell, noteAt+project)
}

// Uses notes that a running shell uses a project's generation: it is kept.
func (s Store) Uses(shell int, project, generation string) error {
	return s.note(shell, s.Place(project).Generation(generation))
}

// WasTold reports whether the person has been told in the shell what the entry
// has to say.
func (s Store) WasTold(shell int, e *Entry) bool {
	return s.noted(shell, noteTold+entryName(e.ID))
}

// Begins forgets what a shell noted that had the number of one that has just
// started.
func (s Store) Begins(shell int) {
	_ = os.Remove(filepath.Join(s.Shells(), strconv.Itoa(shell)))
}

func (s Store) noted(shell int, line string) bool {
	have, err := readOwn(filepath.Join(s.Shells(), strconv.Itoa(shell)))
	return err == nil && bytes.Contains(append([]byte("\n"), have...), []byte("\n"+line+"\n"))
}

func (s Store) note(shell int, line string) error {
	if s.noted(shell, line) {
		return nil
	}
	file := filepath.Join(s.Shells(), strconv.Itoa(shell))
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line + "\n")
	return errors.Join(err, f.Close())
}

// shellNotes are what the running shells noted, by process: all text begins and
// ends with a newline.
type shellNotes map[int]string

// holds reports whether a shell uses the generation in dir.
func (n shellNotes) holds(dir string) bool {
	for _, text := range n {
		if strings.Contains(text, "\n"+dir+"\n") {
			return true
		}
	}
	return false
}

// below reports whether a shell uses anything in dir.
func (n shellNotes) below(dir string) bool {
	for _, text := range n {
		if strings.Contains(text, "\n"+dir+"/") {
			return true
		}
	}
	return false
}

// in returns the shells that have been in the project at dir, sorted.
func (n shellNotes) in(dir string, p Place) (shells []int) {
	for pid, text := range n {
		if strings.Contains(text, "\n"+noteAt+dir+"\n") || strings.Contains(text, "\n"+p.Generation("")) {
			shells = append(shells, pid)
		}
	}
	slices.Sort(shells)
	return shells
}

// live returns what running shells noted, and forgets the shells that have
// ended.
func (s Store) live() shellNotes {
	notes, ended := s.shells()
	for _, file := range ended {
		os.Remove(file)
	}
	return notes
}

// shells returns what running shells noted, and the files of those that have
// ended.
func (s Store) shells() (notes shellNotes, ended []string) {
	shells, err := os.ReadDir(s.Shells())
	if err != nil {
		return nil, nil
	}
	notes = shellNotes{}
	for _, sh := range shells {
		file := filepath.Join(s.Shells(), sh.Name())
		pid, err := strconv.Atoi(sh.Name())
		if err != nil {
			continue
		}
		if hasEnded("/proc/"+sh.Name(), file) {
			ended = append(ended, file)
			continue
		}
		if data, err := readOwn(file); err == nil {
			notes[pid] = "\n" + string(data)
		}
	}
	return notes, ended
}

// hasEnded reports whether the shell that wrote the notes has ended, waited for by
// its parent or not. Where that cannot be told, it has not.
func hasEnded(proc, notes string) bool {
	if _, err := os.Stat(proc); err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	if fields, err := stat(proc); err == nil && fields[0] == zombie {
		return true
	}
	written, err := os.Lstat(notes)
	return err == nil && isAnother(proc, written.ModTime())
}
