package manifest

import (
	"fmt"
	"regexp"
	"strings"
)

var aliasName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+-]*$`)

// fishWords are the builtins and reserved words of fish 3.6 to 4.0 (builtin
// --names, and the keywords of its language), and those of its functions that
// change directory as cd does, or that prompts, keys and config.fish rely on.
var fishWords = words(`
_ abbr and argparse begin bg bind block break breakpoint builtin case cd
command commandline complete contains continue count disown echo else emit end
eval exec exit false fg fish_indent fish_key_reader for function functions
history if in jobs math not or path printf pwd random read realpath return set
set_color source status string switch test time true type ulimit wait while
alias cdh contains_seq dirh dirs down-or-prefix-search down-or-search edit_command_buffer export funced funcsave isatty
nextd nextd-or-forward-word popd prevd prevd-or-backward-word prompt_hostname prompt_login prompt_pwd psub pushd
setenv suspend trap umask up-or-prefix-search up-or-search`)

// checkAliasName says why a project may not define a command of that name, or "".
func checkAliasName(name string) string {
	switch {
	case len(name) > 255 || !aliasName.MatchString(name):
		return fmt.Sprintf("%s cannot name an alias: letters, digits and _ . + -, beginning with a letter, a digit or _", quote(name))
	case fishWords[name]:
		return fmt.Sprintf("%s belongs to fish; a project cannot define it", name)
	case name == "devsh", strings.HasPrefix(name, "fish_"), strings.HasPrefix(name, "__"):
		return fmt.Sprintf("%s: a project cannot change how fish or devsh work", name)
	}
	return ""
}

// words makes a set of the words in a text.
func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(text) {
		set[w] = true
	}
	return set
}
