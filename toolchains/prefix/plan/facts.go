package plan

import (
	"path"
	"slices"
	"strings"
)

// Facts are what decides, besides the managers.
type Facts struct {
	// Env is the environment without any project's and without devsh's layers.
	Env map[string]string
	// Root is where devsh's prefixes lie: nothing else is there.
	Root string
	// Node is the one that runs what is installed now, nil without one.
	Node *Node
	// Project is the directory whose .npmrc npm would read, "" for none.
	Project string
	// Files are the contents of those of [Files] that exist, and Unreadable says
	// why others could not be read.
	Files      map[string][]byte
	Unreadable map[string]string
	// Programs are the managers that are there, with their paths.
	Programs map[string]string
	// Kept are, by manager, the ABIs for which there is a prefix already; for
	// managers without node, "".
	Kept map[string][]string
	// Real resolves the links in a path, as far as it exists; nil leaves it.
	Real func(string) string
}

func (f *Facts) real(p string) string {
	if f.Real == nil {
		return path.Clean(p)
	}
	return f.Real(path.Clean(p))
}

// home reports whether a path is in the user's home, by either of their names.
func (f *Facts) home(p string) bool {
	home := f.Env["HOME"]
	return path.IsAbs(home) && (below(p, home) || below(f.real(p), f.real(home)))
}

// onPath is the first of the directories that is on PATH, by whatever name.
func (f *Facts) onPath(dirs []string) (string, bool) {
	for e := range strings.SplitSeq(f.Env["PATH"], ":") {
		if !path.IsAbs(e) {
			continue
		}
		if i := slices.IndexFunc(dirs, func(d string) bool { return path.Clean(e) == d || f.real(e) == f.real(d) }); i >= 0 {
			return dirs[i], true
		}
	}
	return "", false
}

// Node is what node says of itself, and npm of where it looks.
type Node struct {
	// Path is by what name to run it, Exec what that is in the end.
	Path, Exec, Version, ABI string
	// Globalconfig is where npm looks for the site's settings by itself, "" where
	// npm is missing.
	Globalconfig string
}

// words are what stands for braces in managers.toml.
func (f *Facts) words() map[string]string {
	home := f.Env["HOME"]
	dir := func(name, otherwise string) string {
		if v := f.Env[name]; path.IsAbs(v) {
			return path.Clean(v)
		}
		return otherwise
	}
	w := map[string]string{
		"home": home, "config": dir("XDG_CONFIG_HOME", path.Join(home, ".config")), "data": dir("XDG_DATA_HOME", path.Join(home, ".local/share")),
		"cargo": dir("CARGO_HOME", path.Join(home, ".cargo")), "project": f.Project, "userconfig": f.userconfig(),
	}
	w["goenv"] = dir("GOENV", path.Join(w["config"], "go/env"))
	if f.Node != nil {
		w["nodeprefix"] = path.Dir(path.Dir(f.Node.Exec))
	}
	w["globalconfig"] = f.globalconfig(w["nodeprefix"])
	return w
}

// userconfig is the user's own npmrc.
func (f *Facts) userconfig() string {
	if s := f.spellings("NPM_CONFIG_USERCONFIG"); len(s) > 0 {
		return tilde(f.Env[s[0]], f.Env["HOME"])
	}
	return path.Join(f.Env["HOME"], ".npmrc")
}

// globalconfig is where npm looks for the site's settings as long as no prefix is
// set: it must go on looking there.
func (f *Facts) globalconfig(nodeprefix string) string {
	if s := f.spellings("NPM_CONFIG_GLOBALCONFIG"); len(s) > 0 {
		return tilde(f.Env[s[0]], f.Env["HOME"])
	}
	if value, _, err := npmrc(f.Files[f.userconfig()], "globalconfig", f.Env); err == nil && value != "" {
		return value
	}
	if f.Node != nil && f.Node.Globalconfig != "" {
		return f.Node.Globalconfig
	}
	if nodeprefix == "" {
		return ""
	}
	return path.Join(nodeprefix, "etc/npmrc")
}

// spellings are the variables that npm takes for one, in the order in which they
// count: case does not matter to it, and in the environment as it is sorted by
// most programs lower case comes last and wins.
func (f *Facts) spellings(name string) []string {
	var out []string
	for k, v := range f.Env {
		if v != "" && strings.EqualFold(k, name) {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	slices.Reverse(out)
	return out
}

// byScript reports whether a variable is there because npm runs a script: it
// hands its settings on in lower case.
func (f *Facts) byScript(m *Manager, name string) bool {
	return m.AnyCase && name == strings.ToLower(name) && f.Env["npm_lifecycle_event"] != ""
}

// Files are the settings' files that are asked for a value; where one names
// another, ask again with its content.
func Files(managers []Manager, f *Facts) []string {
	words := f.words()
	out := []string{f.userconfig()}
	for _, m := range managers {
		for _, s := range m.Sources {
			if s.File == "" || strings.Contains(s.File, "{project}") && f.Project == "" {
				continue
			}
			if file := fill(s.File, words); path.IsAbs(file) {
				out = append(out, path.Clean(file))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Variables are those whose values decide, sorted; of [Manager.AnyCase] ones,
// as they are mostly written.
func Variables(managers []Manager) []string {
	out := []string{"CARGO_HOME", "GOENV", "HOME", "NPM_CONFIG_GLOBALCONFIG", "NPM_CONFIG_USERCONFIG", "PATH", "XDG_CONFIG_HOME", "XDG_DATA_HOME"}
	for _, m := range managers {
		for name := range m.Set {
			out = append(out, name)
		}
		for _, s := range m.Sources {
			if s.Env != "" {
				out = append(out, s.Env)
			}
			if s.Env != "" && m.AnyCase {
				out = append(out, strings.ToLower(s.Env))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// below reports whether a path is dir or within it.
func below(p, dir string) bool {
	p, dir = path.Clean(p), path.Clean(dir)
	return p == dir || strings.HasPrefix(p, strings.TrimRight(dir, "/")+"/")
}

// UserConfig is the user's own npmrc.
func UserConfig(f *Facts) string { return f.userconfig() }
