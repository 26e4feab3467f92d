package format

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// others formats files by a formatter that runs others, all in one mirror. What
// these could write beside the files is a copy there: rustfmt, which follows
// «mod», would write through a link.
func (w *work) others(ctx context.Context, f *Formatter, files []*file) error {
	m, err := newMirror(w.Root, w.tmp, f)
	if err != nil {
		return err
	}
	defer m.remove()
	if err := w.copySiblings(ctx, m, files); err != nil {
		return err
	}
	m.env = m.moved(f.Env)
	for _, batch := range batches(files, math.MaxInt) {
		if err := w.halves(ctx, f, m, batch); err != nil {
			return err
		}
	}
	return nil
}

// copySiblings copies the other files of the same kinds into the mirror.
func (w *work) copySiblings(ctx context.Context, m *mirror, files []*file) error {
	kinds, known := map[string]bool{}, map[string]bool{}
	for _, f := range files {
		kinds[filepath.Ext(f.rel)], known[f.rel] = true, true
	}
	all, err := List(ctx, w.Root, []string{w.Root})
	if err != nil {
		return err
	}
	for _, rel := range all {
		if !kinds[filepath.Ext(rel)] || known[rel] {
			continue
		}
		info, err := os.Lstat(filepath.Join(w.Root, rel))
		if err != nil || !info.Mode().IsRegular() || info.Size() > maxFile {
			continue // as it would not be formatted
		}
		data, err := readLimited(filepath.Join(w.Root, rel), maxFile)
		if err != nil {
			continue
		}
		if err := m.put(rel, data); err != nil {
			return err
		}
	}
	return nil
}

// moved is an environment in which variables that name the project's directory
// name the mirror: PRJ_ROOT, say, by which formatters find their configuration.
func (m *mirror) moved(environ []string) []string {
	environ = slices.Clone(environ)
	for i, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if value == m.root || strings.HasPrefix(value, m.root+"/") && !strings.Contains(value, ":") {
			environ[i] = name + "=" + m.dir + strings.TrimPrefix(value, m.root)
		}
	}
	return environ
}

// below is a file as seen from the directory that the formatter runs in.
func (f *Formatter) below(rel string) string {
	if below, err := filepath.Rel(filepath.Join("/", f.Dir), filepath.Join("/", rel)); err == nil {
		return below
	}
	return rel
}

// load reads files when their turn comes, and returns those to format.
func load(batch []*file) []*file {
	out := make([]*file, 0, len(batch))
	for _, f := range batch {
		if f.info != nil {
			f.load()
		}
		switch {
		case f.err != nil:
		case f.formatter.Others && isBinary(f.before):
			f.after = f.before // nothing that a formatter is for
		default:
			out = append(out, f)
		}
	}
	return out
}

func (f *file) load() {
	if f.before, f.err = readLimited(f.path, maxFile); f.err != nil {
		f.err = fmt.Errorf("read it: %w", f.err)
	}
}

// isBinary reports whether a content is no text, by what git goes by.
func isBinary(data []byte) bool {
	return bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0
}
