package plan

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/hbohlen/devsh/toolchains/document"
)

// setting finds a key in a file of the given format; "" if it is not there.
func setting(format, file string, data []byte, key string, env map[string]string) (value string, number int, err error) {
	if len(data) > maxRC {
		return "", 0, fmt.Errorf("it is larger than %d KiB", maxRC>>10)
	}
	switch format {
	case "npmrc":
		return npmrc(data, key, env)
	case "toml":
		return tomlKey(file, data, key, env)
	case "env":
		return plain(data, key, "=")
	case "yaml":
		return plain(data, key, ":")
	case "yarnrc":
		return plain(data, key, " ")
	}
	return "", 0, fmt.Errorf("there is no format %q", format)
}

func tomlKey(file string, data []byte, key string, env map[string]string) (string, int, error) {
	d, err := document.Parse(file, data)
	if err != nil {
		return "", 0, err
	}
	v, _ := document.Lookup(d.Tree(), key)
	text, _ := v.(string)
	table, last := d.Root(), path.Base(strings.ReplaceAll(key, ".", "/"))
	for _, k := range strings.Split(strings.TrimSuffix(key, "."+last), ".") {
		if table.Has(k) {
			table = table.Sub(k)
		}
	}
	return tilde(text, env["HOME"]), table.Pos(last).Line, nil
}

// plain finds a key at the beginning of a line: all that these files need. The
// last line counts.
func plain(data []byte, key, sign string) (value string, number int, err error) {
	n := 0
	for text := range strings.Lines(string(data)) {
		n++
		k, v, ok := strings.Cut(strings.TrimRight(text, "\r\n"), sign)
		if !ok || strings.Trim(k, `"`) != key {
			continue
		}
		v = strings.TrimSpace(v)
		if unquoted, err := strconv.Unquote(v); err == nil {
			v = unquoted
		}
		if value, number = strings.Trim(v, "'"), n; len(value) > maxValue {
			return "", 0, fmt.Errorf("line %d is longer than %d bytes", n, maxValue)
		}
	}
	return value, number, nil
}
