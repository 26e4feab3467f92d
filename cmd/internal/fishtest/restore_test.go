package fishtest

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
)

// TestEveryKindAndAction: whatever a variable was, and whatever a project does
// to it, inside it is what package env says, and afterwards it is what it was.
// All variables go through it together.
func TestEveryKindAndAction(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	var variables, setup []string
	for _, k := range kinds {
		for _, name := range k.names() {
			variables = append(variables, name)
			setup = append(setup, "set -eg "+name, k.setup(name))
		}
	}
	for _, a := range actions {
		b.Allowed(a.name, manifestText(variables, func(string) action { return a }))
	}
	f := Start(t, b, Options{})
	f.Source(strings.Join(setup, "\n") + "\ntrue")
	before := f.Snapshot()
	for _, a := range actions {
		t.Run(a.name, func(t *testing.T) {
			f.Within(t)
			dir := b.Dev + "/" + a.name
			visit(t, b, f, before, dir, deltaOf(t, b, dir))
		})
		f.Source(strings.Join(setup, "\n") + "\ntrue") // a failure says something about its own case only
	}
}

// TestOneVariable tries each kind and action alone, so that no other variable
// makes the hook take another of its ways. The actions of a kind run as one
// file, and only these variables and the environment are looked at.
func TestOneVariable(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	deltas := map[string]env.Delta{}
	for _, a := range actions {
		for _, name := range []string{"ONE", "ONE_PATH"} {
			dir := b.Allowed(a.name+name, manifestText([]string{name}, func(string) action { return a }))
			deltas[dir] = deltaOf(t, b, dir)
		}
	}
	f := Start(t, b, Options{})
	for _, k := range kinds {
		for _, name := range []string{"ONE", "ONE_PATH"} {
			t.Run(k.name+"/"+name, func(t *testing.T) { oneVariable(t, b, f, k, name, deltas) })
		}
	}
}

func oneVariable(t *testing.T, b *Bed, f *Fish, k kind, name string, deltas map[string]env.Delta) {
	out := filepath.Join(b.Tmp, k.name+name)
	look := func(code *strings.Builder, file string) {
		fmt.Fprintf(code, "/usr/bin/env -0 >%[1]s.env; begin; __fishtest_globals %[2]s; __fishtest_universals %[2]s; end >%[1]s.state\n", file, name)
	}
	read := func(file string, directory string) State {
		s := f.read(file)
		delete(s.Env, "PWD")
		s.Texts["directory"] = directory
		return s
	}
	var code strings.Builder
	again := func() { fmt.Fprintf(&code, "set -eg %s; set -eU %[1]s\n%s\n", name, k.setup(name)) }
	again()
	look(&code, out+"before")
	for _, a := range actions {
		fmt.Fprintf(&code, "cd %s/%s%s\n", b.Dev, a.name, name)
		look(&code, out+a.name)
		fmt.Fprintf(&code, "cd %s\n", b.Home)
		look(&code, out+a.name+"after")
		again()
	}
	fmt.Fprintf(&code, "set -eg %s; set -eU %[1]s; true\n", name)
	f.Source(code.String())
	before := read(out+"before", b.Home)
	for _, a := range actions {
		t.Run(a.name, func(t *testing.T) {
			f.Within(t)
			dir := b.Dev + "/" + a.name + name
			checkInside(t, before, read(out+a.name, dir), dir, deltas[dir])
			checkSame(t, "after leaving", before, read(out+a.name+"after", b.Home))
		})
	}
}

// TestManyVariables: more than the 255 that one `set -q` can count.
func TestManyVariables(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	var toml, setup strings.Builder
	toml.WriteString("[env]\n")
	for i := range 300 {
		fmt.Fprintf(&toml, "MANY_%03d = \"inside %d\"\n", i, i)
		if i%7 == 0 {
			fmt.Fprintf(&setup, "set -gx MANY_%03d before %d\n", i, i)
		}
	}
	dir := b.Allowed("many", toml.String())
	f := Start(t, b, Options{})
	d := deltaOf(t, b, dir)
	visit(t, b, f, f.Snapshot(), dir, d)
	f.Source(setup.String())
	visit(t, b, f, f.Snapshot(), dir, d)
	f.Source("for i in (seq 0 299); set -gx MANY_(string pad -w 3 -c 0 $i) x; end")
	visit(t, b, f, f.Snapshot(), dir, d)
}

// TestPath: PATH in all the states that config files bring about.
func TestPath(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Allowed("p", "[path]\nprepend = [\"bin\", \"/opt/x y\", \"/usr/local/bin\"]\nappend = [\"node_modules/.bin\", \"/zz\"]\n")
	d := deltaOf(t, b, dir)
	f := Start(t, b, Options{})
	f.OK("set -g saved $PATH")
	for _, tt := range []struct{ name, code string }{
		{"plain", ""},
		{"ours in it before", "set -gx PATH $saved /usr/local/bin"},
		{"ours in front before", "set -gx PATH /usr/local/bin $saved"},
		{"ours before, first and last", "set -gx PATH " + dir + "/bin /zz $saved /zz " + dir + "/bin"},
		{"all of ours before", "set -gx PATH " + dir + "/bin '/opt/x y' /usr/local/bin $saved " + dir + "/node_modules/.bin /zz"},
		{"duplicates", "set -gx PATH $saved $saved"},
		{"an empty entry", "set -gx PATH $saved[1] '' $saved[2..]"},
		{"relative", "set -gx PATH . $saved bin"},
		{"odd entries", `set -gx PATH '/a b' '/*' /c\nd /é /\xff $saved`},
		{"sixty", "set -gx PATH /many/(seq 60) $saved"},
		{"only devsh's", "set -gx PATH $saved[1]"},
		{"universal fish_user_paths", "set -U fish_user_paths /u1 /u2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f.Within(t)
			f.Source(tt.code + "\ntrue")
			visit(t, b, f, f.Snapshot(), dir, d)
			f.Source("set -e -U fish_user_paths; set -gx PATH $saved; true")
		})
	}
}
