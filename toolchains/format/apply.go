package format

import (
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
	if o.Changed = f.changed; !o.Changed {
		w.remember(f, f.info, f.was)
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
	info, err := os.Lstat(f.path)
	if err == nil && !info.Mode().IsRegular() {
		err = errMeanwhile
	}
	if err != nil {
		return err
	}
	if now, err := readLimited(f.path, maxFile); err != nil || sumOf(now) != f.was {
		return errors.Join(errMeanwhile, err)
	}
	if err := w.Write(f.path, f.after, info.Mode().Perm()); err != nil {
		return err
	}
	if info, err = os.Lstat(f.path); err == nil {
		w.remember(f, info, sumOf(f.after))
	}
	return nil
}

func (w *work) remember(f *file, info fs.FileInfo, content sum) {
	w.memory.Files[f.rel] = remembered{Stat: statOf(info), Content: content, Under: f.under}
}
