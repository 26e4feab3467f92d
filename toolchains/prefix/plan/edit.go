package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// OtherPrefix says that an npmrc has a prefix that devsh did not write.
type OtherPrefix struct {
	Line  int
	Value string
}

func (e *OtherPrefix) Error() string {
	return fmt.Sprintf("line %d says prefix=%s, which is not devsh's", e.Line, e.Value)
}

// WithPrefix is an npmrc with a prefix; every other byte stays. Root is where
// devsh's prefixes lie: another one is only replaced by force.
func WithPrefix(data []byte, prefix, root string, env map[string]string, force bool) ([]byte, error) {
	text, err := quoteRC(prefix)
	if err != nil {
		return nil, err
	}
	text = "prefix=" + text
	all, err := lines(data)
	if err != nil {
		return nil, err
	}
	at, err := last(all, root, env, force)
	if err != nil {
		return nil, err
	}
	if at != nil {
		return replace(data, at.start, at.end-ending(data[at.start:at.end]), text), nil
	}
	eol := "\n"
	if i := bytes.IndexByte(data, '\n'); i > 0 && data[i-1] == '\r' {
		eol = "\r\n"
	}
	for _, l := range all {
		if l.section { // behind it, it would be the section's
			return replace(data, l.start, l.start, text+eol), nil
		}
	}
	if n := len(data); n > 0 && data[n-1] != '\n' && data[n-1] != '\r' {
		return replace(data, n, n, eol+text), nil // it ends as it did, without a new line
	}
	return replace(data, len(data), len(data), text+eol), nil
}

// WithoutPrefix is an npmrc without a prefix, and whether there was one.
func WithoutPrefix(data []byte, root string, env map[string]string, force bool) ([]byte, bool, error) {
	all, err := lines(data)
	if err != nil {
		return nil, false, err
	}
	found := false
	for {
		at, err := last(all, root, env, force)
		if err != nil || at == nil {
			return data, found, err
		}
		found = true
		start := at.start
		if n := at.end - ending(data[at.start:at.end]); n == at.end { // the last line, without an end
			start -= ending(data[:at.start])
		}
		data = replace(data, start, at.end, "")
		if all, err = lines(data); err != nil {
			return nil, false, err
		}
	}
}

// last is the last line that sets a prefix, nil if none does.
func last(all []line, root string, env map[string]string, force bool) (*line, error) {
	var at *line
	for i, l := range all {
		if l.key != "" && expand(l.key, env) == "prefix" {
			at = &all[i]
		}
	}
	if at == nil || force {
		return at, nil
	}
	if value := tilde(expand(at.value, env), env["HOME"]); value != "" && !below(value, root) {
		return nil, &OtherPrefix{at.number, value}
	}
	return at, nil
}

// ending is the length of the new line at the end of text.
func ending(text []byte) int {
	switch {
	case bytes.HasSuffix(text, []byte("\r\n")):
		return 2
	case bytes.HasSuffix(text, []byte("\n")), bytes.HasSuffix(text, []byte("\r")):
		return 1
	}
	return 0
}

func replace(data []byte, start, end int, text string) []byte {
	return append(append(append(make([]byte, 0, len(data)+len(text)), data[:start]...), text...), data[end:]...)
}

// quoteRC writes a path so that npm reads it as it is.
func quoteRC(path string) (string, error) {
	if strings.Contains(path, "${") || strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", fmt.Errorf("no npmrc can hold the path %q", path)
	}
	if strings.ContainsAny(path, `;#\"'=[] `) {
		quoted, err := json.Marshal(path)
		return string(quoted), err
	}
	return path, nil
}
