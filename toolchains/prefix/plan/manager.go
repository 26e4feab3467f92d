package plan

import (
	_ "embed"
	"path"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/toolchains/document"
)

//go:embed managers.toml
var managers []byte

// Manager is one that installs programs for the user.
type Manager struct {
	Name string
	// Node says that its programs are run by node: each ABI of node has a prefix
	// of its own, and each program is bound to the node that it was installed with.
	Node bool
	// AnyCase says that its variables count in any case of their letters.
	AnyCase bool
	// Shares names the manager whose place it takes where nothing else is said.
	Shares string
	// Set are the variables that give it devsh's place.
	Set map[string]string
	// Bins are where its programs are, below its prefix; Dirs are made beforehand.
	Bins, Dirs []string
	// Links are made beforehand: what they lead to is made as well.
	Links map[string]string
	// Man says that it installs man pages, below share/man.
	Man bool
	// Venvs is where its Python environments are, and Mend the command that makes
	// one anew.
	Venvs, Mend string
	Sources     []Source
}

// Source can say where programs go.
type Source struct {
	// One of these: a variable, a key in a file, or the manager's own place.
	Env, File, Default string
	Format, Key        string
	// List says that the value is a list, of which the first entry counts.
	List bool
	// Bin is where programs are, by the value; of several the first is written to.
	Bin string
	// Ignored and Weak are reasons, Warn is a problem that it brings; see managers.toml.
	Ignored, Weak, Warn string
}

// Builtin are the managers that devsh knows.
func Builtin() ([]Manager, error) { return parse("managers.toml", managers) }

func parse(name string, data []byte) ([]Manager, error) {
	d, err := document.Parse(name, data)
	if err != nil {
		return nil, err
	}
	root := d.Root()
	var out []Manager
	for _, t := range root.Subs("manager") {
		m := Manager{
			Name: t.Str("name"), Node: t.Bool("node"), AnyCase: t.Bool("anycase"), Shares: t.Str("shares"), Set: t.Map("set"),
			Bins: t.Strs("bin"), Dirs: t.Strs("dirs"), Links: t.Map("links"), Man: t.Bool("man"), Venvs: t.Str("venvs"), Mend: t.Str("mend"),
		}
		if len(m.Bins) == 0 {
			m.Bins = []string{"bin"}
		}
		if m.Name == "" {
			t.Fail("name", "a manager has a name")
		}
		for _, s := range t.Subs("source") {
			m.Sources = append(m.Sources, source(s))
		}
		t.End()
		out = append(out, m)
	}
	root.End()
	return out, d.Err()
}

func source(t *document.Table) Source {
	defer t.End()
	s := Source{
		Env: t.Str("env"), File: t.Str("file"), Default: t.Str("default"), Format: t.Str("format"), Key: t.Str("key"),
		List: t.Bool("list"), Bin: t.Str("bin"), Ignored: t.Str("ignored"), Weak: t.Str("weak"), Warn: t.Str("warn"),
	}
	if s.Bin == "" {
		s.Bin = "{value}"
	}
	if s.File != "" && !slices.Contains([]string{"npmrc", "yarnrc", "env", "toml", "yaml"}, s.Format) {
		t.Fail("format", "there is no format %q", s.Format)
	}
	if s.Env == "" && s.File == "" && s.Default == "" {
		t.Fail("", "a source is a variable, a file or a default")
	}
	return s
}

// Dir is the prefix that devsh keeps for it, for an ABI of node.
func (m *Manager) Dir(root, abi string) string {
	if m.Node {
		return path.Join(root, m.Name+"-abi"+abi)
	}
	return path.Join(root, m.Name)
}

// fill puts values in the place of words in braces.
func fill(text string, words map[string]string) string {
	var pairs []string
	for word, value := range words {
		pairs = append(pairs, "{"+word+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
