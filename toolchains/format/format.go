package format

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Request is what to format, and how.
type Request struct {
	Root  string   // absolute, without links on the way
	Files []string // relative to it
	// Choose names the formatter of a file, or nil: then it is left alone.
	Choose func(rel string) *Formatter
	// Memory is the file that remembers what is formatted; "" for none.
	Memory string
	// Tmp is a directory of the user's own, in which formatters work. It must
	// not be one where others can write: formatters look for configuration above
	// their files, and some of that is code.
	Tmp string
	// Check changes no file.
	Check bool
	// Write replaces a file, wholly or not at all.
	Write func(path string, data []byte, mode fs.FileMode) error
	// Limit is how long one process may run.
	Limit time.Duration
	// Progress is told how many of the files that are not known to be formatted
	// are done, by one goroutine at a time; may be nil.
	Progress func(done, all int)
	Now      func() time.Time
}

// Outcome is what became of one file.
type Outcome struct {
	File      string // relative to the root
	Formatter string
	Changed   bool  // or would be
	Err       error // why it was left as it was
}

// Result is what was done. Outcomes are sorted by file; those of files that
// were formatted already are left out.
type Result struct {
	Outcomes  []Outcome
	Files     int // that have a formatter
	Alone     int // that have none
	Known     int // of these, that were known to be formatted
	Processes int
}

// maxFile is as large as a file may be.
const maxFile = 16 << 20 // bytes

// file is one that has to be formatted.
type file struct {
	rel, path string
	formatter *Formatter
	info      fs.FileInfo // nil if it is on no disk
	under     sum
	// before and after are what is in it, while its batch is formatted. What
	// came out stays only where it differs: there may be very many files.
	before, after []byte
	was           sum // of before
	changed       bool
	err           error
}

func (f *file) fail(err error) { f.err, f.after = err, nil }

// settle forgets what is no longer needed of a file that was formatted.
func (f *file) settle() {
	f.was = sumOf(f.before)
	if f.changed = f.err == nil && !bytes.Equal(f.before, f.after); !f.changed {
		f.after = nil
	}
	f.before = nil
}

// work is what one call of [Run] does.
type work struct {
	Request
	tmp       string
	memory    *memory
	processes atomic.Int64
	troubles  *troubles
	mu        sync.Mutex
	done      int
}

func (w *work) count() { w.processes.Add(1) }

func (w *work) progress(more, all int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done += more
	if w.Progress != nil {
		w.Progress(w.done, all)
	}
}

// Run formats the files. A file that cannot be formatted is an outcome; the
// error says what hindered all of it, or that ctx has ended.
func Run(ctx context.Context, r Request) (Result, error) {
	w := &work{Request: r, troubles: newTroubles(), memory: &memory{Version: memoryVersion, Files: map[string]remembered{}}}
	if r.Memory != "" {
		w.memory = recall(r.Memory)
	}
	// Before anything is read: what changes from now on may be missed.
	began := r.Now()
	todo, result, err := w.plan()
	if err != nil {
		return result, err
	}
	if len(todo) > 0 {
		if err := w.format(ctx, todo); err != nil {
			return result, err
		}
	}
	result.Processes = int(w.processes.Load())
	for _, f := range todo {
		if o, ok := w.apply(f); ok {
			result.Outcomes = append(result.Outcomes, o)
		}
	}
	if r.Memory == "" {
		return result, nil
	}
	return result, w.memory.save(r.Memory, began)
}

// Text formats what a file would contain, and writes nothing.
func Text(ctx context.Context, r Request, rel string, text []byte) ([]byte, error) {
	w := &work{Request: r, troubles: newTroubles()}
	f := &file{rel: rel, path: filepath.Join(r.Root, rel), formatter: r.Choose(rel), before: text}
	if f.formatter == nil {
		return nil, fmt.Errorf("%s has no formatter", rel)
	}
	if err := w.format(ctx, []*file{f}); err != nil {
		return nil, err
	}
	if f.err == nil && !f.changed {
		return text, nil
	}
	return f.after, f.err
}

// plan finds the files that are not known to be formatted.
func (w *work) plan() (todo []*file, result Result, err error) {
	s := newSigner(w.Root)
	for _, rel := range w.Files {
		f := &file{rel: rel, path: filepath.Join(w.Root, rel), formatter: w.Choose(rel)}
		if f.formatter == nil {
			result.Alone++
			continue
		}
		if f.info, err = os.Lstat(f.path); errors.Is(err, os.ErrNotExist) {
			delete(w.memory.Files, rel) // tracked, and deleted
			continue
		}
		if err != nil {
			return nil, result, err
		}
		if !f.info.Mode().IsRegular() {
			continue // where a link leads is formatted there
		}
		if f.formatter.Others && f.info.Size() > maxFile {
			continue // it says itself which files are for it, and hardly this
		}
		result.Files++
		if f.under, err = s.signature(f.formatter, filepath.Dir(rel)); err != nil {
			return nil, result, err
		}
		if w.memory.formatted(f.path, rel, f.info, f.under) {
			result.Known++
			continue
		}
		todo = append(todo, f)
	}
	return todo, result, nil
}

// format runs the formatters, as many processes at once as there are
// processors.
func (w *work) format(ctx context.Context, todo []*file) (err error) {
	if w.tmp, err = makeTmp(w.Tmp, w.Now()); err != nil {
		return mirrorError(err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(w.tmp)) }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers := runtime.NumCPU()
	queue := make(chan job)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for j := range queue {
				if ctx.Err() != nil {
					continue
				}
				if err := w.run(ctx, j.formatter, j.batch); err != nil {
					cancel(err)
				}
				for _, f := range j.batch {
					f.settle()
				}
				w.progress(len(j.batch), len(todo))
			}
		})
	}
	for _, j := range jobs(todo, workers) {
		queue <- j
	}
	close(queue)
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

const (
	tmpPrefix = "fmt-"
	// tmpAge is how old what a killed process left must be to be removed: no
	// process of today works there.
	tmpAge = 24 * time.Hour
)

// makeTmp makes a directory for one call, and removes what was left by others.
func makeTmp(dir string, now time.Time) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	// Its real name: formatters compare it with what they find themselves.
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasPrefix(e.Name(), tmpPrefix) && now.Sub(info.ModTime()) > tmpAge {
			_ = os.RemoveAll(filepath.Join(dir, e.Name())) // next time, then
		}
	}
	return os.MkdirTemp(dir, tmpPrefix)
}

type job struct {
	formatter *Formatter
	batch     []*file
}

// jobs are the batches of each formatter, in the order of the files.
func jobs(todo []*file, workers int) (out []job) {
	by := map[*Formatter][]*file{}
	var order []*Formatter
	for _, f := range todo {
		if by[f.formatter] == nil {
			order = append(order, f.formatter)
		}
		by[f.formatter] = append(by[f.formatter], f)
	}
	for _, formatter := range order {
		if formatter.Others {
			out = append(out, job{formatter, by[formatter]}) // it is several processes itself
			continue
		}
		files := by[formatter]
		// At least as many batches as there are workers.
		for _, batch := range batches(files, min(batchFiles, max(1, (len(files)+workers-1)/workers))) {
			out = append(out, job{formatter, batch})
		}
	}
	return out
}
