package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/atomicfile"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/toolchains/prefix"
	"github.com/hbohlen/devsh/toolchains/prefix/plan"
)

// prefixOptions are those of `devsh tools prefix`.
type prefixOptions struct{ json, write, remove, force bool }

func (a *app) toolsPrefix() *cobra.Command {
	var o prefixOptions
	cmd := &cobra.Command{
		Use:   "prefix [DIR] [--json]",
		Short: "Show where your own global installs go, and why",
		Long: `Show for npm, pnpm, yarn, bun, go, cargo, uv and pipx where «npm i -g», «go install» and
their like put programs, which setting decides that, which do not and why, and what is wrong.

What you said yourself stays: a variable, a line in ~/.npmrc. So does a manager's own place that is
in your home and on your PATH. Where neither is, devsh has a place of its own, under
~/.local/share/devsh/prefix; for what node runs, one for each ABI of node, in which each program
names the node that it was installed with.

With «[tools] prefixes = true» in config.toml environments have the variables for that. Programs started from
no shell do not see them: --write-npmrc writes «prefix=» to ~/.npmrc, too. nvm refuses to work with
that line; --remove-npmrc takes it out.

Exit code 1 says that there are problems.`,
		Example: `  devsh tools prefix
  devsh tools prefix --json | jq -r '.managers[] | "\(.name) \(.prefix)"'`,
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.write && o.remove {
				return usageHint(errors.New("--write-npmrc and --remove-npmrc are opposites"), "name one")
			}
			if o.force && !o.write && !o.remove {
				return usageHint(errors.New("--force is for --write-npmrc and --remove-npmrc"), "name one")
			}
			dir, w, err := a.at(first(args))
			if err != nil {
				return err
			}
			p := a.prefixes(w, dir)
			if o.write || o.remove {
				return a.editNPMRC(cmd.Context(), p, o)
			}
			err = a.surveyPrefixes(cmd.Context(), p, o)
			if !w.settings.Prefixes && !o.json {
				fmt.Fprintln(a.Stderr, "hint: environments have them with «[tools] prefixes = true» in config.toml")
			}
			return err
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.json, "json", false, "as JSON")
	f.BoolVar(&o.write, "write-npmrc", false, "write npm's prefix to ~/.npmrc, for programs that are started from no shell")
	f.BoolVar(&o.remove, "remove-npmrc", false, "take the prefix out of ~/.npmrc")
	f.BoolVar(&o.force, "force", false, "with these, also where ~/.npmrc has a prefix that is not devsh's")
	cmd.ValidArgsFunction = directories
	return cmd
}

// prefixes are the user's, as seen from a directory and this shell.
func (a *app) prefixes(w *world, dir string) *prefix.Prefixes {
	home := w.base["HOME"]
	return &prefix.Prefixes{
		Environ: w.base, Path: a.env["PATH"], Project: npmProject(dir, home), Fresh: true,
		Memory: filepath.Join(xdg(w.base, "XDG_CACHE_HOME", filepath.Join(home, ".cache")), "devsh", "prefix"),
		Read:   inputs.ReadOwn, Write: atomicfile.Write,
	}
}

// npmProject is the directory whose .npmrc npm would read in dir: the nearest one
// with a package.json or node_modules.
func npmProject(dir, home string) string {
	for d := dir; ; d = filepath.Dir(d) {
		for _, sign := range []string{"package.json", "node_modules"} {
			if _, err := os.Lstat(filepath.Join(d, sign)); err == nil {
				return d
			}
		}
		if d == filepath.Dir(d) || !project.Within(d, home) {
			return dir
		}
	}
}

// surveyPrefixes shows where everything goes.
func (a *app) surveyPrefixes(ctx context.Context, p *prefix.Prefixes, o prefixOptions) error {
	list, f, err := p.Survey(ctx)
	if err != nil {
		return err
	}
	report := newPrefixReport(list, f)
	if o.json {
		err = writeJSON(a.Stdout, report)
	} else {
		a.showPrefixes(report)
	}
	if err == nil && report.Problems > 0 {
		return silent(exitFailed)
	}
	return err
}

// editNPMRC writes the prefix to the user's npmrc, or takes it out.
func (a *app) editNPMRC(ctx context.Context, p *prefix.Prefixes, o prefixOptions) error {
	change, done, not := p.WriteNPMRC, "wrote the prefix to", "had it already"
	if o.remove {
		change = func(_ context.Context, force bool) (prefix.Edit, error) { return p.RemoveNPMRC(force) }
		done, not = "took the prefix out of", "has none"
	}
	e, err := change(ctx, o.force)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return hinted(err, "your home, and ~/.local/share in it, must be yours and writable")
	}
	if err != nil {
		return err
	}
	if o.json {
		return writeJSON(a.Stdout, map[string]any{"file": e.File, "prefix": e.Prefix, "changed": e.Changed})
	}
	if e.Changed {
		fmt.Fprintf(a.Stderr, "devsh: %s %s\n", done, a.tilde(e.File))
	} else {
		fmt.Fprintf(a.Stderr, "devsh: %s %s\n", a.tilde(e.File), not)
	}
	if !o.remove && e.NVM {
		fmt.Fprintln(a.Stderr, "devsh: nvm is here, and refuses to work as long as the line is there")
	}
	if !o.remove && e.Changed {
		fmt.Fprintln(a.Stderr, "hint: «devsh tools prefix --remove-npmrc» takes it out again")
	}
	return nil
}

// prefixHint says what to type next about errors of prefixes.
func prefixHint(err error) string {
	if e, ok := errors.AsType[*plan.OtherPrefix](err); ok {
		return fmt.Sprintf("if %s is no longer wanted, add --force", e.Value)
	}
	if _, ok := errors.AsType[*prefix.Linked](err); ok {
		return "what made the file can have the line instead: with home-manager, home.file.\".npmrc\".text"
	}
	if _, ok := errors.AsType[*prefix.Unsafe](err); ok {
		return "move it away, and devsh makes a directory of its own"
	}
	if errors.Is(err, prefix.ErrNoNode) {
		return "install Node.js, by your system or nixpkgs (nodejs)"
	}
	return ""
}
