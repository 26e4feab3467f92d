package catalogue

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/toolchains/document"
)

// names are those of tools, languages and programs: they become names of
// directories and files.
var names = form{regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]*$`), 64}

// packages are names of packages of any backend. None can be taken for an option.
var packages = form{regexp.MustCompile(`^[A-Za-z0-9@_][A-Za-z0-9@/._+~-]*$`), 200}

// variables are names of environment variables.
var variables = form{regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`), 64}

// reader makes a catalogue of a document. Errors are noted in that.
type reader struct {
	fixtures fs.FS // nil: there are none
}

func (r *reader) tool(name string, t *document.Table) *Tool {
	defer t.End()
	if !names.MatchString(name) {
		t.Fail("", "%q is no name for a tool", name)
	}
	tool := &Tool{
		Name: name, Summary: t.Str("summary"), Bins: t.Strs("bins"), Unavailable: t.Str("unavailable"), Scripts: t.Strs("scripts"),
		Static: t.Map("static"), Project: t.Bool("project"), Uses: map[Role]Use{}, From: map[string]Source{}, At: t.Pos(),
	}
	for backend, text := range t.Map("from") {
		if !slices.Contains(Backends(), backend) {
			t.Fail("from", "there is no backend %q; there are %s", backend, strings.Join(Backends(), ", "))
		}
		tool.From[backend] = r.source(t, text)
	}
	for _, text := range t.Strs("with") {
		tool.With = append(tool.With, r.source(t, text))
	}
	if _, ok := tool.From[NPM]; len(tool.With) > 0 && !ok {
		t.Fail("with", "only what comes from npm has other packages with it")
	}
	for variable := range tool.Static {
		if !variables.MatchString(variable) {
			t.Fail("static", "%q is no name of a variable", variable)
		}
	}
	for _, role := range Roles() {
		if sub := t.Sub(string(role)); t.Has(string(role)) {
			tool.Uses[role] = r.use(sub)
		}
	}
	if len(tool.Bins) == 0 {
		for _, role := range tool.Roles() {
			if c := tool.Uses[role].Command; len(c) > 0 && !slices.Contains(tool.Bins, c[0]) {
				tool.Bins = append(tool.Bins, c[0])
			}
		}
	}
	r.checkTool(t, tool)
	return tool
}

func (r *reader) checkTool(t *document.Table, tool *Tool) {
	for _, bin := range tool.Bins {
		if !names.MatchString(bin) {
			t.Fail("bins", "%q is no name for a program", bin)
		}
	}
	for _, script := range tool.Scripts {
		if !packages.MatchString(script) {
			t.Fail("scripts", "%q is no name for a package", script)
		}
	}
	for role, use := range tool.Uses {
		if len(use.Command) > 0 && !slices.Contains(tool.Bins, use.Command[0]) {
			t.Fail(string(role), "%q is not among the programs of %s: %s", use.Command[0], tool.Name, strings.Join(tool.Bins, ", "))
		}
	}
	if len(tool.Uses) == 0 {
		t.Fail("", "%s has no use: add [tool.%s.server], or another role", tool.Name, tool.Name)
	}
	if len(tool.From) == 0 && tool.Unavailable == "" {
		t.Fail("", "%s comes from nowhere: add from, or say with unavailable why there is nothing to install", tool.Name)
	}
}

// source reads "PACKAGE" or "PACKAGE CONSTRAINT".
func (r *reader) source(t *document.Table, text string) Source {
	name, constraint, _ := strings.Cut(text, " ")
	c, err := ParseConstraint(constraint)
	switch {
	case err != nil:
		t.Fail("from", "%v", err)
	case !packages.MatchString(name):
		t.Fail("from", "%q is no name for a package", name)
	}
	return Source{Package: name, Constraint: c}
}

func (r *reader) use(t *document.Table) Use {
	defer t.End()
	use := Use{Command: t.Strs("command"), Stdin: t.Strs("stdin"), Alone: t.Bool("alone"), Others: t.Bool("others"), Configs: t.Strs("configs"), At: t.Pos()}
	if use.Alone && len(use.Stdin) == 0 {
		t.Fail("alone", "what formats alone needs stdin")
	}
	if use.Alone && use.Others {
		t.Fail("others", "what formats alone runs no others")
	}
	for _, config := range use.Configs {
		if !fs.ValidPath(config) || config == "." {
			t.Fail("configs", "%q is no name for a file", config)
		}
	}
	for _, key := range []string{"command", "stdin"} {
		argv := t.Strs(key)
		if len(argv) > 0 && argv[0] == "" || len(argv) == 0 && (key == "command" || t.Has(key)) {
			t.Fail(key, "%s must be a program and its arguments", key)
		}
	}
	if sub := t.Sub("proof"); t.Has("proof") {
		use.Proof = r.proof(sub)
	}
	return use
}

func (r *reader) proof(t *document.Table) Proof {
	defer t.End()
	p := Proof{Kind: ProofKind(t.Str("kind")), Args: t.Strs("args"), Files: t.Map("files"), File: t.Str("file"), Want: t.Strs("want"), Fails: t.Bool("fails")}
	if fixture := t.Str("fixture"); fixture != "" {
		files, err := r.fixture(fixture)
		if err != nil {
			t.Fail("fixture", "%v", err)
		}
		for name, text := range files {
			p.Files[name] = text
		}
	}
	for name := range p.Files {
		if !fs.ValidPath(name) || name == "." {
			t.Fail("files", "%q is no name for a file of a fixture", name)
		}
	}
	_, there := p.Files[p.File]
	switch {
	case !slices.Contains([]ProofKind{ByServer, ByFormat, ByRun}, p.Kind):
		t.Fail("kind", "%q is no kind of proof: it is lsp, format or run", p.Kind)
	case p.File != "" && !there, p.File == "" && p.Kind != ByRun:
		t.Fail("file", "%q is not among the files of the fixture", p.File)
	case len(p.Want) == 0 && p.Kind != ByServer:
		t.Fail("", "a proof wants something: add want")
	case len(p.Args) > 0 && p.Kind != ByRun:
		t.Fail("args", "args are for the kind run: the others use the command")
	}
	return p
}

// fixture reads an embedded directory. Its files are named NAME.txt, so that
// nobody takes them for part of devsh.
func (r *reader) fixture(dir string) (map[string]string, error) {
	if r.fixtures == nil {
		return nil, fmt.Errorf("fixture %q: only devsh's own catalogue has these; write files = { \"NAME\" = \"TEXT\" }", dir)
	}
	files := map[string]string{}
	err := fs.WalkDir(r.fixtures, path.Clean(dir), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(r.fixtures, name)
		files[strings.TrimSuffix(strings.TrimPrefix(name, dir+"/"), ".txt")] = string(data)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("fixture %q: %w", dir, err)
	}
	return files, nil
}

// form is a pattern and how long what has it may be. Counting in the pattern
// itself would make it a hundred times as large, and each start of devsh longer.
type form struct {
	pattern *regexp.Regexp
	most    int // bytes
}

// MatchString reports whether a text has the form.
func (f form) MatchString(s string) bool { return len(s) <= f.most && f.pattern.MatchString(s) }
