package manifest

import (
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

// ParseDotenv reads a dotenv file: NAME=value lines, "export " before them if
// wanted, comments and blank lines. An unquoted value is trimmed and ends
// before " #"; a 'single' quoted one is literal; in a "double" quoted one \n,
// \t, \r, \\, \" and \$ are escapes. Quoted values may span lines. ${NAME} and
// $NAME refer to variables, except within single quotes; \$ is a dollar sign.
// Bytes other than NUL are kept as they are, except that CRLF ends a line as LF
// does. Of assignments to one name all are returned; the last counts.
//
// It is our own code since the libraries for this format give back expanded
// strings, without places for errors and without references, and devsh stores
// no value of the user's environment.
//
// Path is only used in errors, which are [*Error]. They say where and what is
// wrong, and nothing of the text: it may be a piece of a secret.
func ParseDotenv(path string, data []byte) ([]Assignment, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	p := &dotenv{src: string(data), cursor: newCursor(path, data)}
	var out []Assignment
	for p.nextLine() {
		a, err := p.assignment()
		if err != nil {
			return nil, err
		}
		if len(out) == maxItems {
			return nil, errorf(a.Pos, "more than %d variables", maxItems)
		}
		out = append(out, a)
	}
	return out, nil
}

type dotenv struct {
	src    string
	i      int
	cursor cursor
}

// nextLine goes to the next line that is neither blank nor a comment.
func (p *dotenv) nextLine() bool {
	for p.i < len(p.src) {
		p.skip(" \t\r\n")
		if p.i >= len(p.src) || p.src[p.i] != '#' {
			break
		}
		p.i = p.lineEnd()
	}
	return p.i < len(p.src)
}

func (p *dotenv) skip(set string) {
	for p.i < len(p.src) && strings.IndexByte(set, p.src[p.i]) >= 0 {
		p.i++
	}
}

// lineEnd returns the offset of the next line feed, or of the end of the text.
func (p *dotenv) lineEnd() int {
	if n := strings.IndexByte(p.src[p.i:], '\n'); n >= 0 {
		return p.i + n
	}
	return len(p.src)
}

func (p *dotenv) assignment() (Assignment, error) {
	if rest, ok := strings.CutPrefix(p.src[p.i:], "export"); ok && rest != "" && (rest[0] == ' ' || rest[0] == '\t') {
		p.i += len("export")
		p.skip(" \t")
	}
	start, end := p.i, p.lineEnd()
	at := p.cursor.at(start)
	name, _, ok := strings.Cut(p.src[start:end], "=")
	if !ok {
		return Assignment{}, errorf(at, "the line is neither NAME=value nor a comment")
	}
	p.i += len(name) + 1
	name = strings.TrimRight(name, " \t")
	if err := env.CheckName(name); err != nil {
		if !env.IsIdentifier(name) {
			return Assignment{}, errorf(at, "what stands before the = is no variable's name: letters, digits and _, not beginning with a digit")
		}
		return Assignment{}, errorf(at, "%v", err)
	}
	p.skip(" \t")
	value, err := p.value()
	return Assignment{Name: name, Value: value, Pos: at}, err
}

// value reads what stands behind the = up to the end of its last line.
func (p *dotenv) value() (env.Value, error) {
	if p.i < len(p.src) && (p.src[p.i] == '\'' || p.src[p.i] == '"') {
		return p.quoted(p.src[p.i])
	}
	end := p.lineEnd()
	stop := end
	for i := p.i; i < end; i++ {
		if p.src[i] == '#' && strings.IndexByte(" \t", p.src[i-1]) >= 0 {
			stop = i
			break
		}
	}
	start := p.i
	p.i = end
	return p.expand(start, start+len(strings.TrimRight(p.src[start:stop], " \t\r")), `$`)
}

func (p *dotenv) quoted(mark byte) (env.Value, error) {
	open := p.i
	p.i++
	start := p.i
	for p.i < len(p.src) && p.src[p.i] != mark {
		if p.src[p.i] == '\\' && mark == '"' {
			p.i++
		}
		p.i++
	}
	if p.i >= len(p.src) {
		return nil, errorf(p.cursor.at(open), "the value's closing %c is missing", mark)
	}
	end := p.i
	p.i++
	p.skip(" \t\r")
	if p.i < len(p.src) && p.src[p.i] != '\n' && p.src[p.i] != '#' {
		return nil, errorf(p.cursor.at(p.i), "text behind the closing %c", mark)
	}
	p.i = p.lineEnd()
	if mark == '\'' {
		return env.Lit(lineFeeds(p.src[start:end])), nil
	}
	return p.expand(start, end, `ntr\"$`)
}

// expand makes a value of a piece of the text: backslash escapes, of those in
// escapes, and references.
func (p *dotenv) expand(start, end int, escapes string) (env.Value, error) {
	var v env.Value
	var text strings.Builder
	for i := start; i < end; {
		c := p.src[i]
		if c == '\\' && i+1 < end && strings.IndexByte(escapes, p.src[i+1]) >= 0 {
			text.WriteByte(unescape(p.src[i+1]))
			i += 2
			continue
		}
		if c == '\r' && i+1 < end && p.src[i+1] == '\n' {
			i++
			continue
		}
		name, length, err := p.reference(i, end)
		if err != nil {
			return nil, err
		}
		if length == 0 {
			text.WriteByte(c)
			i++
			continue
		}
		if text.Len() > 0 {
			v = append(v, env.Piece{Text: text.String()})
			text.Reset()
		}
		v = append(v, env.Piece{Ref: name})
		i += length
	}
	if text.Len() > 0 || v == nil {
		v = append(v, env.Piece{Text: text.String()})
	}
	return v, nil
}

// reference reads ${NAME} or $NAME at i; its length is 0 where there is none.
func (p *dotenv) reference(i, end int) (name string, length int, err error) {
	if p.src[i] != '$' || i+1 >= end {
		return "", 0, nil
	}
	rest := p.src[i+1 : end]
	if rest[0] == '{' {
		inner, _, closed := strings.Cut(rest[1:], "}")
		if !closed {
			return "", 0, errorf(p.cursor.at(i), "${ without a closing }").hint(`write \$ for a dollar sign`)
		}
		if !env.IsIdentifier(inner) {
			return "", 0, errorf(p.cursor.at(i), "only ${NAME} is understood, and this is something else").
				hint(`write \$ for a dollar sign`)
		}
		return inner, len(inner) + 3, nil
	}
	n := strings.IndexFunc(rest, func(c rune) bool { return c > 'z' || !env.IsIdentifier("_"+string(c)) })
	if n < 0 {
		n = len(rest)
	}
	if n == 0 || '0' <= rest[0] && rest[0] <= '9' {
		return "", 0, nil
	}
	if !env.IsIdentifier(rest[:n]) {
		return "", 0, errorf(p.cursor.at(i), "the name behind $ is too long")
	}
	return rest[:n], n + 1, nil
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	}
	return c
}

func lineFeeds(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }
