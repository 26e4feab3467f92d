package envrc

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// dotenv translates dotenv and dotenv_if_exists, which a devsh.toml does not
// distinguish: a missing file is passed over.
func (t *translator) dotenv(args []*word) string {
	name := ".env"
	if len(args) > 1 {
		return "it names several files"
	}
	if len(args) == 1 {
		given, why := t.relative(args[0])
		if why != "" {
			return why
		}
		name = given
		if given == "" || given == "." || strings.HasSuffix(given, "/") {
			name = path.Join(given, ".env")
		}
	} else if t.unknown(pwd) {
		return t.known(pwd)
	}
	if why := t.accept("[env]\nfile = [" + quote(name) + "]"); why != "" {
		return why
	}
	same := func(other string) bool { return path.Clean(other) == path.Clean(name) }
	t.envFiles = append(slices.DeleteFunc(t.envFiles, same), name)
	return t.overruled()
}

// overruled says what a dotenv file cannot do in a devsh.toml: change what was
// set before it was read.
func (t *translator) overruled() string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(t.vars)) {
		if v := t.vars[name]; v.exported && (v.state == set || v.state == gone) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	more := ""
	if len(names) > 5 {
		names, more = names[:5], " and others"
	}
	return "it is in [env] file, but what is set before it, " + strings.Join(names, ", ") + more +
		", wins over the file now: take out what the file has"
}

// watchFile translates watch_file; a pattern stays one.
func (t *translator) watchFile(args []*word) string {
	var names []string
	for _, w := range args {
		name, why := t.watched(w)
		if why != "" {
			return why
		}
		names = append(names, name)
	}
	return t.watchAll(names)
}

// watched returns the pattern for what a word names.
func (t *translator) watched(w *word) (string, string) {
	if w.brace && strings.Contains(w.pattern.String(), "..") {
		return "", globbed
	}
	if w.why == "" && len(w.parts.Refs()) == 0 && w.name == "" {
		if t.unknown(pwd) {
			return "", t.known(pwd)
		}
		return strings.TrimPrefix(w.pattern.String(), "./"), ""
	}
	name, why := t.relative(w)
	return escapePattern(name), why
}

// watchDir translates watch_dir: all files below a directory.
func (t *translator) watchDir(args []*word) string {
	if len(args) != 1 {
		return "it names no directory, or several"
	}
	name, why := t.relative(args[0])
	if why != "" {
		return why
	}
	return t.watchAll([]string{strings.TrimPrefix(path.Join(escapePattern(name), "**"), "./")})
}

func (t *translator) watchAll(patterns []string) string {
	for _, p := range patterns {
		if why := t.accept("[watch]\nfiles = [" + quote(p) + "]"); why != "" {
			return why
		}
	}
	for _, p := range patterns {
		if !slices.Contains(t.watch, p) {
			t.watch = append(t.watch, p)
		}
	}
	return ""
}

func escapePattern(s string) string {
	w := word{}
	w.text(s, true)
	return w.pattern.String()
}
