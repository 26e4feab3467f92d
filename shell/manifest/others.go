package manifest

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/hbohlen/devsh/shell/env"
)

const (
	maxAlias = 4 << 10  // bytes of one alias
	maxHook  = 64 << 10 // bytes of one hook
)

func (r *reader) readAlias(key []string) error {
	at := r.pos(key)
	if err := env.CheckCommand(key[1]); err != nil {
		return errorf(at, "%v", err)
	}
	text, err := r.str(key)
	switch {
	case err != nil:
		return err
	case blank(text):
		return errorf(at, "the alias %s is empty", key[1])
	case len(text) > maxAlias:
		return errorf(at, "the alias %s is longer than %d bytes", key[1], maxAlias).hint("make it a script on PATH")
	}
	r.m.Aliases[key[1]] = text
	return nil
}

var attribute = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_'.+-]*$`)

func (r *reader) readShell(key []string) error {
	switch key[1] {
	case "nix":
		return r.readNix(key)
	case "hook":
		return r.readShellHook(key)
	}
	return r.unknown(key, shellKeys)
}

// readShellHook reads when the shellHook is run.
func (r *reader) readShellHook(key []string) error {
	const forms = `"once" or "every-entry"`
	when, ok := r.value(key).(string)
	switch {
	case !ok:
		return r.wrongType(key, forms)
	case when != "once" && when != EveryEntry:
		return errorf(r.pos(key), "%s is %s", show(r.full(key)), quote(when)).hint("write " + forms)
	}
	r.m.HookEveryEntry = when == EveryEntry
	return nil
}

func (r *reader) readNix(key []string) error {
	const forms = `"auto", false, ".#attribute" or "./file.nix"`
	switch v := r.value(key).(type) {
	case bool:
		r.m.Nix = NixChoice{Kind: NixOff}
		if v {
			r.m.Nix = NixChoice{Kind: NixAuto}
		}
		return nil
	case string:
		choice, ok := nixChoice(v)
		if !ok {
			return errorf(r.pos(key), "%s is %s", show(r.full(key)), quote(v)).hint("write " + forms)
		}
		r.m.Nix = choice
		return nil
	}
	return r.wrongType(key, forms)
}

func nixChoice(s string) (NixChoice, bool) {
	if s == "auto" {
		return NixChoice{Kind: NixAuto}, true
	}
	if attr, ok := strings.CutPrefix(s, ".#"); ok {
		return NixChoice{Kind: NixFlake, Arg: attr}, len(attr) <= 256 && attribute.MatchString(attr)
	}
	file, ok := strings.CutPrefix(s, "./")
	if !ok || !strings.HasSuffix(s, ".nix") || strings.ContainsRune(s, 0) {
		return NixChoice{}, false
	}
	return NixChoice{Kind: NixFile, Arg: path.Clean(file)}, !climbs(file) && !path.IsAbs(file)
}

func (r *reader) readWatch(key []string) error {
	if key[1] != "files" {
		return r.unknown(key, watchKeys)
	}
	items, err := r.strs(key)
	if err != nil {
		return err
	}
	for _, it := range items {
		switch {
		case it.Text == "":
			return errorf(it.Pos, "a pattern is empty")
		case path.IsAbs(it.Text), strings.HasPrefix(it.Text, "~"):
			return errorf(it.Pos, "the pattern %s is absolute; patterns are relative to the project", quote(it.Text))
		case climbs(it.Text):
			return errorf(it.Pos, "the pattern %s leaves the project", quote(it.Text))
		case !doublestar.ValidatePattern(it.Text):
			return errorf(it.Pos, "%s is not a pattern", quote(it.Text)).
				hint("understood are *, **, ?, [a-z] and {one,other}")
		}
		r.m.Watch = append(r.m.Watch, it.Text)
	}
	return nil
}

// climbs reports whether a path or pattern has a part "..", escaped or not.
func climbs(pattern string) bool {
	plain := strings.ReplaceAll(pattern, `\`, "")
	parts := strings.FieldsFunc(plain, func(c rune) bool { return strings.ContainsRune("/{},", c) })
	return slices.Contains(parts, "..")
}

func (r *reader) readHook(key []string) error {
	if !slices.Contains(hookKeys, key[1]) {
		return r.unknown(key, hookKeys)
	}
	code, err := r.str(key)
	switch {
	case err != nil:
		return err
	case len(code) > maxHook:
		return errorf(r.pos(key), "%s is longer than %d KiB", show(r.full(key)), maxHook>>10).
			hint("put it into a file and source that")
	}
	if key[1] == "enter" {
		r.m.Enter = code
	} else {
		r.m.Leave = code
	}
	return nil
}
