package format

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Limits of a batch: so many files, and so many bytes of their names, since a
// command line has an end.
const (
	batchFiles = 200
	batchNames = 100 << 10
)

// maxOutput is how much of what a formatter says is kept.
const maxOutput = 16 << 10 // bytes

// batches divides files into batches of at most so many.
func batches(files []*file, size int) [][]*file {
	var out [][]*file
	var batch []*file
	names := 0
	for _, f := range files {
		if len(batch) == size || names > batchNames {
			out, batch, names = append(out, batch), nil, 0
		}
		batch = append(batch, f)
		names += len(f.rel) + 1
	}
	if len(batch) > 0 {
		out = append(out, batch)
	}
	return out
}

// run formats a batch. Only what hinders all of it is an error.
func (w *work) run(ctx context.Context, f *Formatter, batch []*file) error {
	batch = load(batch)
	switch {
	case len(batch) == 0:
		return nil
	case f.Stdin:
		return w.filter(ctx, f, batch)
	case f.Others:
		return w.others(ctx, f, batch)
	}
	m, err := newMirror(w.Root, w.tmp, f)
	if err != nil {
		return err
	}
	defer m.remove() // it lies in a directory that is removed at the end anyway
	return w.halves(ctx, f, m, batch)
}

// filter formats the files one by one, through the formatter's standard input,
// in the directory of each.
func (w *work) filter(ctx context.Context, f *Formatter, batch []*file) error {
	for i, file := range batch {
		if w.troubles.reached(f, allFailures) {
			untried(batch[i:])
			return nil
		}
		argv := slices.Clone(f.Argv)
		for k := range argv {
			argv[k] = strings.ReplaceAll(argv[k], PathArg, file.path)
		}
		out := &limited{most: maxFile}
		said, err := w.call(ctx, f, call{argv: argv, dir: filepath.Dir(file.path), in: file.before, out: out})
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if errors.Is(err, errCannotRun) {
			return err
		}
		if err != nil {
			w.troubles.failed(f)
			file.fail(explain(file, nil, said, err))
			continue
		}
		w.troubles.succeeded(f)
		file.accept(out.buf.Bytes())
	}
	return nil
}

// halves formats a batch in a mirror. Where the formatter fails, the halves of
// the batch are tried, until it is known which files it fails on: of the others
// nothing is lost, but by a formatter that fails on all (see [troubles]).
func (w *work) halves(ctx context.Context, f *Formatter, m *mirror, batch []*file) error {
	if w.troubles.reached(f, allFailures) {
		untried(batch)
		return nil
	}
	for _, file := range batch {
		if err := m.put(file.rel, file.before); err != nil {
			return err
		}
	}
	argv := f.Argv[:len(f.Argv):len(f.Argv)]
	for _, file := range batch {
		argv = append(argv, "./"+f.below(file.rel))
	}
	said, err := w.call(ctx, f, call{argv: argv, dir: filepath.Join(m.dir, f.Dir), env: m.env})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err == nil {
		w.troubles.succeeded(f)
		for _, file := range batch {
			file.take(m)
		}
		return nil
	}
	if errors.Is(err, errCannotRun) {
		return err
	}
	if len(batch) == 1 {
		w.troubles.failed(f)
		batch[0].fail(explain(batch[0], m, said, err))
		return nil
	}
	if w.troubles.reached(f, manyFailures) {
		w.troubles.failed(f)
		untried(batch)
		return nil
	}
	half := len(batch) / 2
	if err := w.halves(ctx, f, m, batch[:half]); err != nil {
		return err
	}
	return w.halves(ctx, f, m, batch[half:])
}

// errCannotRun says that it is not the files' fault.
var errCannotRun = errors.New("cannot be run")

// call is a process to run.
type call struct {
	argv []string
	dir  string
	in   []byte
	env  []string // nil for the formatter's
	out  *limited // standard output; nil if it is words for people, too
}

// call runs a formatter and returns what it says to people.
func (w *work) call(ctx context.Context, f *Formatter, c call) (said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, w.Limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdin = c.dir, c.env, bytes.NewReader(c.in)
	if c.env == nil {
		cmd.Env = f.Env
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	words := &limited{most: maxOutput}
	cmd.Stdout, cmd.Stderr = words, words
	if c.out != nil {
		cmd.Stdout = c.out
	}
	w.count()
	err = cmd.Run()
	switch {
	case cmd.ProcessState == nil:
		return "", fmt.Errorf("%s %w: %w", f.Name, errCannotRun, err)
	case ctx.Err() != nil:
		err = fmt.Errorf("it did not end within %v", w.Limit)
	case err == nil && c.out != nil && c.out.cut:
		err = fmt.Errorf("more than %d MB came out", maxFile>>20)
	}
	return words.buf.String(), err
}

// explain says what a formatter said of a file, as the person knows the file.
func explain(file *file, m *mirror, said string, err error) error {
	if m != nil {
		said = strings.NewReplacer(m.dir+"/", "", m.dir, ".", "./"+file.formatter.below(file.rel), file.rel).Replace(said)
	}
	var lines []string
	for line := range strings.Lines(said) {
		if line = strings.TrimRight(line, " \r\n"); line != "" && len(lines) < 6 {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return fmt.Errorf("%s: %w", file.formatter.Name, err)
	}
	return fmt.Errorf("%s: %s", file.formatter.Name, strings.Join(lines, "\n"))
}

// limited keeps the beginning of what is written to it.
type limited struct {
	most int
	buf  bytes.Buffer
	cut  bool // there was more
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.most-l.buf.Len())
	l.buf.Write(p[:n])
	l.cut = l.cut || n < len(p)
	return len(p), nil
}

// take looks at what came out in a mirror.
func (f *file) take(m *mirror) {
	info, err := os.Lstat(m.path(f))
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("no file came out")
	}
	var after []byte
	if err == nil {
		after, err = readLimited(m.path(f), maxFile)
	}
	if err != nil {
		f.fail(fmt.Errorf("%s: %w", f.formatter.Name, err))
		return
	}
	f.accept(after)
}

// accept keeps what came out, if it can be what a formatter makes of the file.
func (f *file) accept(after []byte) {
	if err := valid(f.rel, f.before, after); err != nil {
		f.fail(fmt.Errorf("%s: the file is left as it is: %w", f.formatter.Name, err))
		return
	}
	f.after = after
}
