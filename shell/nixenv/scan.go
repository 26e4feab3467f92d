package nixenv

import "strings"

// literal is a path written in a Nix file.
type literal struct {
	// path is what is written, up to the first antiquotation.
	path string
	// dynamic says that an antiquotation follows: only the directory is known.
	dynamic bool
}

// Limits of the scanner. A file that exceeds them is no Nix file that a person
// wrote; what was found until then still counts.
const (
	maxLiterals = 10_000
	maxNesting  = 1_000
)

// modes of the scanner: what the text between two brackets is.
type mode byte

const (
	modeCode mode = iota
	modeString
	modeIndented
	modePath
)

// scanner finds the path literals of a Nix file. It knows as much of the
// language as is needed to tell code from comments and strings, and looks into
// the antiquotations of strings, which are code again.
type scanner struct {
	src   string
	pos   int
	stack []mode // enclosing modes, innermost last; the top is the current one
	out   []literal
}

// scan returns the path literals of a Nix file in the order they appear, and
// whether the limits were kept. It never fails: what does not parse yields
// what was found.
func scan(src string) (found []literal, complete bool) {
	s := &scanner{src: src, stack: []mode{modeCode}}
	for s.pos < len(s.src) {
		if len(s.out) >= maxLiterals || len(s.stack) > maxNesting {
			return s.out, false
		}
		switch s.stack[len(s.stack)-1] {
		case modeString:
			s.inString()
		case modeIndented:
			s.inIndented()
		case modePath:
			s.inPath()
		default:
			s.inCode()
		}
	}
	return s.out, true
}

func (s *scanner) push(m mode) { s.stack = append(s.stack, m) }

func (s *scanner) pop() {
	if len(s.stack) > 1 {
		s.stack = s.stack[:len(s.stack)-1]
	}
}

// has reports whether the text at the position begins with p, and passes it.
func (s *scanner) has(p string) bool {
	if !strings.HasPrefix(s.src[s.pos:], p) {
		return false
	}
	s.pos += len(p)
	return true
}

func (s *scanner) inString() {
	switch {
	case s.has(`"`):
		s.pop()
	case s.has(`\`):
		s.pos++
	case s.has(`$${`):
	case s.has(`${`):
		s.push(modeCode)
	default:
		s.pos++
	}
}

func (s *scanner) inIndented() {
	switch {
	case s.has(`'''`), s.has(`''$`), s.has(`$${`):
	case s.has(`''\`):
		s.pos++
	case s.has(`''`):
		s.pop()
	case s.has(`${`):
		s.push(modeCode)
	default:
		s.pos++
	}
}

// inPath passes the rest of a path literal with antiquotations.
func (s *scanner) inPath() {
	switch {
	case s.has(`${`):
		s.push(modeCode)
	case isPathByte(s.src[s.pos]) || s.src[s.pos] == '/':
		s.pos++
	default:
		s.pop()
	}
}

func (s *scanner) inCode() {
	switch {
	case s.has("#"):
		s.passTo("\n")
	case s.has("/*"):
		s.passTo("*/")
	case s.has(`"`):
		s.push(modeString)
	case s.has(`''`):
		s.push(modeIndented)
	case s.has("${"), s.has("{"):
		s.push(modeCode)
	case s.has("}"):
		s.pop()
	case s.has("//"):
	case s.src[s.pos] == '<':
		s.searchPath()
	default:
		s.word()
	}
}

func (s *scanner) passTo(end string) {
	i := strings.Index(s.src[s.pos:], end)
	if i < 0 {
		s.pos = len(s.src)
		return
	}
	s.pos += i + len(end)
}

// searchPath passes <nixpkgs> and the like, or a single <.
func (s *scanner) searchPath() {
	end := s.pos + 1
	for end < len(s.src) && (isPathByte(s.src[end]) || s.src[end] == '/') {
		end++
	}
	if end < len(s.src) && s.src[end] == '>' {
		s.pos = end + 1
		return
	}
	s.pos++
}

// word passes a path, a URI, an identifier or one other byte. As in Nix, the
// longest of them is meant.
func (s *scanner) word() {
	rest := s.src[s.pos:]
	path, dynamic := pathLength(rest)
	uri := uriLength(rest)
	name := nameLength(rest)
	switch {
	case path > 0 && path >= uri && path > name:
		s.out = append(s.out, literal{path: rest[:path], dynamic: dynamic})
		s.pos += path
		if dynamic {
			s.push(modePath)
		}
	default:
		s.pos += max(uri, name, 1)
	}
}

// pathLength returns the length of the path literal that text begins with, or
// 0, and whether an antiquotation follows it.
func pathLength(text string) (n int, dynamic bool) {
	i := 0
	if strings.HasPrefix(text, "~/") {
		i = 1
	}
	for i < len(text) && isPathByte(text[i]) {
		i++
	}
	segments := 0
	for i+1 < len(text) && text[i] == '/' && isPathByte(text[i+1]) {
		for i++; i < len(text) && isPathByte(text[i]); i++ {
		}
		segments++
	}
	slash := i < len(text) && text[i] == '/'
	switch {
	case slash && strings.HasPrefix(text[i+1:], "${"):
		return i + 1, true
	case segments > 0 && strings.HasPrefix(text[i:], "${"):
		return i, true
	case segments > 0 && slash && !strings.HasPrefix(text[i:], "//"):
		return i + 1, false
	case segments > 0:
		return i, false
	}
	return 0, false
}

// uriLength returns the length of the unquoted URI that text begins with, or 0.
func uriLength(text string) int {
	i := 0
	for i < len(text) && (isLetter(text[i]) || i > 0 && (isDigit(text[i]) || strings.IndexByte("+-.", text[i]) >= 0)) {
		i++
	}
	if i == 0 || i >= len(text) || text[i] != ':' {
		return 0
	}
	start := i + 1
	for i = start; i < len(text) && (isLetter(text[i]) || isDigit(text[i]) || strings.IndexByte("%/?:@&=+$,-_.!~*'", text[i]) >= 0); i++ {
	}
	if i == start {
		return 0
	}
	return i
}

func nameLength(text string) int {
	i := 0
	for i < len(text) && (isLetter(text[i]) || text[i] == '_' || i > 0 && (isDigit(text[i]) || text[i] == '\'' || text[i] == '-')) {
		i++
	}
	return i
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

func isPathByte(c byte) bool {
	return isLetter(c) || isDigit(c) || c == '.' || c == '_' || c == '-' || c == '+'
}
