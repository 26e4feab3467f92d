package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"path/filepath"
	"unicode/utf8"
)

// valid looks for what no formatter makes of a file that it understood. It is
// no proof: that a formatter keeps the meaning is its own business.
func valid(name string, before, after []byte) error {
	switch {
	case bytes.Equal(before, after):
		return nil
	case len(bytes.TrimSpace(after)) == 0 && len(bytes.TrimSpace(before)) > 0:
		return errors.New("nothing came out")
	case utf8.Valid(before) && !utf8.Valid(after):
		return errors.New("what came out is no text")
	case bytes.IndexByte(before, 0) < 0 && bytes.IndexByte(after, 0) >= 0:
		return errors.New("what came out has a NUL in it")
	}
	ok := parses(name)
	if ok == nil || ok(before) != nil {
		return nil
	}
	if err := ok(after); err != nil {
		return fmt.Errorf("what came out does not parse: %w", err)
	}
	return nil
}

// parses returns what can tell whether such a file is well formed, or nil.
func parses(name string) func([]byte) error {
	switch filepath.Ext(name) {
	case ".go":
		return func(data []byte) error {
			_, err := parser.ParseFile(token.NewFileSet(), "", data, parser.SkipObjectResolution)
			return err
		}
	case ".json":
		return func(data []byte) error {
			var v any
			return json.Unmarshal(data, &v)
		}
	}
	return nil
}
