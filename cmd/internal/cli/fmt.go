package cli

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/atomicfile"
	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/toolchains/format"
)

type fmtOptions struct {
	check, stdin, noCache, json bool
	path                        string
	limit                       time.Duration
}

func (a *app) fmtCommand() *cobra.Command {
	var o fmtOptions
	cmd := &cobra.Command{
		Use:   "fmt [FILE|DIR…]",
		Short: "Format files, each with the formatter that its project chose",
		Long: `Format the files, and those in the directories that git does not ignore (the working
directory, if none is named): each with the formatter of its project and language, which
«devsh tools ls» shows. Files that are known to be formatted are not looked at again.

A formatter works on copies. What comes out takes the place of a file only if the formatter
did not fail, what it wrote can be read, and nobody has changed the file meanwhile. A project
that is not allowed has no say: formatters that would run its code leave its files alone.

Files that were (or, with --check, would be) changed are printed. The exit code is 1 if there
are any with --check, and if a file could not be formatted.`,
		Example: `  devsh fmt
  devsh fmt --check src
  devsh fmt --stdin --path src/app.ts <src/app.ts`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case o.stdin && (o.path == "" || len(args) > 0 || o.check):
				return usageHint(errors.New("--stdin formats one text"), "it is «devsh fmt --stdin --path FILE», FILE being the name that the text would have")
			case !o.stdin && o.path != "":
				return usageHint(errors.New("--path names what --stdin formats"), "it is «devsh fmt --stdin --path FILE»")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.stdin {
				return a.fmtText(cmd, o)
			}
			return a.fmt(cmd, o, args)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.check, "check", false, "change nothing, and tell what would be changed")
	f.BoolVar(&o.stdin, "stdin", false, "format standard input to standard output")
	f.StringVar(&o.path, "path", "", "the `FILE` that standard input is, or would be")
	f.BoolVar(&o.noCache, "no-cache", false, "look at all files, also those that are known to be formatted")
	f.BoolVar(&o.json, "json", false, "as JSON")
	f.DurationVar(&o.limit, "timeout", 2*time.Minute, "end a formatter that takes so `LONG`")
	return cmd
}

// fmt formats files, repository by repository.
func (a *app) fmt(cmd *cobra.Command, o fmtOptions, args []string) error {
	w, groups, err := a.fmtGroups(args)
	if err != nil {
		return err
	}
	report := newFmtReport(o.check)
	for _, g := range groups {
		if err := a.fmtGroup(cmd, o, w, g, report); err != nil {
			return err
		}
	}
	if o.json {
		err = writeJSON(a.Stdout, report)
	} else {
		a.showFmt(report)
	}
	if err == nil && (len(report.Errors)+len(report.Without) > 0 || o.check && len(report.Changed) > 0) {
		return silent(exitFailed)
	}
	return err
}

// fmtGroup are the arguments that lie in one repository.
type fmtGroup struct {
	dir  string // of the first of them
	top  string
	args []string
}

func (a *app) fmtGroups(args []string) (*world, []*fmtGroup, error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	var groups []*fmtGroup
	var w *world
	for _, arg := range args {
		dir, world, err := a.at(arg)
		if err != nil {
			return nil, nil, err
		}
		w = world
		// Links on the way are resolved, the last one is not: it is left alone.
		parent, err := filepath.EvalSymlinks(filepath.Dir(dir))
		if err != nil {
			return nil, nil, fmt.Errorf("format %s: %w", arg, err)
		}
		dir = filepath.Join(parent, filepath.Base(dir))
		at := parent
		if isDir(dir) {
			at = dir
		}
		top := project.WorkTree(at)
		i := slices.IndexFunc(groups, func(g *fmtGroup) bool { return top != "" && g.top == top })
		if i < 0 {
			groups = append(groups, &fmtGroup{dir: at, top: top})
			i = len(groups) - 1
		}
		groups[i].args = append(groups[i].args, dir)
	}
	return w, groups, nil
}

func (a *app) fmtGroup(cmd *cobra.Command, o fmtOptions, w *world, g *fmtGroup, report *fmtReport) error {
	f, err := a.formattersAt(cmd, w, g.dir)
	if err != nil {
		return err
	}
	files, err := format.List(cmd.Context(), f.top, g.args)
	if err != nil {
		return fmt.Errorf("format: %w", err)
	}
	r := a.fmtRequest(w, f, o)
	r.Files = files
	result, err := format.Run(cmd.Context(), r)
	a.endProgress()
	if f.err != nil || cmd.Context().Err() != nil {
		return cmp.Or(f.err, cmd.Context().Err())
	}
	report.add(f, result)
	return err
}

func (a *app) formattersAt(cmd *cobra.Command, w *world, dir string) (*formatters, error) {
	t, err := a.toolsAt(w, dir)
	if err != nil {
		return nil, err
	}
	return a.newFormatters(cmd, w, t), nil
}

func (a *app) fmtRequest(w *world, f *formatters, o fmtOptions) format.Request {
	cache := filepath.Join(xdg(w.base, "XDG_CACHE_HOME", filepath.Join(w.base["HOME"], ".cache")), "devsh", "fmt")
	sum := sha256.Sum256([]byte(f.top))
	r := format.Request{
		Root: f.top, Choose: f.of, Check: o.check, Write: atomicfile.Write, Limit: o.limit, Now: a.Now,
		Tmp: filepath.Join(cache, "tmp"), Memory: filepath.Join(cache, hex.EncodeToString(sum[:16])),
	}
	if o.noCache {
		r.Memory = ""
	}
	if !o.json && isTerminal(a.Stderr) {
		began := a.Now()
		r.Progress = func(done, all int) {
			if a.Now().Sub(began) > time.Second {
				a.showCount("formatting", done, all)
			}
		}
	}
	return r
}

// fmtText formats standard input.
func (a *app) fmtText(cmd *cobra.Command, o fmtOptions) error {
	file, w, err := a.at(o.path)
	if err != nil {
		return err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		return fmt.Errorf("format %s: %w", o.path, err)
	}
	f, err := a.formattersAt(cmd, w, dir)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(f.top, filepath.Join(dir, filepath.Base(file)))
	if err != nil {
		return err
	}
	text, err := io.ReadAll(a.Stdin)
	if err != nil {
		return fmt.Errorf("read standard input: %w", err)
	}
	r := a.fmtRequest(w, f, o)
	if f.of(rel) == nil {
		if f.err != nil {
			return f.err
		}
		for _, without := range f.without {
			return without.err
		}
		return hinted(fmt.Errorf("%s has no formatter that devsh knows of", o.path), "«devsh tools ls» shows what a project's languages have")
	}
	after, err := format.Text(cmd.Context(), r, rel, text)
	if err != nil {
		return cmp.Or(cmd.Context().Err(), err)
	}
	_, err = a.Stdout.Write(after)
	return err
}
