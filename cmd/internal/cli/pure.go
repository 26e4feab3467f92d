package cli

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

// kept are the variables, as patterns, that a pure shell has of its
// surroundings: who and where the person is, how to show something to them,
// and how to reach the network and the Nix store. Beside what «nix-shell
// --pure» keeps there are the places of the user's own files.
var kept = []string{
	"HOME", "USER", "LOGNAME", "SHELL",
	"TERM", "COLORTERM", "TERMINFO", "TERMINFO_DIRS", "NO_COLOR", "DISPLAY", "WAYLAND_DISPLAY",
	"LANG", "LANGUAGE", "LC_*", "LOCALE_ARCHIVE", "TZ", "TZDIR",
	"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR",
	"http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy", "SSL_CERT_FILE", "NIX_SSL_CERT_FILE", "NIX_REMOTE",
	"DEVSH_ROOTS", "DEVSH_MESSAGE", "DEVSH_LAYERS_OFF",
}

// systemPath is where systems have their programs; of these, those that exist
// are the PATH of a pure shell.
var systemPath = []string{
	"/run/wrappers/bin", "/run/current-system/sw/bin", "/nix/var/nix/profiles/default/bin",
	"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
}

// pure is what is left of an environment in a pure shell.
func pure(e env.Env) env.Env {
	out := env.Env{}
	for name, value := range e {
		if slices.ContainsFunc(kept, func(pattern string) bool { ok, _ := path.Match(pattern, name); return ok }) {
			out[name] = value
		}
	}
	var dirs []string
	for _, dir := range systemPath {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			dirs = append(dirs, dir)
		}
	}
	out[env.Path] = strings.Join(dirs, string(filepath.ListSeparator))
	return out
}
