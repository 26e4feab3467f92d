package env

import (
	"fmt"
	"strings"
)

// Names of the variables in which devsh itself records what is active. They
// are exported while an environment is active and gone when it is left.
const (
	// GenerationVar holds the directory of the active generation.
	GenerationVar = "DEVSH_GENERATION"
	// ProjectVar holds the directory of the active project.
	ProjectVar = "DEVSH_PROJECT"
	// OldPrefix and a name make the variable that holds what the name was
	// before entering, where it was exported.
	OldPrefix = "DEVSH_OLD_"
	// WasPrefix and a name make the variable that holds what a value with
	// references came out as on entering, or what a shell hook made of it, so
	// that leaving recognises it.
	WasPrefix = "DEVSH_WAS_"
)

// IsMark reports whether the variable is one in which devsh records what is
// active.
func IsMark(name string) bool {
	return name == GenerationVar || name == ProjectVar || strings.HasPrefix(name, OldPrefix) || strings.HasPrefix(name, WasPrefix)
}

// IsIdentifier reports whether name can name a variable in fish, bash and zsh alike.
func IsIdentifier(name string) bool {
	if name == "" || len(name) > 255 {
		return false
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
		case '0' <= c && c <= '9' && i > 0:
		default:
			return false
		}
	}
	return true
}

// readOnly lists the variables that fish refuses to set or gives a meaning of
// its own (fish 3.6 and 4.0, by trial).
var readOnly = map[string]bool{
	"PWD": true, "status": true, "pipestatus": true, "status_generation": true,
	"history": true, "version": true, "FISH_VERSION": true, "hostname": true,
	"fish_pid": true, "_": true, "SHLVL": true, "fish_kill_signal": true,
	"fish_killring": true, "umask": true, "argv": true, "OLDPWD": true,
	"CMD_DURATION": true, "COLUMNS": true, "LINES": true, "dirprev": true,
	"dirnext": true, "last_pid": true, "EUID": true, "fish_read_limit": true,
}

// InEnvironment reports whether a variable of that name can come from the
// environment. Of the others fish makes something up: the history, for one,
// which no program should be handed.
func InEnvironment(name string) bool {
	return !readOnly[name] || name == "PWD" || name == "OLDPWD" || name == "SHLVL"
}

// direnvState is where direnv keeps what it has made active. The hook stands
// aside for it, and direnv would undo what was never done.
var direnvState = map[string]bool{
	"DIRENV_DIR": true, "DIRENV_FILE": true, "DIRENV_DIFF": true, "DIRENV_WATCHES": true,
}

// CheckName says why a project may not set or unset the variable, or nil.
func CheckName(name string) error {
	switch {
	case !IsIdentifier(name):
		return fmt.Errorf("%q is not a variable name: letters, digits and _, not beginning with a digit", name)
	case readOnly[name]:
		return fmt.Errorf("%s belongs to the shell and cannot be set", name)
	case name == "HOME" || name == "XDG_STATE_HOME" || name == "XDG_CONFIG_HOME":
		return fmt.Errorf("%s says where devsh and the shell find the user's own files; a project cannot change it", name)
	case strings.HasPrefix(name, "DEVSH_"):
		return fmt.Errorf("%s: names that begin with DEVSH_ are devsh's own; a project cannot set them", name)
	case direnvState[name]:
		return fmt.Errorf("%s says what direnv has made active; a project cannot set it", name)
	case strings.HasPrefix(name, "__devsh_"), strings.HasPrefix(name, "fish_"), strings.HasPrefix(name, "__fish_"):
		return fmt.Errorf("%s: a project cannot change how fish or devsh work", name)
	}
	return nil
}

// defaultOf returns what an unset list variable stands for, so that adding to it
// does not take the standard places away. ok is false where unset means empty.
// Sources: the XDG base directory specification; manpath(1) and info(1), where
// an empty element stands for the system's own search list.
func defaultOf(list string) (value string, ok bool) {
	switch list {
	case "XDG_DATA_DIRS":
		return "/usr/local/share:/usr/share", true
	case "XDG_CONFIG_DIRS":
		return "/etc/xdg", true
	case "MANPATH", "INFOPATH":
		return "", true
	}
	return "", false
}
