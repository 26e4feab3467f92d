package fishtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
)

const (
	outerToml = "[env]\nA = \"outer\"\nO = \"outer\"\nunset = [\"U\"]\n[path]\nprepend = [\"bin\"]\n[lists.LIST]\nprepend = [\"/o\"]\n[aliases]\nhi = \"echo outer\"\n"
	innerToml = "[env]\nA = \"inner ${A}\"\nI = \"${O}\"\nU = \"inner\"\n[path]\nprepend = [\"bin\"]\nappend = [\"/z\"]\n[lists.LIST]\nappend = [\"/i\"]\n[aliases]\nhi = \"echo inner\"\nho = \"echo inner\"\n"
)

// walker is a shell, the state before it went anywhere, and the projects it may go to.
type walker struct {
	*Fish
	t      *testing.T
	b      *Bed
	before State
}

func newWalker(t *testing.T) walker {
	b := newBed(t)
	f := Start(t, b, Options{})
	f.Source("set -gx A before; set -gx U before; set -gx LIST /x; function hi; echo before; end")
	return walker{Fish: f, t: t, b: b, before: f.Snapshot()}
}

// in checks that the shell is in a project whose environment is d.
func (w walker) in(project string, d env.Delta) {
	w.t.Helper()
	checkInside(w.t, w.before, w.Snapshot(), project, d)
}

func (w walker) home() {
	w.t.Helper()
	w.OK("cd " + Quote(w.b.Home))
	checkSame(w.t, "after leaving", w.before, w.Snapshot())
}

func TestProjectToProject(t *testing.T) {
	t.Parallel()
	w := newWalker(t)
	one := w.b.Allowed("one", outerToml)
	two := w.b.Allowed("two", innerToml)
	for range 2 {
		w.OK("cd " + one)
		w.in(one, deltaOf(t, w.b, one))
		w.OK("cd ../two")
		w.in(two, deltaOf(t, w.b, two))
		w.OK("cd " + one)
		w.in(one, deltaOf(t, w.b, one))
		w.home()
	}
}

func TestNestedProjects(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, prefix string
		inherits     bool
	}{{"inherit", "", true}, {"alone", "inherit = false\n", false}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWalker(t)
			outer := w.b.Allowed("outer", outerToml)
			inner := w.b.Allowed("outer/sub/inner", tt.prefix+innerToml)
			w.b.Write(inner+"/src/deep/file", "")
			dOuter := deltaOf(t, w.b, outer)
			dInner := deltaOf(t, w.b, inner)
			if tt.inherits {
				dInner = compose(t, dOuter, dInner)
			}
			w.OK("cd " + outer)
			w.in(outer, dOuter)
			w.OK("cd sub")
			w.in(outer, dOuter)
			w.OK("cd inner/src/deep")
			w.in(inner, dInner)
			w.OK("cd ..")
			w.in(inner, dInner)
			w.OK("cd ../../..")
			w.in(outer, dOuter)
			w.OK("cd sub/inner")
			w.in(inner, dInner)
			w.home()
			w.OK("cd " + inner)
			w.in(inner, dInner)
			w.home()
		})
	}
}

// TestManyWaysIn: every way to change directory, and the environment is there
// when the next command of the same line begins.
func TestManyWaysIn(t *testing.T) {
	t.Parallel()
	w := newWalker(t)
	dir := w.b.Allowed("p", outerToml)
	w.b.Write(dir+"/sub/file", "")
	if err := os.Symlink(dir, w.b.Home+"/link"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir+"/sub", w.b.Dev+"/sublink"); err != nil {
		t.Fatal(err)
	}
	w.Source("function jump; cd $argv; end\nfunction work; cd $argv[1]; $argv[2..]; end")
	w.before = w.Snapshot()
	d := deltaOf(t, w.b, dir)
	out := filepath.Join(w.b.Tmp, "out")
	for _, line := range []string{
		"cd DIR && ENV", "cd DIR; ENV", "cd DIR; and ENV", "begin; cd DIR; ENV; end",
		"if cd DIR; ENV; end", "for d in DIR; cd $d; ENV; end", "eval 'cd DIR; ENV'",
		"jump DIR; ENV", "work DIR ENV", "pushd DIR; ENV", "DIR; ENV", "./dev/p; ENV",
		"cd dev/p/sub; ENV", "cd ~/link; ENV", "cd ~/link/sub; ENV", "cd dev/sublink; ENV",
		"cd dev; cd p; cd sub; cd ..; ENV", "set -l x 1; cd DIR; ENV", "cd DIR; cd ~; cd DIR; ENV",
		"cd dev/p/sub/../../../dev/p; ENV", "cd DIR; cd DIR; ENV", "cd DIR; cd .; ENV", "true (cd DIR); ENV",
	} {
		t.Run(line, func(t *testing.T) {
			w.Within(t)
			line := strings.NewReplacer("DIR", dir, "ENV", "/usr/bin/env -0 >"+out).Replace(line)
			w.OK(line)
			seen, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			inside := w.Snapshot()
			checkInside(t, w.before, inside, dir, d)
			checkSame(t, "what a program on the same line saw, against one on the next", inside, State{
				Globals: inside.Globals, Universals: inside.Universals, Hidden: inside.Hidden,
				Functions: inside.Functions, Texts: inside.Texts, Env: ParseEnviron(seen),
			})
			w.OK("cd " + w.b.Home)
			checkSame(t, "after leaving", w.before, w.Snapshot())
		})
	}
}

