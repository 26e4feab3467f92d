package fishtest

import (
	"strings"
	"testing"
)

// changedSetup makes, or makes again, the state from which each case of
// TestChangedMeanwhile begins.
const changedSetup = `
set -eg B V OTHER; set -eU A UNI OTHER
set -gx PATH $saved
set -g fish_complete_path $saved_complete_path
set -gx A before 'a b'
set -gx U before
set -U UNI universal
set -eg UNI
set -gx LD_LIBRARY_PATH /x /y
set -gx LIST /x:/y
set -eg NEWLIST
functions -e ho other
function hi; echo before; end
true
`

const changedProject = `[env]
A = "inside"
B = "inside b"
UNI = "inside"
unset = ["U", "V"]
[lists.LD_LIBRARY_PATH]
prepend = ["/l1"]
append = ["/l9"]
[lists.LIST]
prepend = ["/l1", "/l2"]
append = ["/l9"]
[lists.NEWLIST]
prepend = ["/n1", "/n2"]
[path]
prepend = ["bin", "/opt/two"]
append = ["/zz"]
[aliases]
hi = "echo inside"
ho = "echo inside"
`

// changes lists what a user does inside, and what of it is left outside: code
// that does the same to a shell which was never inside. "" leaves nothing,
// "=" the change itself.
var changes = []struct{ name, inside, outside string }{
	{"nothing", "true", ""},
	{"set a variable", "set -gx A mine", "="},
	{"set one that was unset", "set -gx B mine", "="},
	{"set it to the same", "set -gx A inside", ""},
	{"set it to an empty string", "set -gx A ''", "="},
	{"set it to an empty list", "set -gx A", "="},
	{"append to it", "set -ga A more", "set -gx A inside more"},
	{"erase it", "set -eg A", "="},
	{"erase one that was unset", "set -eg B", ""},
	{"unexport it", "set -gu A $A", ""},
	{"change and unexport it", "set -gu A mine", "="},
	{"set one that the project unsets", "set -gx U mine", "="},
	{"set it to what it was", "set -gx U before", "="},
	{"set one unexported that the project unsets", "set -g V mine", "="},
	{"set one to empty that the project unsets", "set -gx U ''", "="},
	{"erase one that the project unsets", "set -eg U", ""},
	{"a universal one behind ours", "set -U UNI mine", "="},
	{"a universal one by its name", "set UNI mine", "set -gx UNI mine"},
	{"a new universal one", "set -U OTHER mine", "="},
	{"another variable", "set -gx OTHER mine", "="},

	{"prepend to PATH", "set -gp PATH /mine", "="},
	{"append to PATH", "set -ga PATH /mine", "="},
	{"both", "set -gp PATH /m1 /m2; set -ga PATH /m3", "="},
	{"fish_add_path", "fish_add_path -gP $HOME/dev", "="},
	{"prepend twice what is there", "set -gp PATH /usr/bin /usr/bin", "="},
	{"between ours", "set -gx PATH $PATH[1] /mine $PATH[2..]", "set -gp PATH /mine"},
	{"between ours and the rest", "set -gx PATH $PATH[1..2] /mine $PATH[3..]", "set -gp PATH /mine"},
	{"in the middle", "set -gx PATH $PATH[1..4] /mine $PATH[5..]", "set -gx PATH $PATH[1..2] /mine $PATH[3..]"},
	{"before the appended", "set -gx PATH $PATH[1..-2] /mine $PATH[-1]", "set -ga PATH /mine"},
	{"remove one of ours", "set -eg PATH[2]", ""},
	{"remove all of ours", "set -eg PATH[-1] PATH[1..2]", ""},
	{"remove the appended one", "set -eg PATH[-1]", ""},
	{"remove one of the user's", "set -eg PATH[4]", "set -eg PATH[2]"},
	{"reverse", "set -gx PATH $PATH[-1..1]", "="},
	{"swap ours", "set -gx PATH $PATH[2] $PATH[1] $PATH[3..]", ""},
	{"ours once more in front", "set -gp PATH /opt/two", "="},
	{"ours once more at the end", "set -ga PATH /opt/two", "="},
	{"all of ours once more in front", "set -gp PATH $PATH[1..2]", "set -gp PATH $HOME/dev/changed/bin /opt/two"},
	{"the appended one once more in front", "set -gp PATH /zz", "="},
	{"replace", "set -gx PATH /usr/bin", "="},
	{"empty", "set -gx PATH", "="},
	{"erase", "set -eg PATH", "="},
	{"unexport PATH", "set -gu PATH $PATH", "="},
	{"unexport PATH and prepend", "set -gu PATH /mine $PATH", "="},
	{"change PATH and a variable", "set -gp PATH /mine; set -gx A mine", "="},

	{"prepend to a path list", "set -gp LD_LIBRARY_PATH /mine", "="},
	{"append to a path list", "set -ga LD_LIBRARY_PATH /mine", "="},
	{"remove ours from it", "set -eg LD_LIBRARY_PATH[1]", ""},
	{"remove the user's from it", "set -eg LD_LIBRARY_PATH[2]", "set -eg LD_LIBRARY_PATH[1]"},
	{"replace a path list", "set -gx LD_LIBRARY_PATH /mine", "="},
	{"erase a path list", "set -eg LD_LIBRARY_PATH", "="},
	{"unexport a path list", "set -gu LD_LIBRARY_PATH $LD_LIBRARY_PATH", ""},
	{"prepend to a list", `set -gx LIST "/mine:$LIST"`, "="},
	{"append to a list", `set -gx LIST "$LIST:/mine"`, "="},
	{"replace a list", "set -gx LIST /mine", "="},
	{"erase a list", "set -eg LIST", "="},
	{"prepend to a list that was unset", `set -gx NEWLIST "/mine:$NEWLIST"`, "set -gx NEWLIST /mine"},
	{"erase a list that was unset", "set -eg NEWLIST", ""},

	{"redefine an alias", "function hi; echo mine; end", "="},
	{"redefine a new alias", "function ho; echo mine; end", "="},
	{"erase an alias", "functions -e hi", "="},
	{"erase a new alias", "functions -e ho", ""},
	{"another function", "function other; echo mine; end", "="},
	{"fish_complete_path", "set -gp fish_complete_path /mine", "="},
	{"erase devsh's marks", "set -eg DEVSH_GENERATION DEVSH_PROJECT", ""},
}

