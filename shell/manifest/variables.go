package manifest

import (
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

// readEnv reads a key of [env]: a variable, or one of the two reserved names.
func (r *reader) readEnv(key []string) error {
	switch key[1] {
	case "file":
		return r.readEnvFiles(key)
	case "unset":
		return r.readUnset(key)
	}
	name, at := key[1], r.pos(key)
	if name == env.Path {
		return r.notPath(at, "PATH cannot be set as a whole")
	}
	if err := r.claim(name, "["+show(r.full(key[:1]))+"]", at); err != nil {
		return err
	}
	text, err := r.envText(key)
	if err != nil {
		return err
	}
	value, err := r.template(key, text)
	if err != nil {
		return err
	}
	r.m.Env = append(r.m.Env, Assignment{Name: name, Value: value, Pos: at})
	return nil
}

// envText reads a string, or a number as it is written: 1.10 is not 1.1.
func (r *reader) envText(key []string) (string, error) {
	switch v := r.value(key).(type) {
	case string:
		return v, r.checkNUL(v, key)
	case int64, float64:
		raw, _, _ := r.doc.raw(r.full(key))
		return strings.ReplaceAll(raw, "_", ""), nil
	default:
		e := r.wrongType(key, "a string")
		switch v := v.(type) {
		case bool:
			return "", e.hint("write \"%t\" in quotes", v)
		case []any:
			return "", e.hint("list variables are written as [lists.%s] prepend = […]", show(key[1:]))
		}
		return "", e
	}
}

func (r *reader) template(key []string, text string) (env.Value, error) {
	value, err := env.ParseValue(text)
	var bad *env.TemplateError
	if errors.As(err, &bad) {
		return nil, errorf(r.doc.posIn(r.full(key), text, bad.Offset), "%s: %s", show(r.full(key)), bad.Reason)
	}
	return value, err
}

// claim notes that a variable is defined at a place, "[env]" for instance, and
// refuses a name that cannot be set or that is defined elsewhere too.
func (r *reader) claim(name, where string, at Pos) error {
	if err := env.CheckName(name); err != nil {
		return errorf(at, "%v", err)
	}
	if before, taken := r.names[name]; taken && before != where {
		return errorf(at, "%s is already in %s; a variable is either set, or a list, or unset", name, before)
	}
	r.names[name] = where
	return nil
}

// notPath is the error about PATH where it cannot be.
func (r *reader) notPath(at Pos, msg string) error {
	return errorf(at, "%s", msg).hint(`add to it: [%s] prepend = ["bin"]`, show(r.full([]string{"path"})))
}

func (r *reader) readUnset(key []string) error {
	items, err := r.strs(key)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, it := range items {
		if it.Text == env.Path {
			return r.notPath(it.Pos, "PATH cannot be taken away")
		}
		if err := r.claim(it.Text, show(r.full(key)), it.Pos); err != nil {
			return err
		}
		if seen[it.Text] {
			return errorf(it.Pos, "%s is named twice", it.Text)
		}
		seen[it.Text] = true
		r.m.Unset = append(r.m.Unset, it.Text)
	}
	return nil
}

func (r *reader) readEnvFiles(key []string) error {
	if r.base != nil {
		return errorf(r.pos(key), "%s: dotenv files belong to a project", show(r.full(key))).
			hint("name them in the project's " + Name)
	}
	var items []Item
	if s, ok := r.value(key).(string); ok {
		if err := r.checkNUL(s, key); err != nil {
			return err
		}
		items = []Item{{Text: s, Pos: r.pos(key)}}
	} else {
		var err error
		if items, err = r.strs(key); err != nil {
			return err
		}
	}
	if len(items) > maxEnvFiles {
		return errorf(r.pos(key), "%s names more than %d files", show(r.full(key)), maxEnvFiles)
	}
	seen := map[string]bool{}
	for _, it := range items {
		switch {
		case it.Text == "" || strings.HasSuffix(it.Text, "/"):
			return errorf(it.Pos, "%s is not the name of a file", quote(it.Text))
		case path.IsAbs(it.Text) || strings.HasPrefix(it.Text, "~"):
			return errorf(it.Pos, "%s: dotenv files are named relative to %s", quote(it.Text), Name)
		case climbs(path.Clean(it.Text)):
			return errorf(it.Pos, "%s leaves the project", quote(it.Text)).
				hint("the %s of the place that it lies in can name it: places around a project count, too", Name)
		case seen[path.Clean(it.Text)]:
			return errorf(it.Pos, "%s is named twice", quote(it.Text))
		}
		seen[path.Clean(it.Text)] = true
	}
	r.m.EnvFiles = items
	return nil
}

// readList reads prepend or append of a list variable.
func (r *reader) readList(key []string, name string) error {
	table, side := key[:len(key)-1], key[len(key)-1]
	at := r.pos(table)
	if name == env.Path && key[0] != "path" {
		return r.notPath(at, "PATH has a table of its own")
	}
	if err := r.claim(name, "["+show(r.full(table))+"]", at); err != nil {
		return err
	}
	if !slices.Contains(listKeys, side) {
		return r.unknown(key, listKeys)
	}
	items, err := r.strs(key)
	if err != nil {
		return err
	}
	entries := make([]Entry, 0, len(items))
	for i, it := range items {
		if err := r.checkEntry(it); err != nil {
			return err
		}
		value, err := r.template(append(slices.Clip(key), itoa(i)), it.Text)
		if err != nil {
			return err
		}
		entries = append(entries, Entry{Value: value, Pos: it.Pos})
	}
	l := r.m.Lists[name]
	if side == "prepend" {
		l.Prepend = entries
	} else {
		l.Append = entries
	}
	r.m.Lists[name] = l
	return nil
}

// checkEntry refuses early what no surroundings make right.
func (r *reader) checkEntry(it Item) error {
	switch {
	case it.Text == "":
		return errorf(it.Pos, "an entry is empty; in a list variable that means the current directory").
			hint(`write "." for the project's directory`)
	case strings.Contains(it.Text, ":"):
		return errorf(it.Pos, "%s contains a colon, which separates entries", quote(it.Text)).
			hint("write each entry as a string of its own")
	case r.base != nil && !strings.HasPrefix(it.Text, "/") && !strings.HasPrefix(it.Text, "~") && !strings.HasPrefix(it.Text, "${"):
		return errorf(it.Pos, "%s is relative, and there is no project here", quote(it.Text)).
			hint("write an absolute path, or one that begins with ~/")
	}
	return nil
}
