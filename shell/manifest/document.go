package manifest

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// Limits of what is read. They are far above what anybody writes, and low
// enough that no file makes devsh slow, large or crash.
const (
	maxFile     = 1 << 20 // bytes in devsh.toml and in a dotenv file
	maxEnvFiles = 64      // they are read before anybody has allowed it
	maxItems    = 4096    // variables, aliases, entries of one list
	maxPlaces   = 32768   // keys and array elements in one file
	maxDepth    = 16      // arrays and inline tables within each other
	maxKeyParts = 8       // parts of one dotted key
	maxKeyBytes = 512     // length of one key with the tables around it
)

// Document is a TOML file with the place of everything in it.
type Document struct {
	path   string
	src    []byte
	values map[string]any
	keys   [][]string
	places map[string]place
}

// ParseDocument reads a TOML file. Path is only used in errors, which are [*Error].
func ParseDocument(path string, data []byte) (*Document, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	// The locator goes first: its limits on nesting and on keys protect the
	// parser, which has none.
	places, err := locate(path, data)
	if err != nil {
		return nil, err
	}
	d := &Document{path: path, src: data, places: places}
	meta, perr := toml.Decode(string(data), &d.values)
	if perr != nil {
		return nil, syntaxError(path, data, perr)
	}
	for _, k := range meta.Keys() {
		d.keys = append(d.keys, k)
	}
	return d, nil
}

// checkText refuses what no text file should hold.
func checkText(path string, data []byte) error {
	start := Pos{Path: path, Line: 1, Column: 1}
	if len(data) > maxFile {
		return errorf(start, "the file is larger than %d KiB", maxFile>>10)
	}
	for _, bom := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(data, []byte(bom)) {
			return errorf(start, "the file begins with a byte order mark").hint("save it as UTF-8 without BOM")
		}
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		c := newCursor(path, data)
		return errorf(c.at(i), "the file contains a NUL byte").hint("save it as UTF-8 text")
	}
	return nil
}

func syntaxError(path string, data []byte, err error) error {
	var parse toml.ParseError
	if !errors.As(err, &parse) {
		return errorf(Pos{Path: path, Line: 1, Column: 1}, "%v", err)
	}
	c := newCursor(path, data)
	at := c.at(max(parse.Position.Start, 0))
	if parse.Position.Line > 0 && parse.Position.Line != at.Line {
		at = Pos{Path: path, Line: parse.Position.Line, Column: 1}
	}
	return errorf(at, "%s", parse.Message)
}

// Keys returns the full names of all keys and tables in order of appearance.
// Tables that only other names imply are not among them.
func (d *Document) Keys() [][]string { return d.keys }

// Value returns what is stored under a key: tables are map[string]any, the rest
// is as in [toml.Decode]. It must not be changed. An index of an array is no key.
func (d *Document) Value(key ...string) (any, bool) {
	var v any = d.values
	for _, k := range key {
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

// Pos returns where a key is written; an element of an array is named by its
// index as last part. A table that only other names imply has the place of the
// first of these; what is nowhere has that of the file's beginning.
func (d *Document) Pos(key ...string) Pos {
	if p, ok := d.places[joinKey(key)]; ok {
		return p.pos
	}
	for _, k := range d.keys {
		if p, ok := d.places[joinKey(k)]; ok && len(k) > len(key) && slices.Equal(k[:len(key)], key) {
			return p.pos
		}
	}
	return Pos{Path: d.path, Line: 1, Column: 1}
}

// raw returns the source text of a value.
func (d *Document) raw(key []string) (text string, offset int, ok bool) {
	p, ok := d.places[joinKey(key)]
	if !ok || p.end <= p.start {
		return "", 0, false
	}
	return string(d.src[p.start:p.end]), p.start, true
}

// posIn returns the place of a byte of the decoded string value of a key: of
// that very byte where the source text has no escapes, else of the value.
func (d *Document) posIn(key []string, value string, offset int) Pos {
	raw, start, ok := d.raw(key)
	if !ok {
		return d.Pos(key...)
	}
	c := newCursor(d.path, d.src)
	for _, quote := range []string{`"""`, "'''", `"`, "'"} {
		inner, found := strings.CutPrefix(raw, quote)
		if !found {
			continue
		}
		inner = strings.TrimSuffix(inner, quote)
		skip := len(quote)
		if rest, cut := strings.CutPrefix(inner, "\n"); cut && len(quote) == 3 {
			inner, skip = rest, skip+1
		}
		if inner == value {
			return c.at(start + skip + offset)
		}
		break
	}
	return c.at(start)
}

// joinKey makes one map key of the parts of a key. NUL cannot be in a part
// that anybody looks for.
func joinKey(key []string) string { return strings.Join(key, "\x00") }
