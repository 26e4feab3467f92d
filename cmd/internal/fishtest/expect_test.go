package fishtest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/manifest"
)

// deltaOf returns what the devsh.toml of a directory changes.
func deltaOf(t testing.TB, b *Bed, dir string) env.Delta {
	t.Helper()
	file := dir + "/devsh.toml"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Parse(file, text)
	if err != nil {
		t.Fatal(err)
	}
	d, err := m.Delta(manifest.Base{Dir: dir, Home: b.Home, EvalSymlinks: filepath.EvalSymlinks}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// compose is [env.Compose] for deltas that have no contradiction.
func compose(t testing.TB, deltas ...env.Delta) env.Delta {
	t.Helper()
	d, err := env.Compose(deltas...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// checkInside compares a snapshot made inside a project with what package env
// says that d makes of the environment before, and with the rest of the state
// before.
func checkInside(t testing.TB, before, inside State, project string, d env.Delta) {
	t.Helper()
	if got := inside.Texts["directory"]; got != project && !strings.HasPrefix(got, project+"/") {
		if got, err := filepath.EvalSymlinks(got); err != nil || got != project && !strings.HasPrefix(got, project+"/") {
			t.Errorf("inside: the directory is %q, which is not in %q", got, project)
		}
	}
	if d.Empty() { // there is nothing to enter
		complain(t, "inside, where nothing is declared", Diff(
			State{Globals: before.Globals, Env: before.Env}, State{Globals: inside.Globals, Env: inside.Env}))
		return
	}
	generation := inside.Env[env.GenerationVar]
	if !filepath.IsAbs(generation) {
		t.Errorf("inside: %s is %q, want an absolute directory", env.GenerationVar, generation)
	}
	want := State{Globals: maps.Clone(before.Globals), Env: env.Enter(seen(before), d, generation, project)}
	for name := range seen(before) {
		old := env.OldPrefix + name
		global, isGlobal := before.Globals[name]
		was, exported := before.Env[name]
		if exported && (!isGlobal || global.Exported) {
			continue
		}
		delete(want.Env, old) // kept, but not exported
		if _, touched := d.Set[name]; touched || d.Lists[name].Prepend != nil || d.Lists[name].Append != nil {
			continue
		}
		delete(want.Env, name)
		if exported { // a universal one, behind a global one that is not
			want.Env[name] = was
		}
	}
	for name := range d.Unset {
		// fish exports an exported universal variable behind any global one but
		// an exported one: empty is the nearest to unset that there is.
		if before.Universals[name].Exported || strings.Contains(before.Hidden[name], "scope, exported") {
			want.Env[name] = ""
		}
	}
	got := State{Globals: maps.Clone(inside.Globals), Env: inside.Env}
	touched := d.Variables()
	for _, name := range touched {
		if v, global := before.Globals[name]; !global || !v.Exported {
			// Nothing need be kept of a universal variable: it shows again
			// when the global one that hides it is gone. And what is kept of one
			// that was not exported is not exported, although programs saw the
			// exported universal one behind it.
			delete(want.Env, env.OldPrefix+name)
		}
	}
	if len(d.CompletionDirs) > 0 {
		touched = append(touched, "fish_complete_path")
	}
	// The shell's own form of what d touches is not compared, nor the marks:
	// the environment above says what they are to programs.
	mine := func(name string, _ Variable) bool {
		return slices.Contains(touched, name) || strings.HasPrefix(name, "DEVSH_")
	}
	maps.DeleteFunc(want.Globals, mine)
	maps.DeleteFunc(got.Globals, mine)
	complain(t, "inside, against what package env computes", Diff(want, got))
}

// seen is the environment as it would be were everything exported: references
// and list variables of devsh.toml are about what the shell sees.
func seen(s State) env.Env {
	e := s.Env.Clone()
	add := func(vars map[string]Variable) {
		for name, v := range vars {
			// A global one that is not exported hides a universal one that is,
			// from the shell alone.
			_, global := s.Globals[name]
			if _, ok := e[name]; !ok || global && !s.Globals[name].Exported {
				separator := " "
				if v.Path {
					separator = ":"
				}
				e[name] = strings.Join(v.Elements, separator)
			}
		}
	}
	add(s.Universals)
	add(s.Globals)
	return e
}

// checkSame reports what b differs from a in.
func checkSame(t testing.TB, what string, a, b State) {
	t.Helper()
	complain(t, what, Diff(a, b))
}

func complain(t testing.TB, what string, differences []string) {
	t.Helper()
	if len(differences) > 0 {
		t.Errorf("%s:\n  %s", what, strings.Join(differences, "\n  "))
	}
}

// visit goes to a project and back home, and checks what it finds there and
// afterwards against before. It returns the state afterwards.
func visit(t testing.TB, b *Bed, f *Fish, before State, dir string, d env.Delta) State {
	t.Helper()
	f.OK("cd " + Quote(dir))
	checkInside(t, before, f.Snapshot(), dir, d)
	f.OK("cd " + Quote(b.Home))
	after := f.Snapshot()
	checkSame(t, "after leaving", before, after)
	return after
}

// toml writes a string in the syntax of devsh.toml, with ${…} left alone.
func toml(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
