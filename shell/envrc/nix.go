package envrc

import (
	"path"
	"strings"
)

// usesLeft says what to do instead of a use that a devsh.toml has nothing for.
var usesLeft = map[string]string{
	"node":   "devsh does not look for versions of Node; a flake.nix can name one",
	"asdf":   "devsh does not call asdf",
	"mise":   "devsh does not call mise",
	"devenv": "devsh does not call devenv; it takes the dev shell of a flake.nix",
	"guix":   "devsh does not call guix",
}

func (t *translator) use(args []*word) string {
	if len(args) == 0 {
		return "it does not say what to use"
	}
	what, ok := args[0].literal()
	switch {
	case !ok:
		return "what is used, only running tells"
	case t.parser.functions["use_"+what]:
		return "use_" + what + " is a function of this file"
	case what == "flake":
		t.nixSeen = true
		return t.useFlake(args[1:])
	case what == "nix":
		t.nixSeen = true
		return t.useNix(args[1:])
	case what == "node" || what == "nodenv":
		return usesLeft["node"]
	case usesLeft[what] != "":
		return usesLeft[what]
	}
	return "a devsh.toml has nothing for it"
}

func (t *translator) useFlake(args []*word) string {
	choice := "auto"
	for i, w := range args {
		text, why := t.flakeRef(w)
		switch {
		case why != "":
			return why
		case strings.HasPrefix(text, "-"):
			return "devsh evaluates a flake without options, and purely; what the options are for belongs into the flake or nix.conf"
		case i > 0:
			return "it names several flakes"
		}
		dir, attr, _ := strings.Cut(text, "#")
		switch {
		case path.Clean(dir) != ".":
			return "the flake is not the project's own; in the project's flake.nix it can be an input"
		case attr != "":
			choice = ".#" + attr
		}
	}
	return t.chooseNix(choice)
}

// flakeRef returns a reference to a flake; $PWD#attribute is the project's.
func (t *translator) flakeRef(w *word) (string, string) {
	v, why := t.argument(w)
	if why == "" && len(v) == 2 && v[0].Ref == pwd && strings.HasPrefix(v[1].Text, "#") {
		return "." + v[1].Text, ""
	}
	return t.place(w)
}

func (t *translator) useNix(args []*word) string {
	file := "shell.nix"
	if len(args) == 0 && !t.exists(file) && t.exists("default.nix") {
		file = "default.nix"
	}
	for i, w := range args {
		text, why := t.relative(w)
		switch {
		case why != "":
			return why
		case strings.HasPrefix(text, "-"):
			return "devsh evaluates a Nix file without options; what they are for belongs into a shell.nix"
		case i > 0:
			return "it names several files"
		case path.IsAbs(text):
			return "the file is not in the project"
		}
		file = path.Clean(text)
	}
	return t.chooseNix("./" + file)
}

func (t *translator) chooseNix(choice string) string {
	if t.nix != "" && t.nix != choice {
		return "a devsh.toml has one Nix shell, and this is a second"
	}
	if why := t.accept("[shell]\nnix = " + quote(choice)); why != "" {
		return why
	}
	t.nix = choice
	return ""
}