// TestChangedMeanwhile: what the user changed inside stays, and nothing else does.
func TestChangedMeanwhile(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Allowed("changed", changedProject)
	f := Start(t, b, Options{})
	f.Source("set -g saved $PATH; set -g saved_complete_path $fish_complete_path\n" + changedSetup)
	for _, tt := range changes {
		t.Run(tt.name, func(t *testing.T) {
			f.Within(t)
			outside := tt.outside
			if outside == "=" {
				outside = tt.inside
			}
			f.Source(outside + "\ntrue")
			want := f.Snapshot()
			f.Source(changedSetup)

			f.OK("cd " + Quote(dir))
			f.Source(tt.inside + "\ntrue")
			f.OK("cd " + Quote(b.Home))
			checkSame(t, "after leaving, against a shell that was never inside", want, f.Snapshot())
			f.Source(changedSetup)
		})
	}
}

// TestChangedAndOnToAnother: the same, when the way out leads through another
// project that touches the same variables.
func TestChangedAndOnToAnother(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Allowed("changed", changedProject)
	other := b.Allowed("other", strings.NewReplacer("inside", "elsewhere", "/l1", "/o1").Replace(changedProject))
	d := deltaOf(t, b, other)
	f := Start(t, b, Options{})
	f.Source("set -g saved $PATH; set -g saved_complete_path $fish_complete_path\n" + changedSetup)
	for _, change := range []struct{ name, code string }{
		{"nothing", "true"},
		{"set", "set -gx A mine; set -gx B mine; set -gx U mine"},
		{"prepend", "set -gp PATH /mine; set -gp LD_LIBRARY_PATH /mine"},
	} {
		t.Run(change.name, func(t *testing.T) {
			f.Within(t)
			f.Source(change.code)
			want := f.Snapshot()
			f.Source(changedSetup)
			f.OK("cd " + Quote(dir))
			f.Source(change.code)
			f.OK("cd " + Quote(other))
			checkInside(t, want, f.Snapshot(), other, d)
			f.OK("cd " + Quote(b.Home))
			checkSame(t, "after leaving", want, f.Snapshot())
			f.Source(changedSetup)
		})
	}
}
