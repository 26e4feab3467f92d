package fishtest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestAliases: they come with the environment, take arguments, and give way to
// what the user had under the name: nothing, a function, one that fish loads
// by itself, one of fish's own.
func TestAliases(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.Write("config/fish/functions/mine.fish", "function mine; echo mine before $argv; end\n")
	b.Write("config/fish/functions/loaded.fish", "function loaded --description 'x'; echo loaded before $argv; end\n")
	dir := b.Allowed("p", `[aliases]
new = "echo new inside"
defined = "echo defined inside"
mine = "echo mine inside"
loaded = "echo loaded inside"
ll = "echo ll inside"
vared = "echo vared inside"
ls = "ls -d"
quoted = "printf '<%s>' 'a  b' \"$HOME\" \\$x"
piped = "echo one | cat"
`)
	f := Start(t, b, Options{Watch: []string{"ll", "vared", "ls"}})
	f.Source("function defined; echo defined before $argv; end\nfunctions -q loaded")
	f.OK("loaded 1; ls") // these make variables of their own the first time
	before := f.Snapshot()
	for round := range 2 {
		f.OK("cd " + dir)
		for _, tt := range []struct{ line, want string }{
			{"new 1 '2  3'", "new inside 1 2  3\n"},
			{"defined x", "defined inside x\n"},
			{"mine x", "mine inside x\n"},
			{"loaded x", "loaded inside x\n"},
			{"ll x", "ll inside x\n"},
			{"vared x", "vared inside x\n"},
			{"ls .", ".\n"},
			{"quoted z", "<a  b><" + b.Home + "><$x><z>"},
			{"fish -c 'functions -q new; echo $status'", "1\n"},
		} {
			if got, _ := f.Run(tt.line); got != tt.want {
				t.Errorf("round %d: %q printed %q, want %q", round, tt.line, got, tt.want)
			}
		}
		f.OK("cd " + b.Home)
		checkSame(t, "after leaving", before, f.Snapshot())
		for _, tt := range []struct{ line, want string }{
			{"mine x", "mine before x\n"}, {"loaded x", "loaded before x\n"}, {"defined x", "defined before x\n"},
		} {
			if got, _ := f.Run(tt.line); got != tt.want {
				t.Errorf("round %d, after leaving: %q printed %q, want %q", round, tt.line, got, tt.want)
			}
		}
		if _, status := f.Run("new"); status != 127 {
			t.Errorf("round %d: an alias is still there after leaving", round)
		}
		if out := f.OK("ll " + b.Dev); !strings.Contains(out, "p") || strings.Contains(out, "inside") {
			t.Errorf("round %d, after leaving: ll printed %q", round, out)
		}
	}
}

// TestHooks: [hooks] enter and leave are run where a person is, on entering,
// on a new generation, on leaving.
func TestHooks(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	log := b.Tmp + "/log"
	text := func(version string) string {
		return "[env]\nV = \"" + version + "\"\n[hooks]\nenter = \"echo enter $V " + version + " $status >>" + log + "\"\nleave = \"echo leave $V " + version + " >>" + log + "\"\n"
	}
	dir := b.Allowed("p", text("1"))
	f := Start(t, b, Options{})
	expect := func(what string, want ...string) {
		t.Helper()
		got, err := os.ReadFile(log)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if w := strings.Join(append(want, ""), "\n"); string(got) != w {
			t.Errorf("%s: the hooks wrote %q, want %q", what, got, w)
		}
		if err := os.WriteFile(log, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(log, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	none := []string(nil)
	before := f.Snapshot()

	f.OK("cd " + dir)
	expect("cd", "enter 1 1 0")
	f.OK("true")
	f.OK("cd .")
	expect("within", none...)
	b.Write(dir+"/devsh.toml", text("2"))
	f.OK("true")
	expect("a change that is not allowed", none...)
	b.Allow(t, dir)
	f.OK("true")
	expect("a new generation", "leave 1 1", "enter 2 2 0")
	f.OK("cd ~")
	expect("leaving", "leave 2 2")
	f.OK("cd " + dir + "; cd ~")
	expect("in and out on one line", "enter 2 2 0", "leave 2 2")
	f.OK("fish -c 'cd " + dir + "; cd ~'")
	f.OK("fish -i -c 'cd " + dir + "; cd ~'")
	expect("-c", none...)
	f.OK("cd " + dir)
	expect("cd again", "enter 2 2 0")
	b.Devsh(t, "deny", dir)
	f.OK("true")
	expect("deny", none...)
	f.OK("cd ~")
	expect("after a deny", none...)
	checkSame(t, "in the end", before, f.Snapshot())
}

// TestStatusSurvives: neither the hook at the prompt nor the one for cd touches
// the status that the user sees, and a failing [hooks] does not either.
func TestStatusSurvives(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Allowed("p", "[env]\nA = \"x\"\n[hooks]\nenter = \"false\"\nleave = \"false\"\n")
	f := Start(t, b, Options{})
	for _, tt := range []struct{ line, want string }{
		{"cd " + dir + "; echo $status $pipestatus", "0 0\n"},
		{"false", ""}, {"echo $status $pipestatus", "1 1\n"},
		{"true | false | true; echo $status $pipestatus", "0 0 1 0\n"},
		{"cd nonexistent 2>/dev/null; echo $status", "1\n"},
		{"cd; echo $status", "0\n"},
		{"cd " + dir + "; and echo yes", "yes\n"},
	} {
		// The first entry after a change prints a line of the hook's own.
		if got, _ := f.Run(tt.line); !strings.HasSuffix(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%q printed %q, want %q", tt.line, got, tt.want)
		}
	}
}

// TestCompletions: those of the project's tools come and go.
func TestCompletions(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Project("p", "[path]\nprepend = [\"~/tools/bin\"]\n[lists.XDG_DATA_DIRS]\nprepend = [\"~/tools/data\"]\n")
	tools := b.Write(b.Home+"/tools/share/fish/vendor_completions.d/atool.fish", "complete -c atool -f -a 'from-tools'\n")
	data := b.Write(b.Home+"/tools/data/fish/vendor_completions.d/btool.fish", "complete -c btool -f -a 'from-data'\n")
	for _, name := range []string{"atool", "btool"} { // what does not exist is not completed
		if err := os.Chmod(b.Write(b.Home+"/tools/bin/"+name, "#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	b.Allow(t, dir)
	f := Start(t, b, Options{})
	before := f.Snapshot()
	for round := range 2 {
		f.OK("cd " + dir)
		path := f.Snapshot().Globals["fish_complete_path"].Elements
		want := append([]string{filepath.Dir(tools), filepath.Dir(data)}, before.Globals["fish_complete_path"].Elements...)
		if !slices.Equal(path, want) {
			t.Errorf("inside fish_complete_path is %q, want %q", path, want)
		}
		for line, want := range map[string]string{"atool ": "from-tools\n", "btool ": "from-data\n"} {
			if got := f.OK("complete -C " + Quote(line)); got != want {
				t.Errorf("round %d: inside %q is completed to %q, want %q", round, line, got, want)
			}
		}
		f.OK("cd " + b.Home)
		checkSame(t, "after leaving", before, f.Snapshot())
		if got := f.OK("complete -C 'atool '"); strings.Contains(got, "from-tools") {
			t.Errorf("after leaving atool is still completed to %q", got)
		}
	}
}
