package nixenv

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/render"
)

const (
	maxCommands = 500     // functions and aliases of one hook
	maxLibrary  = 1 << 20 // bytes of what defines them
)

// commands takes the functions and aliases that the hook made: aliases that
// mean the same in fish as they are, the rest as commands that bash runs.
func (h *hookResult) commands(s *shellEnv, r rules, secret *secrets, before, after *snapshot) {
	h.Aliases = map[string]raw{}
	var refused []string
	take := func(name, text string) bool {
		err := env.CheckCommand(name)
		if err != nil {
			refused = append(refused, name)
		}
		return err == nil && !secret.has(text)
	}
	for _, name := range slices.Sorted(maps.Keys(after.aliases)) {
		text := after.aliases[name]
		switch {
		case strings.TrimSpace(text) == "" || !take(name, text):
		case sameInFish(name, text, after):
			h.Aliases[name] = raw(text)
		default:
			h.Commands = append(h.Commands, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after.functions)) {
		text := after.functions[name]
		_, isAlias := after.aliases[name] // which bash would take
		// By custom, those that begin with _ are for other functions only.
		if text != before.functions[name] && !isAlias && !strings.HasPrefix(name, "_") && take(name, text) {
			h.Commands = append(h.Commands, name)
		}
	}
	if len(refused) > 0 {
		h.warn("of the shellHook's aliases and functions some are not taken, since fish or devsh needs the names: %s", strings.Join(refused, " "))
	}
	library := library(s, r, secret, before, after)
	if len(h.Aliases)+len(h.Commands) > maxCommands || len(library) > maxLibrary {
		h.warn("the shellHook's aliases and functions are not taken: they are more than %d, or longer than %d KiB", maxCommands, maxLibrary>>10)
		h.Aliases, h.Commands = nil, nil
	}
	if len(h.Commands) > 0 {
		h.Library = raw(library)
	}
}

// library is a program in bash that defines all that the hook's functions and
// aliases may use, as it was when the hook had ended. What programs see comes
// from the environment that it is run in.
func library(s *shellEnv, r rules, secret *secrets, before, after *snapshot) string {
	var b strings.Builder
	b.WriteString("{\n" + s.derivation(r))
	for _, name := range slices.Sorted(maps.Keys(after.shell)) {
		if text := after.shell[name]; !isBashOwn(name) && !secret.has(text) {
			b.WriteString(text)
		}
	}
	b.WriteString("shopt -s extglob\n") // which some function may need to be read
	for _, name := range slices.Sorted(maps.Keys(after.functions)) {
		if text := after.functions[name]; !secret.has(text) {
			// In eval, so that one that does not parse harms no other.
			fmt.Fprintf(&b, "eval %s\n", render.QuoteBash(text))
		}
	}
	b.WriteString("} 2>/dev/null\n")
	for _, option := range after.options {
		if !slices.Contains(before.options, option) {
			fmt.Fprintf(&b, "shopt -qs %s 2>/dev/null || set -o %s\n", option, option)
		}
	}
	// The functions' texts have them expanded already.
	b.WriteString("shopt -s expand_aliases\n")
	for _, name := range slices.Sorted(maps.Keys(after.aliases)) {
		if text := after.aliases[name]; !secret.has(text) {
			fmt.Fprintf(&b, "alias -- %s\n", render.QuoteBash(name+"="+text))
		}
	}
	return b.String()
}

// derivation exports, in bash, the attributes that a person's shell is spared
// and that stdenv's functions work with, such as src and out.
func (s *shellEnv) derivation(r rules) string {
	var b strings.Builder
	outputs := strings.Fields(s.Exported["outputs"])
	for _, name := range slices.Sorted(maps.Keys(s.Exported)) {
		value := s.Exported[name]
		if name != "shellHook" && !isBashOwn(name) && (r.drops([]string{"derivation"}, name, value) || slices.Contains(outputs, name)) {
			fmt.Fprintf(&b, "declare -x %s=%s\n", name, render.QuoteBash(value))
		}
	}
	return b.String()
}

// plainWords are words that mean the same in bash and in fish: no variables,
// globs, escapes, assignments or anything else that either has a sign for.
var plainWords = regexp.MustCompile(`^([A-Za-z0-9_./:@+,-]+)((?: +(?:~/?|(?:~/)?(?:[A-Za-z0-9_./:@+,=-]|'[ -&(-\[\]-~]*'|"[ #%-\[\]-_a-~]*")+))*) *$`)

// bashWords are builtins and reserved words of bash that fish has not, or has
// with another meaning.
const bashWords = ` . : alias bg bind break builtin caller case compgen complete compopt continue coproc
declare disown do done elif else enable esac eval export fc fg fi for function getopts hash help history if in jobs
let local logout mapfile printf read readarray readonly return select set shift shopt source suspend test then time
times trap type typeset ulimit umask unalias unset until wait while `

// sameInFish reports whether an alias of bash is a simple command that fish
// runs in the same way: a program, or what changes the shell itself in the
// same way, such as cd.
func sameInFish(name, text string, s *snapshot) bool {
	m := plainWords.FindStringSubmatch(strings.TrimLeft(text, " "))
	if m == nil {
		return false
	}
	first := m[1]
	_, isFunction := s.functions[first]
	_, isAlias := s.aliases[first]
	both := slices.Contains([]string{"cd", "echo", "pwd", "true", "false", "exit", "exec", "command"}, first)
	return !isFunction && (!isAlias || first == name) &&
		!slices.Contains(strings.Fields(bashWords), first) && (both || !env.IsFishWord(first))
}
