package document

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// locator notes the lines of keys and tables, which the parser does not tell,
// and holds the limits. In text that is not TOML it finds some of them: the
// parser tells what is wrong.
type locator struct {
	path   string
	src    []byte
	i      int
	line   int
	lines  map[string]int
	arrays map[string]int // of tables: how many so far
	err    *Error
}

func locate(path string, src []byte) (map[string]int, error) {
	l := &locator{path: path, src: src, line: 1, lines: map[string]int{}, arrays: map[string]int{}}
	var table []string
	for l.i < len(src) && l.err == nil {
		switch c := src[l.i]; {
		case c == '\n':
			l.line++
			l.i++
		case c == '#':
			l.comment()
		case c == ' ' || c == '\t' || c == '\r':
			l.i++
		case c == '[':
			table = l.header()
		default:
			l.note(slices.Concat(table, l.key()))
			l.value()
		}
	}
	if l.err != nil {
		return nil, l.err
	}
	return l.lines, nil
}

// header reads [a.b] or [[a.b]] and returns the table's name, with the index of
// each array of tables in it.
func (l *locator) header() []string {
	array := bytes.HasPrefix(l.src[l.i:], []byte("[["))
	for l.i < len(l.src) && l.src[l.i] == '[' {
		l.i++
	}
	var name []string
	parts := l.key()
	for n, part := range parts {
		name = append(name, part)
		if count, ok := l.arrays[join(name)]; ok && !(array && n == len(parts)-1) {
			name = append(name, strconv.Itoa(count-1))
		}
	}
	if array {
		count := l.arrays[join(name)]
		l.arrays[join(name)] = count + 1
		name = append(name, strconv.Itoa(count))
	}
	l.note(name)
	for l.i < len(l.src) && l.src[l.i] == ']' {
		l.i++
	}
	return name
}

// key reads a dotted key, to the sign behind it.
func (l *locator) key() []string {
	var parts []string
	for l.i < len(l.src) {
		l.blanks()
		start := l.i
		if l.i < len(l.src) && (l.src[l.i] == '"' || l.src[l.i] == '\'') {
			l.str()
			parts = append(parts, unquote(string(l.src[start:l.i])))
		} else {
			for l.i < len(l.src) && strings.IndexByte(" \t\r\n.=[]{},#\"'", l.src[l.i]) < 0 {
				l.i++
			}
			parts = append(parts, string(l.src[start:l.i]))
		}
		if len(parts) > maxParts {
			l.fail("the key has more than %d parts", maxParts)
			return parts
		}
		l.blanks()
		if l.i >= len(l.src) || l.src[l.i] != '.' {
			break
		}
		l.i++
	}
	return parts
}

func unquote(s string) string {
	if text, err := strconv.Unquote(s); err == nil && s[0] == '"' {
		return text
	}
	return strings.Trim(s, `"'`)
}

// value goes over what follows a key, to the end of its last line.
func (l *locator) value() {
	depth := 0
	for l.i < len(l.src) && l.err == nil {
		switch l.src[l.i] {
		case '"', '\'':
			l.str()
			continue
		case '#':
			l.comment()
			continue
		case '[', '{':
			if depth++; depth > maxDepth {
				l.fail("arrays and tables are nested deeper than %d", maxDepth)
			}
		case ']', '}':
			depth--
		case '=':
			// Keys of inline tables count, too: a line may hold very many.
			l.note([]string{"", strconv.Itoa(l.i)})
		case '.':
			// A dotted key makes a table of each part: in inline tables it is
			// bounded by the length of the whole.
			if depth > 0 {
				l.note([]string{"", strconv.Itoa(l.i)})
			}
		case '\n':
			l.line++
			if depth <= 0 {
				l.i++
				return
			}
		}
		l.i++
	}
}

// str goes over a string of any of the four kinds.
func (l *locator) str() {
	quote := l.src[l.i : l.i+1]
	if long := bytes.Repeat(quote, 3); bytes.HasPrefix(l.src[l.i:], long) {
		quote = long
	}
	for l.i += len(quote); l.i < len(l.src); l.i++ {
		switch {
		case l.src[l.i] == '\\' && quote[0] == '"':
			l.i++
			if l.i < len(l.src) && l.src[l.i] == '\n' {
				l.line++
			}
		case bytes.HasPrefix(l.src[l.i:], quote):
			l.i += len(quote)
			// Up to two quotes may stand before the closing three.
			for n := 0; n < 2 && len(quote) == 3 && l.i < len(l.src) && l.src[l.i] == quote[0]; n++ {
				l.i++
			}
			return
		case l.src[l.i] == '\n':
			if len(quote) == 1 {
				return // not TOML
			}
			l.line++
		}
	}
	l.i = min(l.i, len(l.src))
}

func (l *locator) comment() {
	if n := bytes.IndexByte(l.src[l.i:], '\n'); n >= 0 {
		l.i += n
		return
	}
	l.i = len(l.src)
}

func (l *locator) blanks() {
	for l.i < len(l.src) && (l.src[l.i] == ' ' || l.src[l.i] == '\t') {
		l.i++
	}
}

// note records where a key begins, and the tables that it implies; of equal ones
// the first counts.
func (l *locator) note(key []string) {
	if len(join(key)) > maxKey {
		l.fail("the key, with the tables around it, is longer than %d bytes", maxKey)
		return
	}
	for n := len(key); n > 0; n-- {
		joined := join(key[:n])
		if _, ok := l.lines[joined]; ok {
			return
		}
		if len(l.lines) >= maxKeys {
			l.fail("the file has more than %d keys", maxKeys)
			return
		}
		l.lines[joined] = l.line
	}
}

func (l *locator) fail(format string, args ...any) {
	if l.err == nil {
		l.err = Errorf(Pos{l.path, l.line}, format, args...)
	}
}
