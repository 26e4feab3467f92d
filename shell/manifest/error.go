package manifest

import "fmt"

// Pos is a place in a file. Line and Column begin at 1; Column counts
// characters, a byte that is not UTF-8 counts as one.
type Pos struct {
	Path         string
	Line, Column int
}

// Error says what is wrong in a file, and where.
type Error struct {
	Pos
	// Msg says what is wrong.
	Msg string
	// Hint says what to write instead; it may be empty and is not part of Error().
	Hint string
}

// Error returns path:line:column: msg, as editors understand it.
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.Path, e.Line, e.Column, e.Msg)
}

// errorf makes an error without a hint.
func errorf(p Pos, format string, args ...any) *Error {
	return &Error{Pos: p, Msg: fmt.Sprintf(format, args...)}
}

// hint adds a hint to e and returns it.
func (e *Error) hint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// cursor finds the line and column of byte offsets. Offsets that grow cost the
// length of the text once, however many there are.
type cursor struct {
	src    []byte
	offset int
	pos    Pos
}

func newCursor(path string, src []byte) cursor {
	return cursor{src: src, pos: Pos{Path: path, Line: 1, Column: 1}}
}

// at returns the position of the byte at offset, which may be the end of the text.
func (c *cursor) at(offset int) Pos {
	if offset < c.offset {
		*c = newCursor(c.pos.Path, c.src)
	}
	for c.offset < min(offset, len(c.src)) {
		size := runeLen(c.src[c.offset:])
		if c.src[c.offset] == '\n' {
			c.pos.Line++
			c.pos.Column = 0
		}
		c.pos.Column++
		c.offset += size
	}
	return c.pos
}
