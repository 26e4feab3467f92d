package envrc

import (
	"strings"
	"unicode/utf8"

	"github.com/hbohlen/devsh/shell/env"
)

// runs is why the output of a command is not known.
const runs = "it is what a command prints, and nothing is run"

// maxNested bounds quotes and substitutions within each other.
const maxNested = 200

func (l *lexer) backslash(w *word) {
	switch l.at(1) {
	case '\n':
	case 0:
		if l.i+1 >= len(l.src) {
			w.text(`\`, true)
			l.i++
			return
		}
		fallthrough
	default:
		w.text(l.src[l.i+1:l.i+2], true)
	}
	l.i += 2
}

func (l *lexer) quoteOrDollar(w *word, c byte) {
	switch {
	case c == '\'':
		l.i++
		end := strings.IndexByte(l.src[l.i:], '\'')
		if end < 0 {
			l.err = "a quote is not closed"
			return
		}
		w.text(l.src[l.i:l.i+end], true)
		l.i += end + 1
	case c == '"':
		l.double(w)
	case c == '$' && l.at(1) == '"':
		l.i++
		l.double(w)
	case c == '$' && l.at(1) == '\'':
		l.i += 2
		l.ansi(w)
	default:
		l.expansion(w, false)
	}
}

// double reads a text in double quotes.
func (l *lexer) double(w *word) {
	l.i++
	w.text("", true)
	for l.i < len(l.src) && l.err == "" {
		switch c := l.src[l.i]; c {
		case '"':
			l.i++
			return
		case '$', '`':
			l.expansion(w, true)
		case '\\':
			switch n := l.at(1); n {
			case '\n':
			case '$', '`', '"', '\\':
				w.text(string(n), true)
			default:
				w.text(`\`, true)
				l.i--
			}
			l.i += 2
		default:
			w.text(l.run(c, "\"$`\\"), true)
		}
	}
	if l.err == "" {
		l.err = "a quote is not closed"
	}
}

// expansion reads what begins with $ or `.
func (l *lexer) expansion(w *word, quoted bool) {
	start := l.i
	l.i++
	c := l.at(0)
	switch {
	case l.src[start] == '`':
		l.nested('`')
		l.command(w, start+1, quoted)
	case c == '(':
		l.i++
		l.nested(')')
		if strings.HasPrefix(l.src[start:], "$((") {
			w.dynamic("it is computed")
			return
		}
		l.command(w, start+2, quoted)
	case c == '{':
		l.i++
		l.nested('}')
		if l.err == "" {
			l.parameter(w, l.src[start+2:l.i-1], quoted)
		}
	case c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
		n := 1
		for n <= 255 && env.IsIdentifier("_"+string(l.at(n))) {
			n++
		}
		w.ref(l.src[l.i:l.i+n], quoted)
		l.i += n
	case c != 0 && strings.IndexByte("0123456789@*#?$!-[", c) >= 0:
		w.dynamic("$" + string(c) + " is known only while it runs")
		w.text("$", true)
	default:
		w.text("$", true)
	}
}

// command notes that the value is a command's output; inner is where the
// command begins. $(pwd) is the one that is known.
func (l *lexer) command(w *word, inner int, quoted bool) {
	if l.err == "" && strings.TrimSpace(l.src[inner:l.i-1]) == "pwd" {
		w.ref(pwd, quoted)
		return
	}
	w.dynamic(runs)
}

// parameter reads what is between ${ and }.
func (l *lexer) parameter(w *word, inner string, quoted bool) {
	if env.IsIdentifier(inner) {
		w.ref(inner, quoted)
		return
	}
	name, rest, found := strings.Cut(inner, ":+")
	if found && env.IsIdentifier(name) && w.guard == "" {
		switch rest {
		case ":$" + name, ":${" + name + "}":
			w.guard = name
			w.text(":", true)
			w.ref(name, true)
			return
		case "$" + name + ":", "${" + name + "}:":
			w.guard = name
			w.ref(name, true)
			w.text(":", true)
			return
		}
	}
	w.dynamic("of ${…}, only ${NAME} is understood")
}

// nested goes behind the closing character of something whose beginning was
// read, over all quotes and substitutions in it.
func (l *lexer) nested(closer byte) {
	stack := []byte{closer}
	for l.i < len(l.src) && len(stack) > 0 && len(stack) < maxNested {
		c, top := l.src[l.i], stack[len(stack)-1]
		l.i++
		switch {
		case c == top:
			stack = stack[:len(stack)-1]
		case c == '\\':
			l.i++
		case top == '`':
		case c == '$' && l.at(0) == '(':
			l.i++
			stack = append(stack, ')')
		case c == '$' && l.at(0) == '{':
			l.i++
			stack = append(stack, '}')
		case c == '"' || c == '`':
			stack = append(stack, c)
		case top == '"':
		case c == '\'' && (top == ')' || !strings.ContainsRune(string(stack), '"')):
			end := strings.IndexByte(l.src[l.i:], '\'')
			if end < 0 {
				l.err = "a quote is not closed"
				return
			}
			l.i += end + 1
		case c == '(' && top == ')':
			stack = append(stack, ')')
		case c == '#' && top == ')' && strings.IndexByte(" \t\n;", l.src[l.i-2]) >= 0:
			if n := strings.IndexByte(l.src[l.i:], '\n'); n >= 0 {
				l.i += n
			}
		}
	}
	if len(stack) > 0 || l.i > len(l.src) {
		l.i = min(l.i, len(l.src))
		l.err = "a " + string(closer) + " is missing"
	}
}

// ansi reads a text in $'…' behind its beginning.
func (l *lexer) ansi(w *word) {
	w.text("", true)
	for l.i < len(l.src) {
		switch c := l.src[l.i]; c {
		case '\'':
			l.i++
			return
		case '\\':
			l.i++
			l.ansiEscape(w)
		default:
			w.text(l.run(c, `'\`), true)
		}
	}
	l.err = "a quote is not closed"
}

var ansiLetters = map[byte]string{
	'a': "\a", 'b': "\b", 'e': "\x1b", 'E': "\x1b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
	'\\': `\`, '\'': `'`, '"': `"`, '?': "?",
}

// ansiEscape reads an escape behind its backslash. One that would be NUL ends
// the text in bash and is not understood here.
func (l *lexer) ansiEscape(w *word) {
	c := l.at(0)
	if s, ok := ansiLetters[c]; ok {
		w.text(s, true)
		l.i++
		return
	}
	base, most := 16, 0
	switch {
	case '0' <= c && c <= '7':
		base, most = 8, 3
	case c == 'x':
		l.i, most = l.i+1, 2
	case c == 'u':
		l.i, most = l.i+1, 4
	case c == 'U':
		l.i, most = l.i+1, 8
	}
	n, digits := 0, 0
	for digits < most && digit(l.at(0)) < base {
		n = n*base + digit(l.at(0))
		l.i, digits = l.i+1, digits+1
	}
	switch {
	case digits == 0 || n == 0 || n > utf8.MaxRune:
		w.dynamic(`an escape in $'…' is not understood`)
	case c == 'u' || c == 'U':
		w.text(string(rune(n)), true)
	default:
		w.text(string([]byte{byte(n)}), true)
	}
}

// digit returns the value of a hexadecimal digit, or a large number.
func digit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return 1 << 10
}
