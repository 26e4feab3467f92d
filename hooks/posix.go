package hooks

import (
	_ "embed"
	"fmt"

	"github.com/hbohlen/devsh/shell/render"
)

// The script for bash and zsh: what they read alike, and what is each one's.
var (
	//go:embed shared/hook.sh
	sharedHook string
	//go:embed bash/hook.bash
	bashHook string
	//go:embed zsh/hook.zsh
	zshHook string
)

// abi is the agreement between the scripts and the program, which says so where
// it is of another one: activation.ABI.
const abi = 1

// Bash returns the script that bash loads, for the program at bin; see [Fish].
// The person's aliases must not change what is read: they are off meanwhile.
func Bash(bin string) string {
	return "# Written by «devsh hook bash». Load it at the end of .bashrc: eval \"$(devsh hook bash)\"\n" +
		"\\builtin shopt -q expand_aliases && __devsh_expand=-s || __devsh_expand=-u\n\\builtin shopt -u expand_aliases\n" +
		"if [[ $- == *i* ]] && ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)) && ! builtin declare -F __devsh_prompt >/dev/null; then\n" +
		begin(bin) + sharedHook + bashHook +
		"fi\nbuiltin shopt \"$__devsh_expand\" expand_aliases\n\\builtin unset -v __devsh_expand\n"
}

// Zsh returns the script that zsh loads. What is defined in an emulation keeps
// it: the person's options do not change what it means.
func Zsh(bin string) string {
	return "# Written by «devsh hook zsh». Load it at the end of .zshrc: eval \"$(devsh hook zsh)\"\n" +
		"if [[ -o interactive ]] && (( ! ${+functions[__devsh_prompt]} )); then\n" +
		"emulate zsh -o no_aliases -c " + render.QuoteBash(begin(bin)+sharedHook+zshHook) + "\nfi\n"
}

func begin(bin string) string {
	return fmt.Sprintf("__devsh_bin=%s\n__devsh_abi=%d\n", render.QuoteBash(bin), abi)
}

// Bashrc returns what «bash --rcfile» is given: the person's own configuration,
// and after it the script.
func Bashrc(bin string) string {
	return "[[ ! -r ~/.bashrc ]] || source ~/.bashrc\n" + Bash(bin)
}

// Zshenv returns the .zshenv of a ZDOTDIR that only leads to the person's own:
// from there on zsh reads all by itself. The script waits for the first prompt,
// and so comes after .zshrc. [ZshDirVar] holds the ZDOTDIR of before.
func Zshenv(bin string) string {
	return "if (( ${+" + ZshDirVar + "} )); then\n    export ZDOTDIR=$" + ZshDirVar + "\nelse\n    unset ZDOTDIR\nfi\nunset " + ZshDirVar + "\n" +
		"{\n    [[ ! -r ${ZDOTDIR:-$HOME}/.zshenv ]] || source ${ZDOTDIR:-$HOME}/.zshenv\n} always {\n" + Zsh(bin) + "}\n"
}

// ZshDirVar is how [Zshenv] is told of the person's own ZDOTDIR, if there is one.
const ZshDirVar = "__devsh_zdotdir"
