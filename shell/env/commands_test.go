package env

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestCheckCommand(t *testing.T) {
	for _, name := range []string{"build", "db:up", "a.b", "x-y", "_x", "1", "ls", "history2"} {
		if err := CheckCommand(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"", "cd", "test", "string", "and", "end", "[", ".", "fish_prompt", "__devsh_go", "__x", "devsh", "a b", "-x", "a/b", "é", "a=b", "a\n", strings.Repeat("x", 201)} {
		if CheckCommand(name) == nil {
			t.Errorf("%q may be defined", name)
		}
	}
}

func TestComposeCommands(t *testing.T) {
	script := func(text string) map[string]string { return map[string]string{ScriptID(text): text} }
	function := func(text string) Function { return Function{Bash: "/bin/bash", Script: ScriptID(text)} }
	outer := Delta{
		Aliases:   map[string]Alias{"a": {Text: "outer"}, "b": {Text: "outer"}},
		Functions: map[string]Function{"b2": function("outer"), "c": function("outer"), "d": function("outer")}, Scripts: script("outer"),
	}
	inner := Delta{
		Aliases:   map[string]Alias{"c": {Text: "inner"}},
		Functions: map[string]Function{"b": function("inner"), "d": function("inner")}, Scripts: script("inner"),
	}
	got, err := Compose(outer, inner)
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]Alias{"a": {Text: "outer"}, "c": {Text: "inner"}}; !maps.Equal(got.Aliases, want) {
		t.Errorf("aliases %v, want %v", got.Aliases, want)
	}
	want := map[string]Function{"b": function("inner"), "b2": function("outer"), "d": function("inner")}
	if !maps.Equal(got.Functions, want) || len(got.Scripts) != 2 {
		t.Errorf("functions %v of %v, want %v", got.Functions, got.Scripts, want)
	}
	if got, err := Compose(outer, Delta{Aliases: map[string]Alias{"b2": {}, "c": {}, "d": {}}}); err != nil || len(got.Scripts)+len(got.Functions) != 0 {
		t.Errorf("scripts that nothing names stay: %v, %v", got.Scripts, err)
	}
	if outer.Functions["c"].Script == "" || len(outer.Scripts) != 1 || len(outer.Aliases) != 2 {
		t.Errorf("the layer itself was changed: %v", outer)
	}
}

func TestComposeShellHooks(t *testing.T) {
	hook := func(dir string, vars ...string) Delta { return Delta{ShellHooks: []ShellHook{{Dir: dir, Vars: vars}}} }
	layers := []Delta{
		{Set: map[string]Value{"A": Lit("1")}, Unset: map[string]bool{"B": true}, Lists: map[string]List{"C": {Append: []string{"/c"}}}},
		hook("/o", "A", "B", "C", "D", "E"),
		{Set: map[string]Value{"D": Lit("1")}},
		hook("/i", "E"),
	}
	whole, err := Compose(layers...)
	if err != nil {
		t.Fatal(err)
	}
	want := []ShellHook{{Dir: "/o", Vars: []string{"A", "B", "C"}}, {Dir: "/i", Vars: []string{"E"}}}
	if !reflect.DeepEqual(whole.ShellHooks, want) || len(whole.Set) != 1 || len(whole.Unset)+len(whole.Lists) != 0 {
		t.Errorf("%v, want the hooks %v and D", whole, want)
	}
	if got := whole.Variables(); !slices.Equal(got, []string{"A", "B", "C", "D", "E"}) {
		t.Errorf("variables %q", got)
	}
	left, _ := Compose(layers[0], layers[1], layers[2])
	right, _ := Compose(layers[2], layers[3])
	right, _ = Compose(layers[1], right)
	a, _ := Compose(left, layers[3])
	b, _ := Compose(layers[0], right)
	if !reflect.DeepEqual(a, whole) || !reflect.DeepEqual(b, whole) {
		t.Errorf("composing is not associative:\n%v\n%v\n%v", whole, a, b)
	}
	if got := layers[1].ShellHooks[0].Vars; len(got) != 5 {
		t.Errorf("the layer itself was changed: %q", got)
	}
}

// What a shell hook set in a shell is taken back by a program, too.
func TestLeaveShellHook(t *testing.T) {
	d := Delta{ShellHooks: []ShellHook{{Vars: []string{"NEW", "OVER", "CHANGED", "NOT_RUN"}}}}
	in := Enter(Env{"OVER": "mine", "CHANGED": "mine", "NOT_RUN": "mine"}, d, "g", "p")
	if in["NOT_RUN"] != "mine" {
		t.Errorf("entering alone: %q", in)
	}
	for _, name := range []string{"NEW", "OVER", "CHANGED"} { // as the hook of fish does
		if old, ok := in[name]; ok {
			in[OldPrefix+name] = old
		}
		in[name], in[WasPrefix+name] = "secret", "secret"
	}
	in["CHANGED"] = "since"
	if out, want := Leave(in, d), (Env{"OVER": "mine", "CHANGED": "since", "NOT_RUN": "mine"}); !maps.Equal(out, want) {
		t.Errorf("after %q, want %q", out, want)
	}
}
