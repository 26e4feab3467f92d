package nixenv

import (
	_ "embed"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/render"
)

//go:embed hook.bash
var hookScript string

// bashOwn are variables that bash keeps itself, or that the hook's scrubbed
// environment decides: they are not defined from the evaluation.
var bashOwn = []string{
	"BASH*", "SHELLOPTS", "EUID", "UID", "PPID", "SHLVL", "PWD", "OLDPWD", "_", "IFS", "LINENO", "RANDOM",
	"SRANDOM", "EPOCH*", "SECONDS", "DIRSTACK", "FUNCNAME", "GROUPS", "HOSTNAME", "HOSTTYPE", "MACHTYPE",
	"OSTYPE", "PIPESTATUS", "HISTCMD", "COMP_*", "OPTIND", "OPTERR", "PS[0-9]", "__devsh_*",
	"HOME", "USER", "LOGNAME", "TERM", "SHELL", "TZ", "TMP", "TMPDIR", "TEMP", "TEMPDIR",
	"NIX_BUILD_TOP", "NIX_ENFORCE_PURITY", "NIX_LOG_FD", "NIX_REMOTE", "shellHook",
}

func isBashOwn(name string) bool {
	return !env.IsIdentifier(name) || slices.ContainsFunc(bashOwn, func(p string) bool {
		ok, _ := path.Match(p, name)
		return ok
	})
}

// script returns the bash program that defines what the evaluation found and
// what more says, runs the shellHook, and reports what there is before and after.
func script(s *shellEnv, more string) string {
	var b strings.Builder
	head, tail, _ := strings.Cut(hookScript, "#definitions\n")
	b.WriteString(head)
	for _, name := range slices.Sorted(maps.Keys(s.Functions)) {
		// In eval, so that one that does not parse harms no other.
		fmt.Fprintf(&b, "eval %s\n", render.QuoteBash(name+" () {"+s.Functions[name]+"\n}"))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Vars)) {
		if !isBashOwn(name) {
			fmt.Fprintf(&b, "%s=%s\n", name, render.QuoteBash(s.Vars[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Arrays)) {
		if !isBashOwn(name) {
			b.WriteString(name + "=(")
			for _, v := range s.Arrays[name] {
				b.WriteString(" " + render.QuoteBash(v))
			}
			b.WriteString(" )\n")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Maps)) {
		if isBashOwn(name) {
			continue
		}
		fmt.Fprintf(&b, "declare -A %s=(", name)
		for _, key := range slices.Sorted(maps.Keys(s.Maps[name])) {
			if key != "" {
				fmt.Fprintf(&b, " [%s]=%s", render.QuoteBash(key), render.QuoteBash(s.Maps[name][key]))
			}
		}
		b.WriteString(" )\n")
	}
	b.WriteString(more)
	fmt.Fprintf(&b, "shellHook=%s\n", render.QuoteBash(s.hook()))
	b.WriteString(tail)
	return b.String()
}

// environment exports, in bash, what programs see in the Nix shell.
func (s *shellEnv) environment(r rules, basePath string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(s.Exported)) {
		value := s.Exported[name]
		if isBashOwn(name) || r.drops(always, name, value) {
			continue
		}
		if slices.Contains(lists, name) {
			entries, _ := entriesOf(value)
			if name == env.Path {
				entries = append(entries, basePath)
			}
			value = strings.Join(entries, ":")
		}
		fmt.Fprintf(&b, "declare -x %s=%s\n", name, render.QuoteBash(value))
	}
	return b.String()
}
