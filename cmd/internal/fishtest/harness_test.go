package fishtest

import (
	"slices"
	"strings"
	"testing"
)

// TestDiffSeesEveryChange tests the tests: what the suite relies on to find a
// difference finds each kind of it, and nothing where nothing changed.
func TestDiffSeesEveryChange(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.Write("config/fish/functions/mine.fish", "function mine; echo mine; end")
	f := Start(t, b, Options{Watch: []string{"ll"}})
	f.Source(`set -gx LIST a 'b c' ''
set -gx EMPTY
set -gx EMPTYSTRING ''
set -g UNEXPORTED x
set -g --path COLONS a:b
set -gx BYTES \xff\x01\n\\
set -U UNI 1 2
set -Ux UNIX 1
set -U HIDDEN a
set -g HIDDEN b
set -g MANY (seq 150)
abbr -a gco git checkout
function greet; echo hello; end
umask 077; umask 022 # makes variables of its own the first time`)
	before := f.Snapshot()
	if d := Diff(before, f.Snapshot()); len(d) > 0 {
		t.Fatalf("nothing changed, but the snapshots differ:\n%s", strings.Join(d, "\n"))
	}
	for _, tt := range []struct{ change, back, want string }{
		{"set -gx NEW 1", "set -eg NEW", "global NEW: was absent, is exported [\"1\"]"},
		{"set -gx EMPTY ''", "set -gx EMPTY", `global EMPTY: was exported [], is exported [""]`},
		{"set -gx EMPTYSTRING", "set -gx EMPTYSTRING ''", `global EMPTYSTRING: was exported [""], is exported []`},
		{"set -gx LIST 'a b' c ''", "set -gx LIST a 'b c' ''", "global LIST"},
		{"set -gx --path LIST $LIST", "set -gx --unpath LIST $LIST", "global LIST"},
		{"set -gu LIST $LIST", "set -gx LIST $LIST", "environment LIST"},
		{"set -gx UNEXPORTED x", "set -gu UNEXPORTED x", "environment UNEXPORTED: was absent, is \"x\""},
		{"set -g --unpath COLONS $COLONS", "set -g --path COLONS $COLONS", "global COLONS"},
		{`set -gx BYTES \xfe\x01\n\\`, `set -gx BYTES \xff\x01\n\\`, "global BYTES"},
		{`set -gx BYTES \xff\x01\\n\\`, `set -gx BYTES \xff\x01\n\\`, "global BYTES"},
		{"set -U UNI 1", "set -U UNI 1 2", "universal UNI"},
		{"set -Uu UNIX $UNIX", "set -Ux UNIX $UNIX", "universal UNIX"},
		{"set -U HIDDEN x", "set -U HIDDEN a", "hidden universal HIDDEN"},
		{"set -g HIDDEN x", "set -g HIDDEN b", "global HIDDEN"},
		{"set -g MANY[75] x", "set -g MANY[75] 75", "global MANY"},
		{"set -g fish_complete_path $fish_complete_path /x", "set -e fish_complete_path[-1]", "global fish_complete_path"},
		{"set -p PATH /x", "set -e PATH[1]", "environment PATH"},
		{"functions -c greet g2", "functions -e g2", "function g2"},
		{"function greet; echo bye; end", "function greet; echo hello; end", "function greet"},
		{"functions -c mine keep; functions -e mine", "functions -c keep mine; functions -e keep", "function mine"},
		{"functions -c ll keep; alias ll=ls", "functions -e ll; functions -c keep ll; functions -e keep", "function ll"},
		{"abbr -a gst git status", "abbr -e gst", "abbreviations"},
		{"umask 077", "umask 022", "global umask"},
	} {
		f.Source(tt.change)
		d := Diff(before, f.Snapshot())
		if !slices.ContainsFunc(d, func(line string) bool { return strings.HasPrefix(line, tt.want) }) {
			t.Errorf("after %q the differences lack %q:\n%s", tt.change, tt.want, strings.Join(d, "\n"))
		}
		f.Source(tt.back)
		if d := Diff(before, f.Snapshot()); len(d) > 0 {
			t.Errorf("%q and back by %q leaves:\n%s", tt.change, tt.back, strings.Join(d, "\n"))
		}
	}
}

func TestRunReportsOutputAndStatus(t *testing.T) {
	t.Parallel()
	f := Start(t, newBed(t), Options{})
	for _, tt := range []struct {
		line, output string
		status       int
	}{
		{"echo hello", "hello\n", 0},
		{"printf 'no newline'", "no newline", 0},
		{"false", "", 1},
		{"fish -c 'exit 7'", "", 7},
		{"set -gx PATH /nowhere; echo still", "still\n", 0},
		{"echo one; begin; echo two >&2; end", "one\ntwo\n", 0},
	} {
		output, status := f.Run(tt.line)
		if output != tt.output || status != tt.status {
			t.Errorf("%q: got %q, %d; want %q, %d", tt.line, output, status, tt.output, tt.status)
		}
	}
}

func TestRunFollowsIntoOtherShells(t *testing.T) {
	t.Parallel()
	f := Start(t, newBed(t), Options{})
	outer := f.PID()
	f.OK("fish")
	inner := f.PID()
	if inner == outer || f.OK("echo $fish_pid") != inner+"\n" {
		t.Errorf("after starting a fish the shell is %s, was %s", inner, outer)
	}
	f.OK("exec fish")
	if f.PID() != inner {
		t.Errorf("exec fish went from %s to %s", inner, f.PID())
	}
	f.OK("exec fish")
	if _, status := f.Run("exit 3"); f.PID() != outer || status != 3 {
		t.Errorf("after exit the shell is %s with status %d, want %s with 3", f.PID(), status, outer)
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	f := Start(t, newBed(t), Options{})
	var all strings.Builder
	for c := 1; c < 256; c++ {
		all.WriteByte(byte(c))
	}
	for _, s := range []string{"", all.String(), "a\nb", "é", "-n", "$HOME", `\`, "'", "ends with \\"} {
		f.OK("set -g Q " + Quote(s))
		if got := f.Snapshot().Globals["Q"].Elements; !slices.Equal(got, []string{s}) {
			t.Errorf("%q became %q", s, got)
		}
	}
}
