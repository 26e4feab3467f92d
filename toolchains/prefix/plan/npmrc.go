package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Limits of an npmrc, far above what anybody writes.
const (
	maxRC    = 1 << 20
	maxValue = 4096
)

// line is one of an npmrc: where it lies, with its end, and what it says.
type line struct {
	start, end int
	number     int
	key, value string // "" where it says nothing
	section    bool   // it begins a section
}

// lines reads an npmrc as npm does (the package ini): what stands in a section
// is none of npm's settings, and has no key here.
func lines(data []byte) ([]line, error) {
	if len(data) > maxRC {
		return nil, fmt.Errorf("it is larger than %d KiB", maxRC>>10)
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, fmt.Errorf("it holds a NUL byte")
	}
	var out []line
	within := false
	for start, number := 0, 1; start < len(data); number++ {
		end := len(data)
		if i := bytes.IndexAny(data[start:], "\r\n"); i >= 0 {
			end = start + i + 1
			if data[end-1] == '\r' && end < len(data) && data[end] == '\n' {
				end++
			}
		}
		l := line{start: start, end: end, number: number}
		text := strings.TrimSpace(string(data[start:end]))
		switch {
		case text == "" || text[0] == ';' || text[0] == '#':
		case text[0] == '[' && strings.IndexByte(text, ']') == len(text)-1:
			l.section, within = true, true
		case !within:
			key, value, _ := strings.Cut(text, "=")
			l.key, l.value = strings.TrimSuffix(unsafe(key), "[]"), unsafe(value)
		}
		out = append(out, l)
		start = end
	}
	return out, nil
}

// unsafe takes quotes, escapes and a comment behind it off a word.
func unsafe(text string) string {
	text = strings.TrimSpace(text)
	if n := len(text); n > 1 && (text[0] == '"' || text[0] == '\'') && text[n-1] == text[0] {
		if text[0] == '\'' {
			text = text[1 : n-1]
		}
		var s string
		if json.Unmarshal([]byte(text), &s) == nil {
			return s
		}
		return text
	}
	var b strings.Builder
	escaped := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case escaped:
			if c != '\\' && c != ';' && c != '#' {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
			escaped = false
		case c == '\\':
			escaped = true
		case c == ';' || c == '#':
			return strings.TrimSpace(b.String())
		default:
			b.WriteByte(c)
		}
	}
	if escaped {
		b.WriteByte('\\')
	}
	return strings.TrimSpace(b.String())
}

// expand puts the values of variables into ${NAME}, as npm does: one that is not
// set stays as it is written, and with ${NAME?} is empty.
func expand(text string, env map[string]string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		slashes := i
		for slashes < len(text) && text[slashes] == '\\' {
			slashes++
		}
		n := slashes - i
		end := -1
		if strings.HasPrefix(text[slashes:], "${") {
			end = strings.IndexByte(text[slashes:], '}')
		}
		name := ""
		if end > 2 {
			name = text[slashes+2 : slashes+end]
		}
		bare := strings.TrimSuffix(name, "?")
		if bare == "" || strings.ContainsAny(bare, "${?") {
			b.WriteString(text[i:min(slashes+1, len(text))])
			i = slashes + 1
			continue
		}
		b.WriteString(strings.Repeat(`\`, n/2))
		whole := text[slashes : slashes+end+1]
		value, ok := env[bare]
		switch {
		case n%2 == 1:
			b.WriteString(whole)
		case ok:
			b.WriteString(value)
		case name == bare:
			b.WriteString(whole)
		}
		i = slashes + end + 1
	}
	return b.String()
}

// npmrc finds a key: the last line that sets it counts. A value is made a path,
// as npm does.
func npmrc(data []byte, key string, env map[string]string) (value string, number int, err error) {
	all, err := lines(data)
	if err != nil {
		return "", 0, err
	}
	for _, l := range all {
		if l.key == "" || expand(l.key, env) != key {
			continue
		}
		v := strings.TrimSpace(expand(l.value, env))
		if len(v) > maxValue {
			return "", 0, fmt.Errorf("line %d is longer than %d bytes", l.number, maxValue)
		}
		if v != "" && v != "true" && v != "false" && v != "null" {
			value, number = tilde(v, env["HOME"]), l.number
		}
	}
	return value, number, nil
}

func tilde(value, home string) string {
	if rest, ok := strings.CutPrefix(value, "~/"); ok && home != "" {
		return strings.TrimRight(home, "/") + "/" + rest
	}
	return value
}
