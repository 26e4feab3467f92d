package activation

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/hbohlen/devsh/shell/atomicfile"
	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/render"
)

// rendererVersion is part of the identity of generations and entries. It grows
// when the same thing is rendered differently.
const rendererVersion = 5

// generationID names a delta of a project by its content. Salt is what else
// makes it a new generation, such as the watched files.
func generationID(dir string, d env.Delta, salt string) string {
	if d.Empty() {
		return None
	}
	h := sha256.New()
	fmt.Fprintf(h, "%d\x00%s\x00%s\x00", rendererVersion, dir, salt)
	h.Write(render.FishGeneration("ID", d))
	return hex.EncodeToString(h.Sum(nil))[:20]
}

// makeGeneration writes a generation, unless it is there. What is there and is
// not what it should be, cut short by a full disk for one, is replaced.
func (p Place) makeGeneration(id string, d env.Delta) error {
	if id == None {
		return nil
	}
	data, err := encode(d)
	if err != nil {
		return fmt.Errorf("encode generation: %w", err)
	}
	files := map[string][]byte{"enter.fish": render.FishGeneration(id, d)}
	for script, text := range d.Scripts {
		files[render.ScriptFile(script)] = []byte(text)
	}
	if p.intact(id, files) {
		return nil
	}
	files[deltaFile] = data
	return p.makeDir(generationPrefix+id, files, nil)
}

// intact reports whether a generation is there with these files and a delta.
func (p Place) intact(id string, files map[string][]byte) bool {
	for name, want := range files {
		if have, err := readOwn(filepath.Join(p.Generation(id), name)); err != nil || !bytes.Equal(have, want) {
			return false
		}
	}
	_, err := p.Delta(id)
	return err == nil
}

// makeDir puts a directory with the files in place in one step. more may add
// to it before.
func (p Place) makeDir(name string, files map[string][]byte, more func(dir string) error) (err error) {
	tmp, err := os.MkdirTemp(p.Dir, atomicfile.TempPrefix+"*")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Join(p.Dir, name), err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", filepath.Join(p.Dir, name), errors.Join(err, os.RemoveAll(tmp)))
		}
	}()
	for file, data := range files {
		if err := atomicfile.Write(filepath.Join(tmp, file), data, 0o600); err != nil {
			return err
		}
	}
	if more != nil {
		if err := more(tmp); err != nil {
			return err
		}
		if err := atomicfile.SyncDir(tmp); err != nil {
			return err
		}
	}
	target := filepath.Join(p.Dir, name)
	if err := os.Rename(tmp, target); err == nil {
		return atomicfile.SyncDir(p.Dir)
	}
	// Something is in the way that is not as it should be.
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	if err := os.Rename(tmp, target); err != nil {
		return err
	}
	return atomicfile.SyncDir(p.Dir)
}

// publish makes the entry the one in force, and reports whether it was not
// before. The caller holds the place's lock and has made the generation.
func (p Place) publish(e *Entry) (news bool, err error) {
	if err := p.keepEvaluations(e); err != nil {
		return false, err
	}
	e.ID, e.Mount = identify(e), mountPoint(e.Project.Dir)
	name := entryName(e.ID)
	if link, err := os.Readlink(p.Current()); err == nil && link == name && p.complete(name) {
		return false, nil
	}
	data, err := encode(e)
	if err != nil {
		return false, fmt.Errorf("encode entry: %w", err)
	}
	files := map[string][]byte{
		idFile(e):    nil,
		"check.fish": render.FishChecks(p.Watch(e)),
		entryFile:    data,
	}
	if err := p.makeDir(name, files, func(dir string) error { return stamp(dir, e.Inputs) }); err != nil {
		return false, err
	}
	if info, err := os.Lstat(p.Current()); err == nil && info.Mode()&fs.ModeSymlink == 0 {
		if err := os.RemoveAll(p.Current()); err != nil {
			return false, fmt.Errorf("publish: %w", err)
		}
	}
	return true, atomicfile.Link(name, p.Current())
}

// Watch is the entry as the hook watches it.
func (p Place) Watch(e *Entry) render.Watch {
	name := entryName(e.ID)
	dir := filepath.Join(p.Dir, name)
	return render.Watch{Entry: name, Dir: dir, Current: p.Current(), Note: e.Note, Checks: checks(e, dir)}
}

func idFile(e *Entry) string {
	return render.FishID(entryName(e.ID), e.Generation, string(e.Project.Kind), string(e.State))
}

// complete reports whether an entry's directory has all its files.
func (p Place) complete(name string) bool {
	e, err := p.Entry()
	if err != nil || entryName(e.ID) != name {
		return false
	}
	if _, err := os.Stat(filepath.Join(p.Dir, name, idFile(e))); err != nil {
		return false
	}
	info, err := os.Stat(filepath.Join(p.Dir, name, "check.fish"))
	return err == nil && info.Size() > 0
}

// identify names the entry by its content, but for the time it was made: the
// same state of affairs makes no new entry.
func identify(e *Entry) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d %d %s %q %q %q %q %q %q %+v %+v %s %d %d %q\n", ABI, rendererVersion, e.Generation, e.Project.Kind, e.State, e.Note, e.Good, e.Error, e.Hint, e.Layers, e.Places, e.Settings, e.Worker, e.Attempt, e.Missing)
	for _, f := range e.Inputs {
		fmt.Fprintf(h, "%q %t %d %d %d %q %t %t\n", f.Path, f.Exists, f.Size, f.Inode, f.Time.UnixNano(), f.Target, f.Dir, f.Plain)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// stamp makes, for each input that exists, a file with its time, and for those
// reached by a link, a link to what it led to.
func stamp(dir string, files []inputs.File) error {
	for i, f := range files {
		if !f.Exists || f.Plain {
			continue
		}
		name := filepath.Join(dir, strconv.Itoa(i))
		h, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		if err := h.Close(); err != nil {
			return err
		}
		if err := os.Chtimes(name, f.Time, f.Time); err != nil {
			return err
		}
		if f.Target != "" {
			if err := os.Symlink(f.Target, name+"l"); err != nil {
				return err
			}
		}
	}
	return nil
}

// checks is what the hook tests of the entry, the stamps of whose inputs are in
// dir.
func checks(e *Entry, dir string) []render.Check {
	var out []render.Check
	for i, f := range e.Inputs {
		c := render.Check{Path: f.Path, Absent: !f.Exists, Plain: f.Plain}
		if f.Exists && !f.Plain {
			c.Stamp = filepath.Join(dir, strconv.Itoa(i))
			if f.Target != "" {
				c.Target = c.Stamp + "l"
			}
		}
		out = append(out, c)
	}
	if e.State == Building {
		out = append(out, render.Check{Path: fmt.Sprintf("/proc/%d/exe", e.Worker), Same: e.Program})
	}
	return out
}
