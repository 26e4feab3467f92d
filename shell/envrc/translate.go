package envrc

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/envrc/draft"
	"github.com/hbohlen/devsh/shell/manifest"
)

// Limits of an .envrc and of what is made of it. The latter are below those of
// a devsh.toml.
const (
	maxBytes  = 1 << 20
	maxLines  = 10000
	maxItems  = 4000      // variables, entries and files together
	maxText   = 256 << 10 // bytes of all that is translated
	maxValue  = 32 << 10  // bytes of one value
	maxReason = 400       // bytes of one reason
	maxFlat   = 8 << 20   // bytes of all values with references resolved
)

// Result is a translated .envrc.
type Result struct {
	// TOML is the devsh.toml.
	TOML string
	// Left is what it does not say, in order.
	Left []Left
}

// Left is a part of an .envrc that was not translated, or only in part.
type Left struct {
	// Line is where it begins, from 1.
	Line int
	// Text is the part, of one line or several, as it is written there.
	Text string
	// Reason says why in words, and where there is a way, what to do.
	Reason string
}

// Translate makes a devsh.toml of an .envrc; path is only for words. Exists
// tells whether the project has a file, named relative to its directory; it
// decides what an .envrc leaves to direnv to find out. The result is always a
// valid devsh.toml. The error says that data is too large or no text.
func Translate(path string, data []byte, exists func(name string) bool) (Result, error) {
	switch {
	case len(data) > maxBytes:
		return Result{}, fmt.Errorf("%s is larger than %d KiB", path, maxBytes>>10)
	case bytes.Count(data, []byte("\n")) > maxLines:
		return Result{}, fmt.Errorf("%s has more than %d lines", path, maxLines)
	case bytes.IndexByte(data, 0) >= 0:
		return Result{}, fmt.Errorf("%s contains a NUL byte: it is no text", path)
	}
	t := newTranslator(string(data), exists)
	for {
		l, ok := t.parser.next()
		if !ok {
			break
		}
		t.list(l)
	}
	toml := t.draft(path).String()
	if _, err := manifest.Parse(manifest.Name, []byte(toml)); err != nil {
		return Result{}, fmt.Errorf("the translation of %s is not valid: %w", path, err)
	}
	return Result{TOML: toml, Left: t.left}, nil
}

// translator follows the commands in order.
type translator struct {
	src    string
	parser *parser
	exists func(string) bool
	left   []Left
	// line of the list that is being translated, and what was counted for it.
	line, counted, countedTo int

	vars map[string]*variable
	seq  int // of the last assignment
	// export says that all assignments are exported (set -a).
	export   bool
	envFiles []string
	watch    []string
	nix      string
	nixSeen  bool // the .envrc has to do with Nix, if only in what is left
	inherit  bool

	items, bytes, flatBytes int // of all that is translated
}

func newTranslator(src string, exists func(string) bool) *translator {
	if exists == nil {
		exists = func(string) bool { return false }
	}
	return &translator{src: src, parser: newParser(src), exists: exists, vars: map[string]*variable{}}
}

// lineOf returns the line of an offset; offsets mostly grow.
func (t *translator) lineOf(offset int) int {
	if offset < t.countedTo {
		t.counted, t.countedTo = 0, 0
	}
	t.counted += strings.Count(t.src[t.countedTo:offset], "\n")
	t.countedTo = offset
	return t.counted + 1
}

// list translates commands as far as each is known to succeed, since what
// stands behind && depends on that.
func (t *translator) list(l list) {
	l = withoutTrue(l)
	for i, c := range l.commands {
		t.line = t.lineOf(c.start)
		why := l.why
		if i+1 < len(l.joins) && l.joins[i+1] == "||" {
			why = conditional
		}
		if why == "" {
			why = t.command(c)
		}
		if why != "" {
			t.leave(t.line, t.src[c.start:l.end], why)
			return
		}
	}
}

