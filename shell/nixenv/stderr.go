package nixenv

import (
	"fmt"
	"io"
	"strings"

	"github.com/hbohlen/devsh/shell/nixenv/nixlog"
)

const (
	maxLine   = 4 << 20   // bytes; of a longer line of nix only that it came is known
	maxTail   = 256 << 10 // bytes kept to tell what went wrong
	maxRead   = 20_000    // files that an evaluation is noticed to read
	maxDetail = 16 << 10  // bytes
)

// Progress is how far an evaluation is; see [nixlog.Progress].
type Progress = nixlog.Progress

// hooking is the phase that comes after those of nix.
const hooking nixlog.Phase = "running"

// readPath is a file as nix named it.
type readPath struct {
	path      string
	evaluated bool // else only copied to the store
}

// stderr reads what nix writes: it passes to the log what a person reads of
// it, tells the progress, and notes which files are read and what went wrong.
type stderr struct {
	log      io.Writer
	progress func(Progress)
	notice   func(text string) // is shown what lines say; may be nil
	lines    nixlog.Lines
	nix      nixlog.Log
	tail     []byte // the errors, and what is not of nix
	read     []readPath
}

func newStderr(source string, log io.Writer, progress func(Progress)) *stderr {
	w := &stderr{log: log, progress: progress, nix: nixlog.Log{Source: source}}
	w.lines = nixlog.Lines{Max: maxLine, Each: w.line}
	return w
}

// Write implements [io.Writer]. It never fails, and waits for nobody but the
// log: nix must not stand still because somebody is slow to look.
func (w *stderr) Write(p []byte) (int, error) { return w.lines.Write(p) }

// flush ends the current line.
func (w *stderr) flush() { w.lines.Flush() }

func (w *stderr) line(data []byte, cut bool) {
	line := string(data)
	if cut && strings.HasPrefix(line, "@nix ") {
		line = fmt.Sprintf("(a message of more than %d MiB is left out)", maxLine>>20)
	}
	event := nixlog.Parse(line)
	if w.notice != nil && event.Text != "" {
		w.notice(event.Text)
	}
	if path, evaluated, ok := event.Read(); ok && len(w.read) < maxRead {
		w.read = append(w.read, readPath{path, evaluated})
	}
	if lines := w.nix.Add(event); len(lines) > 0 {
		text := strings.Join(lines, "\n") + "\n"
		if w.log != nil {
			_, _ = io.WriteString(w.log, text) // a log that cannot be written must not fail the evaluation
		}
		if failure := event.Level == nixlog.Error && strings.HasPrefix(event.Text, "error:"); event.Action == nixlog.Plain || event.Action == nixlog.Message && failure {
			w.keep(text)
		}
	}
	w.progress(w.nix.Progress())
}

// keep adds to the end of what went wrong.
func (w *stderr) keep(text string) {
	w.tail = append(w.tail, text...)
	if len(w.tail) > 2*maxTail {
		w.tail = append(w.tail[:0], w.tail[len(w.tail)-maxTail:]...)
	}
}

// text returns the errors.
func (w *stderr) text() string { return string(w.tail) }
