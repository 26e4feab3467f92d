package envrc

import (
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

// nixDirenv is where nix-direnv comes from, which gives direnv what devsh has.
const nixDirenv = "nix-community/nix-direnv"

// commands are bash's and direnv's commands that mean something in a
// devsh.toml, and some of which can be said why not. Each translates its
// arguments, or says why it cannot and changes nothing. Source:
// direnv-stdlib(1), direnv 2.32 to 2.37; nix-direnv's README.
var commands = map[string]func(*translator, []*word) string{
	"export":   (*translator).exportCommand,
	"declare":  (*translator).declareCommand,
	"typeset":  (*translator).declareCommand,
	"unset":    (*translator).unsetCommand,
	"set":      (*translator).setCommand,
	"dotenv":   (*translator).dotenv,
	"PATH_add": func(t *translator, args []*word) string { return t.prepend(env.Path, args) },
	"path_add": (*translator).pathAdd,
	"MANPATH_add": func(t *translator, args []*word) string {
		return t.prepend("MANPATH", args)
	},
	"load_prefix": (*translator).loadPrefix,
	"layout":      (*translator).layout,
	"use":         (*translator).use,
	"source_up":   (*translator).sourceUp,
	"source_url":  (*translator).sourceURL,
	"watch_file":  (*translator).watchFile,
	"watch_dir":   (*translator).watchDir,

	"dotenv_if_exists":      (*translator).dotenv,
	"source_up_if_exists":   (*translator).sourceUp,
	"nix_direnv_watch_file": (*translator).watchFile,

	"true": nothing, ":": nothing, "strict_env": withoutArguments, "unstrict_env": withoutArguments,
	"log_status": nothing, "log_error": nothing, "direnv_version": nothing, "nix_direnv_version": nothing,

	"source": otherFile, ".": otherFile, "source_env": otherFile, "source_env_if_exists": otherFile,
	"eval":              left(runs),
	"cd":                left("what follows is meant for another directory"),
	"alias":             left("direnv does not take aliases over; [aliases] in devsh.toml does"),
	"echo":              left("it prints, and nothing is run; [hooks] enter could"),
	"env_vars_required": left("devsh does not check what the environment has; [hooks] enter could"),
	"[":                 left(conditional), "test": left(conditional), "has": left(conditional), "on_git_branch": left(conditional),
	"PATH_rm": left("a devsh.toml takes no entries away"), "path_rm": left("a devsh.toml takes no entries away"),
	"nix_direnv_manual_reload": left("devsh evaluates anew when what the shell is made from changes"),
}

func nothing(*translator, []*word) string { return "" }

func withoutArguments(_ *translator, args []*word) string {
	if len(args) > 0 {
		return "it runs a command, and nothing is run"
	}
	return ""
}

func left(why string) func(*translator, []*word) string {
	return func(*translator, []*word) string { return why }
}

func otherFile(*translator, []*word) string {
	return "it runs another file; if that only has NAME=value lines, name it in [env] file"
}

// declareCommand translates declare -x.
func (t *translator) declareCommand(args []*word) string {
	if len(args) > 0 {
		if text, ok := args[0].literal(); ok && text == "-x" {
			return t.exportCommand(args[1:])
		}
	}
	return "of declare, only -x is understood"
}

func (t *translator) unsetCommand(args []*word) string {
	if len(args) > 0 {
		if text, ok := args[0].literal(); ok && text == "-v" {
			args = args[1:]
		}
	}
	return each(args, func(w *word) string {
		name, ok := w.literal()
		switch {
		case !ok || !env.IsIdentifier(name):
			return "it does not name a variable"
		case name == pwd:
			return "it belongs to the shell"
		}
		return t.unset(name)
	})
}

func (t *translator) unset(name string) string {
	v := t.vars[name]
	exported := v == nil || v.state != set && v.state != gone || v.exported
	if exported {
		if why := t.accept("[env]\nunset = [" + quote(name) + "]"); why != "" {
			return why
		}
	}
	if why := t.release(name); why != "" {
		return why
	}
	t.vars[name] = &variable{state: gone, exported: exported}
	return ""
}

// setCommand translates set -a and set +a, and passes over the options that
// say what an error does.
func (t *translator) setCommand(args []*word) string {
	export := t.export
	for i := 0; i < len(args); i++ {
		text, ok := args[i].literal()
		switch {
		case !ok || len(text) < 2 || text[0] != '-' && text[0] != '+':
			return "the options are not understood"
		case strings.Trim(text[1:], "aeuxEo") != "":
			return "of the options of set, only a, e, u, x, E and o are understood"
		}
		if strings.Contains(text, "a") {
			export = text[0] == '-'
		}
		if !strings.Contains(text, "o") {
			continue
		}
		if i++; i == len(args) {
			return "it prints, and nothing is run"
		}
		option, _ := args[i].literal()
		switch option {
		case "allexport":
			export = text[0] == '-'
		case "errexit", "nounset", "pipefail", "errtrace", "xtrace":
		default:
			return "the option is not understood"
		}
	}
	t.export = export
	return ""
}

func (t *translator) pathAdd(args []*word) string {
	if len(args) == 0 {
		return "it names no variable"
	}
	name, ok := args[0].literal()
	if !ok || !env.IsIdentifier(name) {
		return "it does not name a variable"
	}
	return t.prepend(name, args[1:])
}

func (t *translator) prepend(name string, args []*word) string {
	entries, why := t.entries(args)
	if why != "" {
		return why
	}
	return t.addTo(name, entries, nil)
}

func (t *translator) sourceUp(args []*word) string {
	if len(args) > 0 {
		return "devsh knows one file name, devsh.toml"
	}
	t.inherit = true
	return ""
}

func (t *translator) sourceURL(args []*word) string {
	if len(args) > 0 {
		if text, ok := args[0].literal(); ok && strings.Contains(text, nixDirenv+"/") {
			return ""
		}
	}
	return "it runs a file of the network"
}
