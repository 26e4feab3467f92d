package document

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// Limits of what is read, far above what anybody writes.
const (
	MaxFile  = 1 << 20
	maxDepth = 16    // arrays and inline tables within each other
	maxKeys  = 32768 // keys and tables in one file
	maxKey   = 512   // bytes of a key with the tables around it
	maxParts = 8     // of one dotted key
)

// Pos is a line of a file.
type Pos struct {
	Path string
	Line int
}

// String is path:line, or the path alone where no line is known.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.Path
	}
	return p.Path + ":" + strconv.Itoa(p.Line)
}

// Error says what is wrong in a file, and where.
type Error struct {
	Pos
	Msg string
}

func (e *Error) Error() string { return e.Pos.String() + ": " + e.Msg }

// Errorf makes an [Error].
func Errorf(at Pos, format string, args ...any) *Error {
	return &Error{at, fmt.Sprintf(format, args...)}
}

// Document is a TOML file that was read.
type Document struct {
	path   string
	values map[string]any
	lines  map[string]int // by joined key
	errs   []*Error
	// unknown are those about unknown keys: something that is missing is most
	// likely what such a key was to be.
	unknown []*Error
}

// Parse reads a TOML file. Path is used in errors only, which are [*Error].
func Parse(path string, data []byte) (*Document, error) {
	start := Pos{path, 1}
	switch {
	case len(data) > MaxFile:
		return nil, Errorf(start, "the file is larger than %d KiB", MaxFile>>10)
	case bytes.IndexByte(data, 0) >= 0:
		return nil, Errorf(start, "the file contains a NUL byte: save it as UTF-8 text")
	case !utf8.Valid(data):
		return nil, Errorf(start, "the file is not UTF-8 text")
	}
	d := &Document{path: path}
	// The parser has no limits of its own: this goes first.
	var err error
	if d.lines, err = locate(path, data); err != nil {
		return nil, err
	}
	if _, err := toml.Decode(string(data), &d.values); err != nil {
		if parse, ok := errors.AsType[toml.ParseError](err); ok {
			return nil, Errorf(Pos{path, max(parse.Position.Line, 1)}, "%s", parse.Message)
		}
		return nil, Errorf(start, "%v", err)
	}
	return d, nil
}

// Root is the table that holds all.
func (d *Document) Root() *Table { return &Table{doc: d, values: d.values} }

// Tree is all that the document holds: tables are map[string]any. It must not be changed.
func (d *Document) Tree() map[string]any { return d.values }

// Lookup follows a dotted key through tables, or through objects of JSON.
func Lookup(v any, key string) (any, bool) {
	for _, k := range strings.Split(key, ".") {
		table, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = table[k]; !ok {
			return nil, false
		}
	}
	return v, true
}

// Pos is the line of a key, or of what is around it.
func (d *Document) pos(key []string) Pos {
	for n := len(key); n > 0; n-- {
		if line, ok := d.lines[join(key[:n])]; ok {
			return Pos{d.path, line}
		}
	}
	return Pos{d.path, 1}
}

// Err is the first of the errors that were noted, by line; unknown keys go first.
func (d *Document) Err() error {
	for _, errs := range [][]*Error{d.unknown, d.errs} {
		if len(errs) > 0 {
			return slices.MinFunc(errs, func(a, b *Error) int { return a.Line - b.Line })
		}
	}
	return nil
}

func join(key []string) string { return strings.Join(key, "\x00") }
