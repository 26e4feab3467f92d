package plan

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// State is whose place it is in which a manager installs.
type State string

// The states.
const (
	Devsh  State = "devsh"  // devsh's prefix
	Own    State = "own"    // what the user said
	Works  State = "works"  // the manager's own, in the home and on PATH
	Absent State = "absent" // the manager is not there, and no node to run what it installs
)

// Found is something that says where programs go.
type Found struct {
	// Kind is environment, project, user, global, default or devsh.
	Kind string
	// Name is the variable, or the file with Line.
	Name  string
	Line  int
	Value string
	Bins  []string
	// Why says why it wins or does not.
	Why string
	// weak is why devsh goes before it, unless it works.
	weak string
}

// Problem is what the user should know, and what to type, if anything helps.
type Problem struct{ Text, Next string }

// Place is where a manager installs.
type Place struct {
	Manager *Manager
	State   State
	// Program is the manager's path, "" if it is not there.
	Program string
	// Dir is devsh's prefix for it, "" without one; used if State is [Devsh].
	Dir string
	// Bins are where programs are, the first being where they are put.
	Bins []string
	// From decides, Others do not.
	From   Found
	Others []Found
	// Bound is the node that runs the programs, nil where each finds its own.
	Bound    *Node
	Problems []Problem
}

// Choose says for each manager where it installs.
func Choose(managers []Manager, f *Facts) []Place {
	words := f.words()
	var out []Place
	for i := range managers {
		p := choose(&managers[i], f, words)
		if from := slices.IndexFunc(out, func(o Place) bool { return o.Manager.Name == p.Manager.Shares }); from >= 0 && p.From.Kind == "" {
			p.share(out[from])
		}
		out = append(out, p)
	}
	return out
}

func choose(m *Manager, f *Facts, words map[string]string) Place {
	p := Place{Manager: m, Program: f.Programs[m.Name]}
	if abi := f.abi(m); abi != "" || !m.Node {
		p.Dir = m.Dir(f.Root, abi)
	}
	var found []Found
	for _, s := range m.Sources {
		found = append(found, p.look(s, f, words)...)
	}
	for _, c := range found {
		switch {
		case c.Why != "": // it does not count
			p.Others = append(p.Others, c)
		case p.From.Kind == "":
			p.From = c
		default:
			c.Why = "it comes after " + p.From.Name
			if p.From.Kind == "default" {
				c.Why = "it comes after the default"
			}
			p.Others = append(p.Others, c)
		}
	}
	p.settle(f)
	return p
}

func (f *Facts) abi(m *Manager) string {
	if f.Node == nil || !m.Node {
		return ""
	}
	return f.Node.ABI
}

// settle decides between what was found and devsh's prefix.
func (p *Place) settle(f *Facts) {
	m, won := p.Manager, p.From
	p.Bins = won.Bins
	why := ""
	switch {
	case m.Shares != "" && won.Kind == "":
		return
	case won.Kind == "":
		why = "nothing else is said"
	case won.Kind != "default" && won.weak == "":
		p.State, p.From.Why = Own, "you said so"
		return
	default:
		bin, ok := f.onPath(won.Bins)
		switch {
		case !f.home(won.Bins[0]):
			why = won.Value + " is not in your home"
		case ok:
			p.State, p.From.Why = Works, bin+" is yours, and on your PATH"
			return
		default:
			why = won.Bins[0] + " is not on your PATH"
		}
		if won.weak != "" {
			why = won.weak
		}
	}
	if p.Dir == "" {
		p.State = Absent
		if p.Program != "" {
			p.Problems = append(p.Problems, Problem{Text: "no node is on PATH, which would run what it installs"})
		}
		return
	}
	if won.Kind != "" {
		won.Why = why
		p.Others = slices.Insert(p.Others, 0, won)
	}
	p.State = Devsh
	p.Bins = nil
	for _, b := range m.Bins {
		p.Bins = append(p.Bins, path.Join(p.Dir, b))
	}
	if m.Node {
		p.Bound = f.Node
	}
	p.From = Found{Kind: "devsh", Name: strings.Join(slices.Sorted(maps.Keys(m.Set)), ", "), Value: p.Dir, Bins: p.Bins, Why: why}
	if p.Program == "" && !slices.Contains(f.Kept[m.Name], f.abi(m)) {
		p.State = Absent
	}
}

