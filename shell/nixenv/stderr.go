package nixenv

import (
	"bytes"
	"io"
	"net/url"
	"path"
	"regexp"
	"strings"
)

const (
	maxLine   = 64 << 10  // bytes; longer lines are cut for reading, not in the log
	maxTail   = 256 << 10 // bytes kept to tell what went wrong
	maxRead   = 20_000    // files that an evaluation is noticed to read
	maxDetail = 16 << 10  // bytes
)

// stderr reads what nix writes: it passes it on to the log, tells the
// progress, and notes which files are evaluated and how it ended.
type stderr struct {
	log      io.Writer
	progress func(string)
	notice   func(line string) // is shown each line; may be nil
	line     []byte
	tail     []byte
	read     []string // paths as nix names them
	last     string
}

func (w *stderr) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			if room := maxLine - len(w.line); room > 0 {
				w.line = append(w.line, rest[:min(room, len(rest))]...)
			}
			break
		}
		w.line = append(w.line, rest[:min(i, max(0, maxLine-len(w.line)))]...)
		w.flush()
		rest = rest[i+1:]
	}
	return len(p), nil
}

// flush ends the current line.
func (w *stderr) flush() {
	if len(w.line) == 0 {
		return
	}
	line := stripColour(string(w.line))
	w.line = w.line[:0]
	if file, ok := between(line, "evaluating file '", "'"); ok {
		// Thousands of these come with nixpkgs, only because we ask for them.
		if len(w.read) < maxRead && strings.HasPrefix(file, "/") {
			w.read = append(w.read, file)
		}
		return
	}
	if strings.HasPrefix(line, "instantiated '") {
		return
	}
	if w.notice != nil {
		w.notice(line)
	}
	if w.log != nil {
		_, _ = io.WriteString(w.log, line+"\n") // a log that cannot be written must not fail the evaluation
	}
	w.tail = append(append(w.tail, line...), '\n')
	if len(w.tail) > 2*maxTail {
		w.tail = append(w.tail[:0], w.tail[len(w.tail)-maxTail:]...)
	}
	if step := progressOf(line); step != "" && step != w.last && w.progress != nil {
		w.last = step
		w.progress(step)
	}
}

// text returns the end of what was written.
func (w *stderr) text() string { return string(w.tail) }

var colours = regexp.MustCompile("\x1b\\[[0-9;:]*m")

// stripColour removes the sequences that set colours and weight, and nothing
// else: showing the text safely is for whoever shows it.
func stripColour(s string) string {
	if !strings.Contains(s, "\x1b[") {
		return s
	}
	return colours.ReplaceAllString(s, "")
}

// between returns what stands between a prefix of line and the next end.
func between(line, prefix, end string) (string, bool) {
	rest, ok := strings.CutPrefix(line, prefix)
	if !ok {
		return "", false
	}
	text, _, ok := strings.Cut(rest, end)
	return text, ok
}

// progressOf says what a line of nix means for a person, or "".
func progressOf(line string) string {
	if drv, ok := between(line, "building '", "'"); ok {
		return "building " + storeName(drv)
	}
	if p, ok := between(line, "copying path '", "'"); ok {
		return "fetching " + storeName(p)
	}
	for _, verb := range []string{"downloading '", "unpacking '", "fetching tarball input '", "fetching git input '", "fetching github input '"} {
		if what, ok := between(line, verb, "'"); ok {
			return "fetching " + hostOf(what)
		}
	}
	return ""
}

// storeName returns the name part of a store path.
func storeName(p string) string {
	base := strings.TrimSuffix(path.Base(p), ".drv")
	if _, name, ok := strings.Cut(base, "-"); ok {
		return name
	}
	return base
}

// hostOf shortens an URL, and keeps user and query, which may hold a secret,
// out of it.
func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" && u.Opaque == "" {
		return "an input"
	}
	return path.Join(u.Host, u.Opaque, u.Path)
}
