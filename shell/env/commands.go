package env

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Alias is a command of a place: shell code that is given the arguments of the
// call.
type Alias struct {
	Dir  string // of the place whose it is
	Text string
}

// Function is a command that a bash runs: a function or an alias of bash by
// the delta's name for it.
type Function struct {
	Dir    string // of the place whose it is
	Bash   string // absolute path of the bash
	Script string // of [Delta.Scripts]: what defines it, and what it needs
}

// ShellHook is a program in bash that is run on each entry.
type ShellHook struct {
	Dir    string // where it is run: the project's directory
	Bash   string // absolute path of the bash
	Script string // of [Delta.Scripts]
	// Vars are the variables that are taken over from it. No name is also in
	// Set, Unset or Lists, nor in another hook's.
	Vars []string
}

// ScriptID names a script by its content; it fits a file's name.
func ScriptID(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:10])
}

// HookVars returns the names of the variables that shell hooks give values,
// sorted.
func (d Delta) HookVars() []string {
	var names []string
	for _, h := range d.ShellHooks {
		names = append(names, h.Vars...)
	}
	slices.Sort(names)
	return names
}

// addCommands adds aliases and functions: of one name, the inner one counts.
func (out *Delta) addCommands(d Delta) {
	for name, alias := range d.Aliases {
		delete(out.Functions, name)
		out.Aliases[name] = alias
	}
	for name, f := range d.Functions {
		delete(out.Aliases, name)
		out.Functions[name] = f
	}
	maps.Copy(out.Scripts, d.Scripts)
}

// addShellHooks adds shell hooks: what an inner layer says of a variable counts.
func (out *Delta) addShellHooks(d Delta) {
	inner := d.Variables()
	hooks := make([]ShellHook, len(out.ShellHooks), len(out.ShellHooks)+len(d.ShellHooks))
	for i, h := range out.ShellHooks {
		h.Vars = slices.DeleteFunc(slices.Clone(h.Vars), func(name string) bool { return slices.Contains(inner, name) })
		hooks[i] = h
	}
	out.ShellHooks = append(hooks, d.ShellHooks...)
	for _, name := range d.HookVars() {
		delete(out.Set, name)
		delete(out.Unset, name)
		delete(out.Lists, name)
	}
}

// dropScripts removes the scripts that nothing names any more.
func (out *Delta) dropScripts() {
	used := map[string]bool{}
	for _, f := range out.Functions {
		used[f.Script] = true
	}
	for _, h := range out.ShellHooks {
		used[h.Script] = true
	}
	maps.DeleteFunc(out.Scripts, func(id, _ string) bool { return !used[id] })
}

// fishWords are the builtins and reserved words of fish 3.6 to 4.0 (builtin
// --names, and the keywords of its language), and those of its functions that
// change directory as cd does, or that prompts, keys and config.fish rely on.
const fishWords = ` _ abbr and argparse begin bg bind block break breakpoint builtin case cd
command commandline complete contains continue count disown echo else emit end
eval exec exit false fg fish_indent fish_key_reader for function functions
history if in jobs math not or path printf pwd random read realpath return set
set_color source status string switch test time true type ulimit wait while
alias cdh contains_seq dirh dirs down-or-prefix-search down-or-search edit_command_buffer export funced funcsave isatty
nextd nextd-or-forward-word popd prevd prevd-or-backward-word prompt_hostname prompt_login prompt_pwd psub pushd
setenv suspend trap umask up-or-prefix-search up-or-search `

// IsFishWord reports whether a word is a builtin or reserved word of fish.
func IsFishWord(word string) bool {
	return word != "" && slices.Contains(strings.Fields(fishWords), word)
}

var commandName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.:+-]*$`)

// CheckCommand says why a project may not define a command of that name, or nil.
func CheckCommand(name string) error {
	switch {
	case len(name) > 200 || !commandName.MatchString(name): // with what the hook puts before it, it still names a file
		return fmt.Errorf("%.80q cannot name a command: letters, digits and _ . : + -, beginning with a letter, a digit or _", name)
	case IsFishWord(name):
		return fmt.Errorf("%s belongs to fish; a project cannot define it", name)
	case name == "devsh", strings.HasPrefix(name, "fish_"), strings.HasPrefix(name, "__"):
		return fmt.Errorf("%s: a project cannot change how fish or devsh work", name)
	}
	return nil
}
