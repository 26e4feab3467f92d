package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/toolchains/catalogue"
	"github.com/hbohlen/devsh/toolchains/choose"
	"github.com/hbohlen/devsh/toolchains/find"
	"github.com/hbohlen/devsh/toolchains/lsp"
)

// peekLimit is how long a client may take to say what it wants its server for.
const peekLimit = 3 * time.Second

func (a *app) lspCommand() *cobra.Command {
	var o lspOptions
	cmd := &cobra.Command{
		Use:   "lsp LANGUAGE [--server NAME] | lsp --check [LANGUAGE…]",
		Short: "Become a project's language server, or prove that it works",
		Long: `Become the language server of LANGUAGE (or of a file's extension, such as .ts), in the
environment of the project that it is for: one command for editors and agents, whatever the
project. The project is that of the directory that the client names as it begins (rootUri),
else that of the working directory. Which server that is, and why: «devsh tools ls».

A project that is not allowed has no say: servers that would run its code are refused with
exit code 125. 127 says that the server is not there, 126 that it cannot be run.

--check starts each server of the project, shakes hands with it as an editor would, and asks
it for the symbols of a small file that is not the project's.`,
		Example: `  devsh lsp typescript
  devsh lsp python --server ruff
  devsh lsp --check
  # Helix, languages.toml:  [language-server.devsh-go]
  #                         command = "devsh"
  #                         args = ["lsp", "go"]`,
		Args: func(_ *cobra.Command, args []string) error {
			if !o.check && len(args) != 1 {
				return usageHint(errors.New("name one language"), "it is «devsh lsp LANGUAGE»; «devsh lsp --check» looks at all of a project")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.check {
				return a.checkServers(cmd, o, args)
			}
			err := a.lsp(cmd, o, args[0])
			if f, ok := errors.AsType[*failure](err); ok && (f.code == exitUsage || f.code >= exitRefused) || errors.Is(err, context.Canceled) {
				return err
			}
			return refused(err)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.server, "server", "", "the server `NAME` of the language, instead of its first")
	f.StringVar(&o.dir, "dir", "", "for the directory `DIR`, whatever the client says")
	f.BoolVar(&o.check, "check", false, "prove that the servers work, and end")
	f.DurationVar(&o.limit, "timeout", 30*time.Second, "give each server so `LONG` to prove itself (--check)")
	f.BoolVar(&o.json, "json", false, "as JSON (--check)")
	_ = cmd.MarkFlagDirname("dir")
	cmd.ValidArgsFunction = languageNames
	return cmd
}

type lspOptions struct {
	server, dir string
	check, json bool
	limit       time.Duration
}

// languageNames completes names of languages.
func languageNames(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	c, err := catalogue.Builtin()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, l := range c.Languages {
		names = append(names, l.Name+"\t"+l.Title)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// lsp becomes a server.
func (a *app) lsp(cmd *cobra.Command, o lspOptions, name string) error {
	dir, w, err := a.at(o.dir)
	if err != nil {
		return err
	}
	if o.dir == "" {
		dir = a.clientsDirectory(cmd.Context(), dir)
	}
	t, err := a.toolsAt(w, dir)
	if err != nil {
		return err
	}
	l, err := t.languageOf(name)
	if err != nil {
		return err
	}
	e, err := a.toolsEnv(cmd, w, t)
	if err != nil {
		return err
	}
	tool, err := t.server(l, o.server)
	if err != nil {
		return err
	}
	if err := a.mayRun(t, tool); err != nil {
		return err
	}
	use := tool.Uses[catalogue.Server]
	found := t.finder.Find(tool, use.Command[0])
	if !found.OK() {
		return missingTool(tool, found)
	}
	argv := slices.Concat([]string{found.Path}, use.Command[1:])
	return cannotRun(tool.Name, a.Exec(found.Path, argv, e.List()))
}

// clientsDirectory is what the client that starts a server names as its
// directory, else the working directory.
func (a *app) clientsDirectory(ctx context.Context, otherwise string) string {
	in, ok := a.Stdin.(*os.File)
	if !ok {
		return otherwise
	}
	ctx, cancel := context.WithTimeout(ctx, peekLimit)
	defer cancel()
	dir, err := lsp.Peek(ctx, in)
	if err != nil || dir == "" {
		return otherwise // a terminal, say: the server will say what it thinks of that
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return otherwise
	}
	return dir
}

// languageOf finds a language by its name, its title or an extension.
func (t *toolbox) languageOf(name string) (*catalogue.Language, error) {
	var names []string
	for _, l := range t.catalogue.Languages {
		extension := "." + strings.TrimPrefix(strings.ToLower(name), ".")
		if strings.EqualFold(name, l.Name) || strings.EqualFold(name, l.Title) || slices.Contains(l.Extensions, extension) {
			return l, nil
		}
		names = append(names, l.Name)
	}
	return nil, usageHint(fmt.Errorf("devsh knows no language %q", name), "it knows "+strings.Join(names, ", "))
}

// server is the server of a language: the one that is named, else the chosen one.
func (t *toolbox) server(l *catalogue.Language, name string) (*catalogue.Tool, error) {
	var names []string
	for _, c := range choose.For(t.catalogue, t.facts, l.Name) {
		if c.Role == catalogue.Server && (name == "" && !c.Beside || name == c.Name) {
			return t.catalogue.Tools[c.Name], nil
		}
	}
	for _, c := range t.catalogue.Choices(l, catalogue.Server) {
		if c.Tool == name {
			return t.catalogue.Tools[name], nil
		}
		names = append(names, c.Tool)
	}
	if len(names) == 0 {
		return nil, usageHint(fmt.Errorf("devsh knows no language server for %s", l.Title), "catalogue.toml in devsh's configuration directory can name one")
	}
	slices.Sort(names)
	return nil, usageHint(fmt.Errorf("%s has no server %q", l.Title, name), "it has "+strings.Join(slices.Compact(names), ", "))
}

// toolsAt is [app.toolsOf] also for what lies outside of all roots: there a
// project has no say, and the user's own tools serve it as they would without
// devsh.
func (a *app) toolsAt(w *world, dir string) (*toolbox, error) {
	t, err := a.toolsOf(w, dir)
	if !errors.Is(err, project.ErrNotGoverned) {
		return t, err
	}
	t = &toolbox{outside: true}
	if t.at, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, fmt.Errorf("resolve directory: %w", err)
	}
	if t.top = project.WorkTree(t.at); t.top == "" {
		t.top = t.at
	}
	t.project = &project.Project{Dir: t.top, Root: t.top, Kind: project.Root}
	if err := t.choose(w, nil); err != nil {
		return nil, err
	}
	t.finder = t.newFinder(w, nil)
	return t, nil
}

// toolsEnv is the environment that a project's tools run in, which may have to
// be made first; where the project has no say, it is the user's own.
func (a *app) toolsEnv(cmd *cobra.Command, w *world, t *toolbox) (env.Env, error) {
	if !t.open {
		return w.base, nil
	}
	p, err := a.usable(cmd, w, t.at)
	if err != nil {
		return nil, err
	}
	t.finder = t.newFinder(w, p.entry)
	return p.environment(w.base)
}

// mayRun refuses a tool that runs code of a project that has no say.
func (a *app) mayRun(t *toolbox, tool *catalogue.Tool) error {
	if !tool.Project || t.open || t.outside {
		return nil
	}
	err := fmt.Errorf("%s runs code of the project it is used in, and %s is not allowed", tool.Name, t.project.Dir)
	which := a.argument(t.project.Dir)
	hint := fmt.Sprintf("«devsh status%[1]s» shows what it wants, «devsh allow%[1]s» lets it", which)
	if t.trust == "" {
		hint = fmt.Sprintf("«devsh init%[1]s» writes a devsh.toml for it, «devsh allow%[1]s» lets it", which)
	}
	return &failure{err: err, hint: hint, code: exitRefused}
}

// missingTool says that a tool is not there, or what keeps it from running, and
// how to get it.
func missingTool(tool *catalogue.Tool, found find.Found) error {
	f := &failure{err: fmt.Errorf("%s is not installed", tool.Name), code: exitNotFound}
	if len(found.Broken) > 0 {
		p := found.Broken[0]
		f.err, f.hint = fmt.Errorf("%s cannot run: %s", p.Path, p.Problem), p.Hint
	}
	switch {
	case f.hint != "":
	case tool.Unavailable != "":
		f.hint = tool.Unavailable
	default:
		f.hint = "«devsh tools install " + tool.Name + "» installs it"
	}
	return f
}

// languageID is the name that the protocol has for the language of a file.
func languageID(file string) string {
	switch ext := path.Ext(file); ext {
	case ".ts", ".mts", ".cts":
		return "typescript"
	case ".tsx":
		return "typescriptreact"
	case ".js", ".mjs", ".cjs":
		return "javascript"
	case ".jsx":
		return "javascriptreact"
	case ".py", ".pyi":
		return "python"
	case ".rs":
		return "rust"
	default:
		return strings.TrimPrefix(ext, ".")
	}
}
