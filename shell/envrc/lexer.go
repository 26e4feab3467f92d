package envrc

import (
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

type kind int

const (
	wordToken kind = iota
	operator
	newline
	endOfText
	broken // something that begins and does not end; text says what
)

type token struct {
	kind       kind
	start, end int
	text       string // the source of a word, an operator, or what is broken
	word       *word
}

// operators, longer ones first.
var operators = []string{
	";;&", "<<<", "<<-", "&>>", ";;", ";&", "&&", "||", "|&", "<<", ">>", "<&", ">&", "&>", "<>", ">|",
	";", "&", "|", "(", ")", "<", ">",
}

// lexer makes tokens of a text in bash's language.
type lexer struct {
	src      string
	i        int
	heredocs []heredoc // begun on this line; their texts follow it
	expect   *heredoc  // the next word is its delimiter
	err      string    // what is open at the end of the text
}

type heredoc struct {
	delimiter string
	tabs      bool // leading tabs do not count
}

func (l *lexer) next() token {
	l.blanks()
	start := l.i
	if l.i >= len(l.src) {
		return token{kind: endOfText, start: start, end: start}
	}
	if l.src[l.i] == '\n' {
		l.i++
		l.skipHeredocs()
		return token{kind: newline, start: start, end: l.i}
	}
	if op := l.operator(); op != "" {
		return token{kind: operator, start: start, end: l.i, text: op}
	}
	w := l.word()
	if l.err != "" {
		return token{kind: broken, start: start, end: len(l.src), text: l.err}
	}
	w.start, w.end = start, l.i
	return token{kind: wordToken, start: start, end: l.i, text: l.src[start:l.i], word: w}
}

// blanks skips blanks, continued lines and comments.
func (l *lexer) blanks() {
	for l.i < len(l.src) {
		switch c := l.src[l.i]; {
		case c == ' ' || c == '\t':
			l.i++
		case c == '\\' && l.at(1) == '\n':
			l.i += 2
		case c == '#':
			if n := strings.IndexByte(l.src[l.i:], '\n'); n >= 0 {
				l.i += n
			} else {
				l.i = len(l.src)
			}
		default:
			return
		}
	}
}

// at returns the byte n further on, 0 behind the end.
func (l *lexer) at(n int) byte {
	if l.i+n < len(l.src) {
		return l.src[l.i+n]
	}
	return 0
}

// operator reads an operator, with the number of a descriptor before it.
// Process substitution and (( … )) are words.
func (l *lexer) operator() string {
	digits := l.i
	for digits < len(l.src) && '0' <= l.src[digits] && l.src[digits] <= '9' {
		digits++
	}
	rest := l.src[digits:]
	switch {
	case digits > l.i && !strings.HasPrefix(rest, "<") && !strings.HasPrefix(rest, ">"),
		strings.HasPrefix(rest, "<("), strings.HasPrefix(rest, ">("), strings.HasPrefix(rest, "(("):
		return ""
	}
	for _, op := range operators {
		if !strings.HasPrefix(rest, op) {
			continue
		}
		start := l.i
		l.i = digits + len(op)
		if op == "<<" || op == "<<-" {
			l.expect = &heredoc{tabs: op == "<<-"}
		}
		return l.src[start:l.i]
	}
	return ""
}

// skipHeredocs skips the texts that belong to the line that just ended.
func (l *lexer) skipHeredocs() {
	for _, h := range l.heredocs {
		for l.i < len(l.src) {
			line, _, _ := strings.Cut(l.src[l.i:], "\n")
			l.i = min(l.i+len(line)+1, len(l.src))
			if h.tabs {
				line = strings.TrimLeft(line, "\t")
			}
			if line == h.delimiter {
				break
			}
		}
	}
	l.heredocs = nil
}

// word reads one word.
func (l *lexer) word() *word {
	w := &word{}
	start := l.i
	plain := true // nothing quoted and no reference so far
	open := false // a { that could begin a brace expansion
	comma := false
	for l.i < len(l.src) && l.err == "" {
		c := l.src[l.i]
		if strings.IndexByte(" \t\n;&|<>()", c) >= 0 && !l.wordParenthesis(w, start) {
			break
		}
		switch c {
		case '(', '<', '>': // as wordParenthesis found
			l.parenthesis(w)
		case '\\':
			l.backslash(w)
		case '\'', '"', '`', '$':
			l.quoteOrDollar(w, c)
		case '~':
			l.tilde(w, start)
		case '=':
			l.equals(w, start, plain)
			continue // plain stays
		default:
			switch {
			case c == '*' || c == '?' || c == '[':
				w.glob = true
			case c == '{':
				open, comma = true, false
			case c == ',', c == '.' && l.at(1) == '.':
				comma = open
			case c == '}':
				w.brace = w.brace || open && comma
			}
			w.text(l.run(c, special), false)
			continue
		}
		plain = false
	}
	if l.expect != nil {
		l.expect.delimiter = unquoted(l.src[start:l.i])
		l.heredocs = append(l.heredocs, *l.expect)
		l.expect = nil
	}
	return w
}

// special are the characters that mean something outside quotes.
const special = " \t\n;&|<>()\\'\"`$~=*?[{},.:"

// run reads the character c and those behind it that are not in stops.
func (l *lexer) run(c byte, stops string) string {
	n := 1
	if strings.IndexByte(stops, c) < 0 {
		for l.i+n < len(l.src) && strings.IndexByte(stops, l.src[l.i+n]) < 0 {
			n++
		}
	}
	l.i += n
	return l.src[l.i-n : l.i]
}

// unquoted takes the quotes off the delimiter of a here-document.
func unquoted(s string) string { return strings.NewReplacer(`'`, "", `"`, "", `\`, "").Replace(s) }

// wordParenthesis reports whether the metacharacter here belongs to a word:
// an array's value, process substitution, or (( … )).
func (l *lexer) wordParenthesis(w *word, start int) bool {
	c := l.src[l.i]
	switch {
	case c == '(':
		return w.name != "" && l.src[l.i-1] == '=' || l.i == start && l.at(1) == '('
	case c == '<' || c == '>':
		return l.i == start && l.at(1) == '('
	}
	return false
}

func (l *lexer) parenthesis(w *word) {
	why := "it is an array or a computation"
	if l.src[l.i] != '(' {
		l.i++
		why = runs
	}
	l.i++
	l.nested(')')
	w.dynamic(why)
}

// tilde reads ~ at the beginning of a word, of an assigned value, or behind a
// colon in one.
func (l *lexer) tilde(w *word, start int) {
	before := byte(0)
	if l.i > start {
		before = l.src[l.i-1]
	}
	first := l.i == start || w.name != "" && len(w.parts) == 0 && before == '='
	behindColon := w.name != "" && before == ':' && len(w.parts) > 0 && w.parts[len(w.parts)-1].Text == ":" &&
		l.src[l.i-2] != '\\'
	l.i++
	if !first && !behindColon {
		w.text("~", false)
		return
	}
	switch c := l.at(0); {
	case c == 0, strings.IndexByte("/ \t\n;&|<>()", c) >= 0, c == ':' && w.name != "":
		w.ref("HOME", true)
	default:
		w.dynamic("only ~/ is understood, not ~ and a name")
		w.text("~", false)
	}
}

// equals reads =, which makes an assignment of a word that is a name so far.
func (l *lexer) equals(w *word, start int, plain bool) {
	name := l.src[start:l.i]
	l.i++
	add := strings.HasSuffix(name, "+")
	name = strings.TrimSuffix(name, "+")
	if w.name == "" && plain && env.IsIdentifier(name) {
		w.assign(name, add)
		return
	}
	w.text("=", false)
}
