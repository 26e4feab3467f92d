package envrc

import (
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

// pwd is the reference that stands for the project's directory until it is
// written out: in an .envrc, $PWD is the directory of the file.
const pwd = "PWD"

// word is a word of the shell after its quotes are understood.
type word struct {
	start, end int // in the source
	// name and add are of the form NAME=value, or NAME+=value, unquoted up to
	// the =; parts is the value then.
	name string
	add  bool
	// parts are text and references.
	parts env.Value
	// bare are the references outside quotes: where they are arguments, the
	// shell splits what they stand for.
	bare []string
	// guard is NAME of ${NAME:+:$NAME}, which adds to a list that may be empty.
	guard string
	// pattern is the text as a pattern: what was quoted is escaped.
	pattern strings.Builder
	// glob and brace say that the shell would expand the word as an argument.
	glob, brace bool
	// why says why only running it tells the value; empty where it is known.
	why string
}

// text adds text to the value; quoted text means itself in a pattern.
func (w *word) text(s string, quoted bool) {
	w.parts = append(w.parts, env.Piece{Text: s})
	if quoted {
		for _, c := range []byte(s) {
			if strings.IndexByte(`*?[]{},\`, c) >= 0 {
				w.pattern.WriteByte('\\')
			}
			w.pattern.WriteByte(c)
		}
		return
	}
	w.pattern.WriteString(s)
}

// ref adds a reference.
func (w *word) ref(name string, quoted bool) {
	w.parts = append(w.parts, env.Piece{Ref: name})
	if !quoted {
		w.bare = append(w.bare, name)
	}
}

// dynamic notes why the value is not known. The first reason is kept.
func (w *word) dynamic(why string) {
	if w.why == "" {
		w.why = why
	}
}

// assign makes what was read so far, an unquoted name, the name of an
// assignment.
func (w *word) assign(name string, add bool) {
	w.name, w.add = name, add
	w.parts = nil
	w.pattern.Reset()
}

// literal returns the text of a word without references.
func (w *word) literal() (string, bool) {
	if w.why != "" || w.name != "" || w.guard != "" {
		return "", false
	}
	return w.parts.Literal()
}