// share takes the place of another manager.
func (p *Place) share(o Place) {
	p.State, p.Dir, p.Bins, p.Bound = o.State, o.Dir, o.Bins, o.Bound
	p.From = o.From
	p.From.Why = p.Manager.Name + " takes " + o.Manager.Name + "'s"
	if p.Program == "" {
		p.State = Absent
	}
}

// look asks a source. What does not count has a reason.
func (p *Place) look(s Source, f *Facts, words map[string]string) []Found {
	switch {
	case s.Env != "":
		return p.lookEnv(s, f)
	case s.File != "":
		return p.lookFile(s, f, words)
	}
	value := fill(s.Default, words)
	if !path.IsAbs(value) { // of a node that is not there
		return nil
	}
	return []Found{{Kind: "default", Name: "the default", Value: path.Clean(value), Bins: bins(s, path.Clean(value))}}
}

func (p *Place) lookEnv(s Source, f *Facts) (out []Found) {
	names := []string{s.Env}
	if p.Manager.AnyCase || strings.HasPrefix(s.Env, "npm_config_") {
		names = f.spellings(s.Env)
	}
	first := ""
	for _, name := range names {
		value := f.Env[name]
		if value == "" {
			continue
		}
		c := p.found(s, "environment", name, tilde(value, f.Env["HOME"]))
		switch {
		case f.byScript(p.Manager, name):
			c.Why = "npm set it for a script, not you"
		case below(c.Value, f.Root):
			c.Why = "it is devsh's own"
		case first != "":
			c.Why = first + ", the same in other letters, wins"
		default:
			first = name
			p.check(s, c)
		}
		out = append(out, c)
	}
	return out
}

func (p *Place) lookFile(s Source, f *Facts, words map[string]string) []Found {
	if strings.Contains(s.File, "{project}") && f.Project == "" {
		return nil
	}
	file := path.Clean(fill(s.File, words))
	kind := "user"
	switch s.File {
	case "{globalconfig}":
		kind = "global"
	case "{project}/.npmrc":
		if kind = "project"; file == f.userconfig() {
			return nil // npm reads it as the user's
		}
	}
	if reason, ok := f.Unreadable[file]; ok {
		p.Problems = append(p.Problems, Problem{Text: fmt.Sprintf("%s could not be read: %s", file, reason)})
		return nil
	}
	data, ok := f.Files[file]
	if !ok {
		return nil
	}
	value, line, err := setting(s.Format, file, data, s.Key, f.Env)
	if err != nil {
		p.Problems = append(p.Problems, Problem{Text: fmt.Sprintf("%s cannot be read: %v", file, err)})
		return nil
	}
	if value == "" {
		return nil
	}
	c := p.found(s, kind, file, value)
	c.Line = line
	if c.Why = s.Ignored; c.Why != "" {
		return []Found{c}
	}
	if below(c.Value, f.Root) {
		c.Why = "it is devsh's own, for programs that are started without a shell"
		if c.Value != p.Dir && p.Dir != "" {
			p.Problems = append(p.Problems, Problem{
				Text: fmt.Sprintf("%s:%d names %s, the prefix for another node", file, line, c.Value), Next: "devsh tools prefix --write-npmrc",
			})
		}
		return []Found{c}
	}
	p.check(s, c)
	return []Found{c}
}

func (p *Place) found(s Source, kind, name, value string) Found {
	if s.List {
		value, _, _ = strings.Cut(value, ":")
	}
	if path.IsAbs(value) {
		value = path.Clean(value)
	}
	return Found{Kind: kind, Name: name, Value: value, Bins: bins(s, value), weak: s.Weak}
}

// check notes what is wrong with something that counts.
func (p *Place) check(s Source, c Found) {
	if s.Warn != "" {
		p.Problems = append(p.Problems, Problem{Text: s.Warn})
	}
	if !path.IsAbs(c.Value) && s.Format != "toml" {
		p.Problems = append(p.Problems, Problem{Text: fmt.Sprintf("%s says %q, which is another place in each directory: name an absolute one", c.Name, c.Value)})
	}
}

func bins(s Source, value string) []string {
	var out []string
	for b := range strings.SplitSeq(s.Bin, ":") {
		out = append(out, path.Clean(fill(b, map[string]string{"value": value})))
	}
	return out
}
