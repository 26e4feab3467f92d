package manifest

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// place is where a key stands and where its value begins and ends. Headers of
// tables have no value.
type place struct {
	pos        Pos
	start, end int
}

// locator walks through a TOML file and notes the places of keys and array
// elements, which the parser does not tell. It is tolerant: in text that is
// not TOML it finds some places and no error, since the parser reports those.
// In valid text it finds every key.
type locator struct {
	src    []byte
	i      int
	cursor cursor
	depth  int
	places map[string]place
	err    error
}

// locate returns the places by joined key; the error is about limits only.
func locate(path string, src []byte) (map[string]place, error) {
	l := &locator{src: src, cursor: newCursor(path, src), places: map[string]place{}}
	var table []string
	for l.err == nil {
		l.skip(" \t\r\n")
		if l.i >= len(l.src) {
			break
		}
		if l.src[l.i] != '[' {
			l.keyValue(table)
			continue
		}
		for l.i < len(l.src) && l.src[l.i] == '[' {
			l.i++
		}
		l.skip(" \t")
		start := l.i
		table = l.key(nil)
		l.note(table, start)
		l.restOfLine()
	}
	return l.places, l.err
}

// keyValue reads key = value in a table.
func (l *locator) keyValue(table []string) {
	start := l.i
	key := l.key(table)
	l.note(key, start)
	l.skip(" \t")
	if l.i >= len(l.src) || l.src[l.i] != '=' {
		l.restOfLine()
		return
	}
	l.i++
	l.value(key)
}

// key reads a dotted key and returns it with the table before it.
func (l *locator) key(table []string) []string {
	key := slices.Clip(table)
	for l.i < len(l.src) && l.err == nil {
		l.skip(" \t")
		start := l.i
		key = append(key, l.keyPart())
		if len(key)-len(table) > maxKeyParts {
			l.fail(start, "the key has more than %d parts", maxKeyParts)
		}
		l.skip(" \t")
		if l.i >= len(l.src) || l.src[l.i] != '.' {
			break
		}
		l.i++
	}
	return key
}

func (l *locator) keyPart() string {
	start := l.i
	if l.i < len(l.src) && (l.src[l.i] == '"' || l.src[l.i] == '\'') {
		l.str()
		return unquoteKey(string(l.src[start:l.i]))
	}
	for l.i < len(l.src) && !strings.ContainsRune(" \t\r\n.=[]{},#\"'", rune(l.src[l.i])) {
		l.i++
	}
	return string(l.src[start:l.i])
}

// unquoteKey leaves escapes to the parser, whose rules they follow.
func unquoteKey(quoted string) string {
	if !strings.Contains(quoted, `\`) || quoted[0] == '\'' || len(quoted) > maxKeyBytes {
		return strings.Trim(quoted, quoted[:1])
	}
	var v struct{ K string }
	if _, err := toml.Decode("K = "+quoted, &v); err != nil {
		return quoted
	}
	return v.K
}

// value reads a value of any kind.
func (l *locator) value(key []string) {
	l.skip(" \t")
	if l.i >= len(l.src) || l.err != nil {
		return
	}
	start := l.i
	switch l.src[l.i] {
	case '"', '\'':
		l.str()
	case '[', '{':
		l.depth++
		if l.depth > maxDepth {
			l.fail(start, "arrays and tables are nested deeper than %d", maxDepth)
			return
		}
		if l.src[l.i] == '[' {
			l.array(key)
		} else {
			l.inlineTable(key)
		}
		l.depth--
	default:
		for l.i < len(l.src) && !strings.ContainsRune(",]}#\r\n", rune(l.src[l.i])) {
			l.i++
		}
	}
	if p, ok := l.places[joinKey(key)]; ok {
		p.start = start
		p.end = start + len(bytes.TrimRight(l.src[start:l.i], " \t"))
		l.places[joinKey(key)] = p
	}
}

func (l *locator) array(key []string) {
	l.i++
	for n := 0; l.err == nil; n++ {
		l.skip(" \t\r\n,")
		if l.i >= len(l.src) || l.closes(']') {
			return
		}
		before := l.i
		element := append(slices.Clip(key), strconv.Itoa(n))
		l.note(element, l.i)
		l.value(element)
		if l.i == before {
			l.i++ // not TOML
		}
	}
}

func (l *locator) inlineTable(key []string) {
	l.i++
	for l.err == nil {
		l.skip(" \t\r\n,")
		if l.i >= len(l.src) || l.closes('}') {
			return
		}
		before := l.i
		l.keyValue(key)
		if l.i == before {
			l.i++ // not TOML
		}
	}
}

func (l *locator) closes(bracket byte) bool {
	if l.src[l.i] != bracket {
		return false
	}
	l.i++
	return true
}

// str goes over a string of any of the four kinds.
func (l *locator) str() {
	quote := l.src[l.i : l.i+1]
	if long := bytes.Repeat(quote, 3); bytes.HasPrefix(l.src[l.i:], long) {
		quote = long
	}
	l.i += len(quote)
	for l.i < len(l.src) {
		switch {
		case l.src[l.i] == '\\' && quote[0] == '"':
			l.i++
		case l.src[l.i] == '\n' && len(quote) == 1:
			return // not TOML
		case bytes.HasPrefix(l.src[l.i:], quote):
			l.i += len(quote)
			// Up to two quotes may stand before the closing three.
			for n := 0; n < 2 && len(quote) == 3 && l.i < len(l.src) && l.src[l.i] == quote[0]; n++ {
				l.i++
			}
			return
		}
		l.i++
	}
	l.i = len(l.src)
}

// skip goes over the bytes in set, and over comments.
func (l *locator) skip(set string) {
	for l.i < len(l.src) {
		switch {
		case strings.IndexByte(set, l.src[l.i]) >= 0:
			l.i++
		case l.src[l.i] == '#' && strings.Contains(set, "\n"):
			l.restOfLine()
		default:
			return
		}
	}
}

// restOfLine goes behind the next line feed.
func (l *locator) restOfLine() {
	if n := bytes.IndexByte(l.src[l.i:], '\n'); n >= 0 {
		l.i += n + 1
		return
	}
	l.i = len(l.src)
}

// note records where a key begins. Of equal ones the first counts.
func (l *locator) note(key []string, offset int) {
	joined := joinKey(key)
	switch {
	case l.err != nil:
		return
	case len(joined) > maxKeyBytes:
		l.fail(offset, "the key, with the tables around it, is longer than %d bytes", maxKeyBytes)
		return
	case len(l.places) >= maxPlaces:
		l.fail(offset, "the file has more than %d keys and array elements", maxPlaces)
		return
	}
	if _, ok := l.places[joined]; !ok {
		l.places[joined] = place{pos: l.cursor.at(offset)}
	}
}

func (l *locator) fail(offset int, format string, args ...any) {
	if l.err == nil {
		l.err = errorf(l.cursor.at(offset), format, args...)
	}
}
