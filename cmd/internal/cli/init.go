package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/atomicfile"
	"github.com/hbohlen/devsh/shell/envrc"
	"github.com/hbohlen/devsh/shell/envrc/draft"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/manifest"
	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/shell/render"
)

const envrcName = ".envrc"

type initOptions struct {
	fromEnvrc bool
	print     bool
}

func (a *app) initCommand() *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init [DIR] [--from-envrc] [--print]",
		Short: "Write a project's devsh.toml",
		Long: `Write a commented devsh.toml for what is found in the project: package.json, go.mod,
Cargo.toml, pyproject.toml, flake.nix, shell.nix, .env. One that is there is never replaced.

With --from-envrc it is translated from direnv's .envrc, of which nothing is run. What cannot
be translated is listed, with its line and the reason, here and at the end of the file; exit
code 1 says that there is such.`,
		Example: `  devsh init
  devsh init --from-envrc
  devsh init --print ~/dev/api`,
		Args: atMostOne,
		RunE: func(_ *cobra.Command, args []string) error {
			dir, err := a.directory(first(args))
			if err != nil {
				return err
			}
			return a.init(dir, o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.fromEnvrc, "from-envrc", false, "translate the project's .envrc")
	f.BoolVar(&o.print, "print", false, "print the file instead of writing it")
	cmd.ValidArgsFunction = directories
	return cmd
}

// started is a devsh.toml that is not written yet.
type started struct {
	text string
	mode os.FileMode
	made string // what it was made for or from
	left []envrc.Left
}

func (a *app) init(dir string, o initOptions) error {
	if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", dir, project.ErrGone)
	} else if err != nil {
		return hinted(fmt.Errorf("start a project: %w", err), "name the project's directory")
	} else if !info.IsDir() {
		return hinted(fmt.Errorf("%s is not a directory", dir), "name the project's directory")
	}
	path := filepath.Join(dir, manifest.Name)
	if _, err := os.Lstat(path); err == nil && !o.print {
		return alreadyThere(path)
	}
	start := startFromFiles
	if o.fromEnvrc {
		start = startFromEnvrc
	}
	s, err := start(dir)
	if err != nil {
		return err
	}
	if o.print {
		if _, err := fmt.Fprint(a.Stdout, s.text); err != nil {
			return err
		}
		return a.showLeft(s.left)
	}
	if err := writeNew(path, s.text, s.mode); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(a.Stdout, path); err != nil {
		return err
	}
	a.showStart(dir, s, o)
	err = a.showLeft(s.left)
	a.showNext(dir)
	return err
}

func alreadyThere(path string) error {
	return hinted(fmt.Errorf("%s is already there", path), "edit it, or see with «devsh init --print» what would be written")
}

// startFromFiles makes a devsh.toml for what is in a directory.
func startFromFiles(dir string) (started, error) {
	d, found := draft.For(has(dir))
	return started{text: d.String(), mode: 0o644, made: strings.Join(found, ", ")}, nil
}

// startFromEnvrc translates the directory's .envrc. Who may not read that may
// not read the translation.
func startFromEnvrc(dir string) (started, error) {
	path := filepath.Join(dir, envrcName)
	f, data, err := inputs.Read(path)
	switch {
	case err != nil:
		return started{}, hinted(fmt.Errorf("translate %s: %w", envrcName, err), "«devsh init» without --from-envrc makes a devsh.toml for what is found")
	case !f.Exists:
		return started{}, hinted(fmt.Errorf("%s does not exist", path), "«devsh init» without --from-envrc makes a devsh.toml for what is found")
	}
	info, err := os.Stat(path)
	if err != nil {
		return started{}, fmt.Errorf("translate %s: %w", envrcName, err)
	}
	r, err := envrc.Translate(envrcName, data, has(dir))
	if err != nil {
		return started{}, fmt.Errorf("translate %s: %w", path, err)
	}
	return started{text: r.TOML, mode: info.Mode().Perm()&0o666 | 0o600, made: envrcName, left: r.Left}, nil
}

// has reports which regular files are in a directory; .env counts only if it
// is no link, since devsh.toml does not take links.
func has(dir string) func(string) bool {
	return func(name string) bool {
		stat := os.Stat
		if name == ".env" {
			stat = os.Lstat
		}
		info, err := stat(filepath.Join(dir, name))
		return err == nil && info.Mode().IsRegular()
	}
}

// writeNew writes a file that is not there yet. One that appears meanwhile
// stays: a link, unlike a rename, replaces nothing.
func writeNew(path, text string, mode os.FileMode) (err error) {
	dir, err := os.MkdirTemp(filepath.Dir(path), atomicfile.TempPrefix+"*")
	if err != nil {
		return hinted(fmt.Errorf("write %s: %w", path, err), "«devsh init --print» prints it")
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	whole := filepath.Join(dir, manifest.Name)
	if err := atomicfile.Write(whole, []byte(text), mode); err != nil {
		return err
	}
	err = os.Link(whole, path)
	switch {
	case errors.Is(err, fs.ErrExist):
		return alreadyThere(path)
	case err != nil:
		return hinted(fmt.Errorf("write %s: %w", path, err), "«devsh init --print > devsh.toml» does without a link")
	}
	return atomicfile.SyncDir(filepath.Dir(path))
}

// showStart says what was written.
func (a *app) showStart(dir string, s started, o initOptions) {
	switch {
	case o.fromEnvrc:
		fmt.Fprintf(a.Stderr, "devsh: translated %s; direnv goes on loading it until «direnv deny»\n", s.made)
	case s.made != "":
		fmt.Fprintf(a.Stderr, "devsh: found %s\n", s.made)
	default:
		fmt.Fprintln(a.Stderr, "devsh: found nothing to begin with; the file shows what can be written")
	}
	if !o.fromEnvrc && has(dir)(envrcName) {
		fmt.Fprintf(a.Stderr, "devsh: there is an %s of direnv's: «rm devsh.toml && devsh init --from-envrc» translates it\n", envrcName)
	}
}

// showNext says what to do now.
func (a *app) showNext(dir string) {
	if w, err := a.world(); err == nil {
		if _, err := project.Find(dir, w.settings.Roots); errors.Is(err, project.ErrNotGoverned) {
			fmt.Fprintf(a.Stderr, "devsh: %s\nhint: %s\n", a.tilde(render.Visible(err.Error())), hintFor(err))
			return
		}
	}
	next := "devsh allow"
	if wd, err := a.Getwd(); err != nil || wd != dir {
		next += " " + render.Argument(dir, a.leave()["HOME"])
	}
	fmt.Fprintf(a.Stderr, "next: read it, then «%s»\n", render.Visible(next))
}

// showLeft lists what was not translated.
func (a *app) showLeft(left []envrc.Left) error {
	if len(left) == 0 {
		return nil
	}
	fmt.Fprintln(a.Stderr, "devsh: not translated:")
	for _, l := range left {
		first, rest, more := strings.Cut(l.Text, "\n")
		fmt.Fprintf(a.Stderr, "%s:%d: %s\n", envrcName, l.Line, render.Visible(clip(first, 100)))
		if more {
			fmt.Fprintf(a.Stderr, "    … to line %d\n", l.Line+1+strings.Count(rest, "\n"))
		}
		fmt.Fprintf(a.Stderr, "    %s\n", render.Visible(l.Reason))
	}
	return silent(exitFailed)
}
