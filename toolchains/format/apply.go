package format

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
)

// errMeanwhile says that somebody else has written the file.
var errMeanwhile = errors.New("it was changed meanwhile, and is left as it is: once more")

// apply writes what came out, unless the file is another one by now, and
// remembers it. It reports false for a file that was formatted already.
func (w *work) apply(f *file) (Outcome, bool) {
	o := Outcome{File: f.rel, Formatter: f.formatter.Name, Err: f.err}
	if f.err != nil {
		delete(w.memory.Files, f.rel)
		return o, true
	}
	o.Changed = !bytes.Equal(f.before, f.after)
	if !o.Changed {
		w.remember(f, f.info)
		return o, false
	}
	delete(w.memory.Files, f.rel)
	if w.Check {
		return o, true
	}
	if o.Err = w.replace(f); o.Err != nil {
		o.Changed = false
	}
	return o, true
}

func (w *work) replace(f *file) error {
	now, err := os.ReadFile(f.path)
	info, err2 := os.Lstat(f.path)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	if !info.Mode().IsRegular() || !bytes.Equal(now, f.before) {
		return errMeanwhile
	}
	if err := w.Write(f.path, f.after, info.Mode().Perm()); err != nil {
		return err
	}
	if info, err = os.Lstat(f.path); err == nil {
		w.remember(f, info)
	}
	return nil
}

func (w *work) remember(f *file, info fs.FileInfo) {
	w.memory.Files[f.rel] = remembered{Stat: statOf(info), Content: sumOf(f.after), Under: f.under}
}