// TestManyWaysOut: the environment is gone for the next command of the line.
func TestManyWaysOut(t *testing.T) {
	t.Parallel()
	w := newWalker(t)
	dir := w.b.Allowed("p", outerToml)
	d := deltaOf(t, w.b, dir)
	out := filepath.Join(w.b.Tmp, "out")
	for _, line := range []string{"cd ~; ENV", "cd ..; ENV; cd ~", "cd /; ENV; cd ~", "cd -; ENV", "popd; ENV", "begin; cd ~; ENV; end", "prevd; ENV"} {
		t.Run(line, func(t *testing.T) {
			w.Within(t)
			w.OK("pushd " + dir)
			checkInside(t, w.before, w.Snapshot(), dir, d)
			w.OK(strings.ReplaceAll(line, "ENV", "/usr/bin/env -0 >"+out))
			seen, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			after := w.Snapshot()
			checkSame(t, "after leaving", w.before, after)
			after.Env = ParseEnviron(seen)
			checkSame(t, "on the same line", w.before, after)
			w.OK("cd " + w.b.Home)
		})
	}
}

// TestExportedLocals: a function with exported locals of its own changes
// directory. They are neither kept nor lost with the environment.
func TestExportedLocals(t *testing.T) {
	t.Parallel()
	w := newWalker(t)
	dir := w.b.Allowed("p", outerToml)
	d := deltaOf(t, w.b, dir)
	out := filepath.Join(w.b.Tmp, "out")
	w.Source(`function with_locals
    set -lx PATH /local $PATH
    set -lx A local
    set -lx U local
    set -lx LIST /local
    set -lx O local
    cd $argv
    /usr/bin/env -0 >` + out + `
end`)
	w.before = w.Snapshot()
	path := w.before.Env["PATH"]
	for range 2 {
		w.OK("with_locals " + dir)
		seen, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		e := ParseEnviron(seen)
		for name, want := range map[string]string{"PATH": "/local:" + path, "A": "local", "LIST": "/local", "O": "local", env.ProjectVar: dir} {
			if e[name] != want {
				t.Errorf("in the function %s is %q, want %q", name, e[name], want)
			}
		}
		w.in(dir, d)
		w.OK("with_locals " + w.b.Home)
		checkSame(t, "after leaving in the function", w.before, w.Snapshot())
	}
	w.OK("with_locals " + dir)
	w.in(dir, d)
	w.home()
}

// TestOddNames: directories that are hard to quote.
func TestOddNames(t *testing.T) {
	t.Parallel()
	w := newWalker(t)
	for _, name := range []string{
		"sp ace", " leading", "trailing ", "it's", `quo"te`, `back\slash`, `ends\`, "new\nline", "ends\n", "\n",
		"é日本", "\xff\xfe", "-dash", "--", "-n", "*?[a](b)", "a*", "$HOME", "~", "{a,b}", "#c", "%self", "a;b", "(true)",
		"\x1b[31mred", "\ttab", "@devsh2", "current", "a=b", "..x", strings.Repeat("long", 60),
	} {
		t.Run(name, func(t *testing.T) {
			w.Within(t)
			dir := w.b.Allowed(name, outerToml)
			w.b.Write(dir+"/sub/"+name+"/file", "")
			d := deltaOf(t, w.b, dir)
			w.OK("cd " + Quote(dir))
			checkInside(t, w.before, w.Snapshot(), dir, d)
			w.OK("cd ./sub/" + Quote(name))
			checkInside(t, w.before, w.Snapshot(), dir, d)
			w.OK("cd " + Quote(w.b.Home))
			checkSame(t, "after leaving", w.before, w.Snapshot())
		})
	}
	t.Run("a colon", func(t *testing.T) {
		w.Within(t)
		dir := w.b.Allowed("a:b", "[env]\nA = \"inside\"\n")
		visit(t, w.b, w.Fish, w.before, dir, deltaOf(t, w.b, dir))
	})
}

// TestPrefixIsNotTheProject: a neighbour whose name begins the same.
func TestPrefixIsNotTheProject(t *testing.T) {
	t.Parallel()
	w := newWalker(t)
	dir := w.b.Allowed("a", outerToml)
	w.b.Write(w.b.Dev+"/a-evil/file", "")
	w.b.Write(w.b.Dev+"/axb/file", "")
	w.OK("cd " + dir)
	w.in(dir, deltaOf(t, w.b, dir))
	for _, other := range []string{"a-evil", "axb"} {
		w.OK("cd ../" + other)
		checkSame(t, "in "+other, w.before, w.Snapshot())
	}
	w.home()
}

// TestProjectNoMore: a directory that was a project is part of one around it
// now: what it had is gone, and what is around is there.
func TestProjectNoMore(t *testing.T) {
	t.Parallel()
	w := newWalker(t)
	outer := w.b.Dev + "/m"
	inner := w.b.Allowed("m/in", innerToml)
	w.b.Write(outer+"/repo/go.mod", "")
	w.OK("cd " + inner)
	w.in(inner, deltaOf(t, w.b, inner))
	w.OK("cd " + outer + "/repo") // known by itself
	w.b.Allowed("m", outerToml)
	d := deltaOf(t, w.b, outer)
	w.OK("cd ../in; cd ../repo")
	w.in(outer, d)
	w.OK("cd ../in")
	w.OK("rm devsh.toml")
	w.OK("true")
	w.in(outer, d)
	w.home()
	w.OK("cd " + inner)
	w.in(outer, d)
	w.home()
}

// TestDirectoryGoes: the project is deleted or renamed under the shell.
func TestDirectoryGoes(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"rm -r DIR", "mv DIR DIR2"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w := newWalker(t)
			dir := w.b.Allowed("p", outerToml)
			w.OK("cd " + dir)
			w.in(dir, deltaOf(t, w.b, dir))
			w.OK(strings.ReplaceAll(how, "DIR", dir))
			w.OK("true")
			w.home()
		})
	}
}
