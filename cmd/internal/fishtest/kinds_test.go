package fishtest

import (
	"fmt"
	"strings"
)

// kind is a way in which a variable may exist in fish, by the code that makes
// it so; %s is its name.
type kind struct{ name, code string }

var kinds = []kind{
	{"unset", ""},
	{"plain", "set -gx %s before"},
	{"empty_string", "set -gx %s ''"},
	{"empty_list", "set -gx %s"},
	{"list", "set -gx %s a 'b c' ''"},
	{"list_ending_empty", "set -gx %s '' a '' ''"},
	{"unexported", "set -g %s before"},
	{"unexported_empty", "set -g %s ''"},
	{"unexported_empty_list", "set -g %s"},
	{"unexported_list", "set -g %s a 'b c' ''"},
	{"path", "set -gx --path %s /a:/b '/c d' ''"},
	{"path_empty", "set -gx --path %s"},
	{"path_empty_string", "set -gx --path %s ''"},
	{"path_unexported", "set -g --path %s /a /b"},
	{"unpath", "set -gx --unpath %s /a /b"}, // of interest where the name ends in PATH
	{"universal", "set -U %s u 'v w'"},
	{"universal_empty", "set -U %s"},
	{"universal_exported", "set -Ux %s u 'v w'"},
	{"universal_path", "set -Ux --path %s /u /v"},
	{"universal_and_global", "set -U %[1]s u; set -g %[1]s g"},
	{"universal_and_exported", "set -Ux %[1]s u; set -gx %[1]s g h"},
	{"multiline", `set -gx %s one\ntwo\n`},
	{"newlines", `set -gx %s \n\n`},
	{"blanks", `set -gx %s ' a  b '\t`},
	{"colons", "set -gx %s ::a::"},
	{"dash", "set -gx %s -n --"},
	{"glob", `set -gx %s '*' '?' '[a]' '{a,b}' '$HOME' '~' '\\' '\''`},
	{"non_ascii", "set -gx %s é 日本 \\xff\\xc3"},
	{"every_byte", "set -gx %s " + everyByte()},
	{"same_as_set", "set -gx %s inside"},
	{"same_as_set_unexported", "set -g %s inside"},
	{"long", "set -gx %s (string repeat -n 20000 long)"},
	{"many", "set -gx %s (seq 300)"},
}

func everyByte() string {
	var b strings.Builder
	for c := 1; c < 256; c++ {
		fmt.Fprintf(&b, `\X%02x`, c)
	}
	return b.String()
}

// names returns the variables that a kind is tried with: names that end in
// PATH are list variables to fish by themselves.
func (k kind) names() []string { return []string{"K_" + k.name, "K_" + k.name + "_PATH"} }

// setup is the code that makes the variable name of this kind.
func (k kind) setup(name string) string {
	if k.code == "" {
		return ""
	}
	return fmt.Sprintf(k.code, name)
}

// action is what a devsh.toml does to a variable: a line for [env], or one for
// a table of its own. %s is the variable's name.
type action struct {
	name      string
	env, list string
	unset     bool
}

var actions = []action{
	{name: "set", env: `%s = "inside"`},
	{name: "set_empty", env: `%s = ""`},
	{name: "set_hard", env: `%s = " a\n\u0001\\ 'b' \"c\" $HOME é*?[a](b) "`},
	{name: "unset", unset: true},
	{name: "prepend", list: `prepend = ["/p1", "/p2"]`},
	{name: "append", list: `append = ["/z1"]`},
	{name: "both", list: "prepend = [\"/p 1\"]\nappend = [\"/z'1\", \"/z2\"]"},
	{name: "itself", env: `%[1]s = "<${%[1]s}>"`},
	{name: "itself_alone", env: `%[1]s = "${%[1]s}"`},
	{name: "other", env: `%s = "${HOME}/x:${NOT_SET_ANYWHERE}"`},
}

// manifestText writes a devsh.toml that does one action each to variables.
func manifestText(variables []string, does func(name string) action) string {
	var env, unset, lists strings.Builder
	for _, name := range variables {
		a := does(name)
		switch {
		case a.unset:
			fmt.Fprintf(&unset, "%q, ", name)
		case a.env != "":
			fmt.Fprintf(&env, a.env+"\n", name)
		default:
			fmt.Fprintf(&lists, "[lists.%s]\n%s\n", name, a.list)
		}
	}
	head := "[env]\n"
	if unset.Len() > 0 {
		head += "unset = [" + unset.String() + "]\n"
	}
	return head + env.String() + lists.String()
}
