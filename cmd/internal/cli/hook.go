package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/hooks"
	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/shell/render"
)

func (a *app) hookCommand() *cobra.Command {
	var settingsOnly bool
	cmd := &cobra.Command{
		Use:   "hook fish|bash|zsh",
		Short: "Print the script that a shell loads",
		Long: `Print the script that makes a shell activate projects on cd.

Load it in config.fish, or keep it as a file: it finds its settings by itself. bash (4.4 or
later) and zsh load it at the end of .bashrc or .zshrc. They look at each prompt only, and call
devsh after each cd: «cd p && make» runs make in the environment of before. They get variables,
aliases and functions; completions, [hooks] and hook = "every-entry" are for fish.

In fish it brings devsh_prompt, for a prompt to call: it prints what is the matter (building and how
far, failed, changed, not-allowed), or nothing; $DEVSH_STATE holds the first word.`,
		Example: `  echo 'devsh hook fish | source' >> ~/.config/fish/config.fish
  devsh hook fish > ~/.config/fish/conf.d/devsh.fish
  echo 'eval "$(devsh hook bash)"' >> ~/.bashrc`,
		ValidArgs: []string{"fish", "bash", "zsh"},
		Args:      cobra.MatchAll(atMostOne, knownArgs),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 && !settingsOnly {
				return usage(fmt.Errorf("name the shell: devsh hook fish"))
			}
			// The settings are written for the hook beforehand. Where that
			// fails the script asks again, and it is told then, once.
			err := a.publishSettings()
			if settingsOnly {
				return a.brief(err)
			}
			bin, err := a.binary()
			if err != nil {
				return err
			}
			if a.inStore(bin) {
				fmt.Fprintf(a.Stderr, "devsh: the hook is to call %s, which a garbage collection may remove\n"+
					"hint: install devsh into a profile that is on PATH («nix profile install», home.packages): the hook then calls that one\n", a.tilde(render.Visible(bin)))
			}
			script := map[string]func(string) string{"fish": hooks.Fish, "bash": hooks.Bash, "zsh": hooks.Zsh}[args[0]]
			_, err = fmt.Fprint(a.Stdout, script(bin))
			return err
		},
	}
	cmd.Flags().BoolVar(&settingsOnly, "settings", false, "write only what the hook needs of the settings")
	_ = cmd.Flags().MarkHidden("settings") // it exists: defined above
	return cmd
}

func (a *app) publishSettings() error {
	w, err := a.shellsWorld()
	if err != nil {
		return err
	}
	return w.resolver.PublishSettings(w.settings.File, string(w.settings.Message))
}

// binary is the path by which the hook calls the program: where PATH finds
// this very program, which for one from a Nix profile stays true after an
// upgrade; else where it lies.
func (a *app) binary() (string, error) {
	self, err := a.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	real, err := filepath.EvalSymlinks(self)
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	for _, dir := range filepath.SplitList(a.leave()["PATH"]) {
		candidate := filepath.Join(dir, "devsh")
		if !filepath.IsAbs(candidate) || a.inStore(candidate) {
			continue
		}
		if found, err := filepath.EvalSymlinks(candidate); err == nil && found == real {
			return candidate, nil
		}
	}
	if _, err := os.Stat(self); err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	return self, nil
}

// inStore reports whether a path is of the Nix store itself, and no link to it.
func (a *app) inStore(path string) bool {
	store := a.env["NIX_STORE_DIR"]
	if !filepath.IsAbs(store) {
		store = "/nix/store"
	}
	return project.Within(path, filepath.Clean(store))
}