// withoutTrue takes away a last || true, which only keeps failure from
// mattering.
func withoutTrue(l list) list {
	n := len(l.commands) - 1
	if n < 1 || l.joins[n] != "||" || len(l.commands[n].words) != 1 || l.commands[n].why != "" {
		return l
	}
	if text, ok := l.commands[n].words[0].literal(); ok && (text == "true" || text == ":") {
		l.commands, l.joins = l.commands[:n], l.joins[:n]
	}
	return l
}

// command translates one command, or says why it cannot.
func (t *translator) command(c command) string {
	switch {
	case c.nothing:
		return ""
	case c.why != "":
		return c.why
	case len(c.words) == 0:
		return "it is not understood"
	case c.words[0].name != "":
		return t.plainAssignments(c.words)
	}
	name, ok := c.words[0].literal()
	if !ok {
		return "which command it is, only running tells"
	}
	args := c.words[1:]
	// use_flake is what use flake calls.
	for _, prefix := range []string{"use", "layout"} {
		if what, ok := strings.CutPrefix(name, prefix+"_"); ok && !t.parser.functions[name] {
			name = prefix
			w := &word{}
			w.text(what, true)
			args = append([]*word{w}, args...)
		}
	}
	if t.parser.functions[name] {
		return name + " is a function of this file"
	}
	if do, ok := commands[name]; ok {
		return do(t, args)
	}
	return "it is a program or function, and nothing is run"
}

// leave notes what is not translated. Variables that it would have set are
// not known any more.
func (t *translator) leave(line int, text, why string) {
	text = strings.TrimRight(text, " \t\r\n")
	text = strings.TrimRight(strings.TrimSuffix(text, ";"), " \t") // what only ends it
	if text == "" {
		text = ";"
	}
	if len(why) > maxReason {
		why = strings.ToValidUTF8(why[:maxReason], "") + "…"
	}
	t.left = append(t.left, Left{Line: line, Text: text, Reason: why})
	t.forget(text, line)
	if strings.Contains(text, "flake") || strings.Contains(text, "nix") {
		t.nixSeen = true
	}
}

// accept says why a piece of a devsh.toml is not valid, or notes that it is
// used: its count and size are limited.
func (t *translator) accept(toml string) string {
	if !utf8.ValidString(toml) {
		return notUTF8
	}
	_, err := manifest.Parse(manifest.Name, []byte(toml))
	if e, ok := err.(*manifest.Error); ok {
		return e.Msg
	}
	t.items++
	t.bytes += len(toml)
	if t.items > maxItems || t.bytes > maxText {
		return tooMuch
	}
	return ""
}

// relative returns a path within the project as a devsh.toml names it.
func (t *translator) relative(w *word) (name, why string) {
	if w.glob || w.brace {
		return "", globbed
	}
	return t.place(w)
}

// place is relative for what the shell would not find as a pattern.
func (t *translator) place(w *word) (name, why string) {
	v, why := t.argument(w)
	if why != "" {
		return "", why
	}
	v = fromHere(v)
	text, ok := v.Literal()
	if !ok {
		return "", "where it is depends on the environment"
	}
	if !path.IsAbs(text) && t.unknown(pwd) {
		return "", t.known(pwd)
	}
	return text, ""
}

// fromHere takes ${PWD}/ off the beginning of a value.
func fromHere(v env.Value) env.Value {
	switch {
	case len(v) == 0 || v[0].Ref != pwd:
		return v
	case len(v) == 1:
		return env.Lit(".")
	case v[1].Ref != "" || !strings.HasPrefix(v[1].Text, "/"):
		return v
	}
	rest := append(env.Value{{Text: strings.TrimLeft(v[1].Text, "/")}}, v[2:]...)
	if rest[0].Text == "" {
		if rest = rest[1:]; len(rest) == 0 {
			return env.Lit(".")
		}
	}
	return rest
}

// quote returns s as a TOML string. What TOML cannot hold stays what it is, and
// accept refuses it.
func quote(s string) string {
	if q, ok := draft.Quote(s); ok {
		return q
	}
	return s
}
