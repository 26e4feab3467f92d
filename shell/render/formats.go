package render

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hbohlen/devsh/shell/env"
)

// Format writes a change of environment in some language. The error says what
// the language cannot express.
type Format func(env.Change) ([]byte, error)

// Formats returns the known formats by name: json, fish, bash, dotenv.
func Formats() map[string]Format {
	return map[string]Format{"json": formatJSON, "fish": formatFish, "bash": formatBash, "dotenv": formatDotenv}
}

// formatJSON writes an object of names to values, null where a variable is
// taken away.
func formatJSON(c env.Change) ([]byte, error) {
	object := map[string]*string{}
	for name, v := range c.Set {
		if !utf8.ValidString(v) {
			return nil, fmt.Errorf("the value of %s is no UTF-8, and JSON can hold nothing else; --format bash can", name)
		}
		object[name] = &v
	}
	for _, name := range c.Unset {
		object[name] = nil
	}
	data, err := json.MarshalIndent(object, "", "  ")
	return append(data, '\n'), err
}

func formatFish(c env.Change) ([]byte, error) {
	return lines(c, func(name, v string) string { return "set -gx " + name + " " + QuoteFish(v) },
		func(name string) string { return "set -e " + name })
}

func formatBash(c env.Change) ([]byte, error) {
	return lines(c, func(name, v string) string { return "export " + name + "=" + QuoteBash(v) },
		func(name string) string { return "unset " + name })
}

// formatDotenv leaves out what is taken away: a dotenv file cannot say that.
func formatDotenv(c env.Change) ([]byte, error) {
	c.Unset = nil
	return lines(c, func(name, v string) string { return name + "=" + QuoteDotenv(v) }, nil)
}

func lines(c env.Change, set func(name, value string) string, unset func(name string) string) ([]byte, error) {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c.Set)) {
		b.WriteString(set(name, c.Set[name]) + "\n")
	}
	for _, name := range c.Unset {
		b.WriteString(unset(name) + "\n")
	}
	return []byte(b.String()), nil
}
