// Package tree holds values of JSON and JSONC in the order and with the bytes
// in which they were written: comments, indentation, trailing commas, line
// ends. It parses within limits, compares by meaning, and edits so that only
// the bytes concerned change. It must not know what any key means, and has no
// effects.
package tree

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/tailscale/hujson"
)

// Limits bound what is parsed: a document beyond them is refused.
type Limits struct {
	Size  int // in bytes
	Depth int // of objects and arrays within each other
}

// DefaultLimits are far above any settings file that a person has.
func DefaultLimits() Limits { return Limits{Size: 16 << 20, Depth: 200} }

// Why a document is refused, besides its syntax.
var (
	ErrTooLarge = errors.New("too large")
	ErrTooDeep  = errors.New("nested too deeply")
	ErrEncoding = errors.New("not valid UTF-8")
)

// bom is the mark that some editors put first. It is kept.
const bom = "\ufeff"

// Doc is a parsed document.
type Doc struct {
	mark string // the byte order mark, or nothing
	root hujson.Value
	unit string // one step of indentation, "" where all is on one line
	eol  string // how lines end
}

// Parse reads JSON with comments and trailing commas, which JSON without them
// is too. The error of a document that does not parse has line and column.
func Parse(src []byte, limits Limits) (*Doc, error) {
	if len(src) > limits.Size {
		return nil, fmt.Errorf("%w: %d bytes, at most %d are read", ErrTooLarge, len(src), limits.Size)
	}
	// The parser would turn it into replacement characters without a word.
	if !utf8.Valid(src) {
		return nil, ErrEncoding
	}
	d := &Doc{eol: "\n"}
	text := bytes.Clone(src)
	if rest, ok := bytes.CutPrefix(text, []byte(bom)); ok {
		d.mark, text = bom, rest
	}
	// The parser recurses, and Go cannot recover from a stack that is full.
	if depth := nesting(text); depth > limits.Depth {
		return nil, fmt.Errorf("%w: %d levels, at most %d are read", ErrTooDeep, depth, limits.Depth)
	}
	root, err := hujson.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	d.root = root
	if bytes.Contains(text, []byte("\r\n")) {
		d.eol = "\r\n"
	}
	d.unit = unit(&d.root)
	return d, nil
}

// Bytes is the document as it is now: what was parsed, but for the edits.
func (d *Doc) Bytes() []byte { return append([]byte(d.mark), d.root.Pack()...) }

// Root is the document's value.
func (d *Doc) Root() Node { return Node{doc: d, value: &d.root} }

// nesting is how deep the brackets of a text go, whether or not it parses.
func nesting(text []byte) int {
	depth, deepest := 0, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = endOfString(text, i)
		case '/':
			i = endOfComment(text, i)
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		}
	}
	return deepest
}

func endOfString(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}

// endOfComment is the last byte of the comment that begins at i, or i where none does.
func endOfComment(text []byte, i int) int {
	end, skip := "", 2
	switch rest := text[i:]; {
	case bytes.HasPrefix(rest, []byte("//")):
		end = "\n"
	case bytes.HasPrefix(rest, []byte("/*")):
		end = "*/"
	default:
		return i
	}
	at := bytes.Index(text[i+skip:], []byte(end))
	if at < 0 {
		return len(text)
	}
	return i + skip + at + len(end) - 1
}

// unit is the indentation of the first member that has a line of its own.
func unit(root *hujson.Value) string {
	var first *hujson.Value
	switch v := root.Value.(type) {
	case *hujson.Object:
		if len(v.Members) > 0 {
			first = &v.Members[0].Name
		}
	case *hujson.Array:
		if len(v.Elements) > 0 {
			first = &v.Elements[0]
		}
	}
	if first == nil {
		return "  "
	}
	if at := lastLine(first.BeforeExtra); at >= 0 {
		if indent := leading(first.BeforeExtra[at+1:]); indent != "" {
			return indent
		}
		return "  "
	}
	return ""
}

// leading is the white space that a line begins with.
func leading(line []byte) string {
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}
