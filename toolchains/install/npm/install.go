package npm

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// Install installs by «npm ci», which checks every package's integrity.
func (b *Backend) Install(ctx context.Context, tool lockfile.Tool, dir, final string, p install.Progress) (map[string]string, error) {
	doing := fmt.Sprintf("install %s %s from npm", tool.Package, tool.Version)
	n, err := b.about(ctx)
	if err != nil {
		return nil, err
	}
	if !n.fits(tool.Node) {
		return nil, &install.Error{Doing: doing, Reason: fmt.Sprintf("it needs node %s, and this is %s", tool.Node, n.Version), Hint: "use another node, or «devsh tools update " + tool.Name + "»"}
	}
	p.Tell(install.Installing)
	if err := errors.Join(writeProject(dir, tool), writeGraph(dir, tool)); err != nil {
		return nil, err
	}
	args := []string{"ci", "--ignore-scripts", "--prefer-offline", "--omit=dev"}
	static := b.static(tool, n)
	if static != nil {
		args = append(args, "--libc=musl") // else npm leaves out what is for another C library
	}
	if _, err := b.run(ctx, doing, dir, args...); err != nil {
		return nil, err
	}
	if err := b.scripts(ctx, tool, dir, p); err != nil {
		return nil, err
	}
	p.Tell(install.Checking)
	return linker{dir: dir, final: final, node: n, static: static}.link(tool)
}

// scripts runs the install scripts of the packages that are allowed to have some.
func (b *Backend) scripts(ctx context.Context, tool lockfile.Tool, dir string, p install.Progress) error {
	var allowed []string
	for _, name := range tool.Scripts {
		if slices.ContainsFunc(tool.Packages, func(p lockfile.Package) bool {
			return p.Scripts && (p.Path == "node_modules/"+name || strings.HasSuffix(p.Path, "/node_modules/"+name))
		}) {
			allowed = append(allowed, name)
		}
	}
	if len(allowed) == 0 {
		return nil
	}
	p.Tell(install.Scripting)
	_, err := b.run(ctx, fmt.Sprintf("run the install scripts of %s", strings.Join(allowed, ", ")), dir, append([]string{"rebuild", "--ignore-scripts=false"}, allowed...)...)
	return err
}

// manifest is what is needed of an installed package.json.
type manifest struct {
	Bin any `json:"bin"`
	Man any `json:"man"`
}

// linker makes bin/ of an installation in dir that will lie at final.
type linker struct {
	dir, final string
	node       *node
	static     map[string]string
}

// link makes bin/ and the man pages of the installed package.
func (l linker) link(tool lockfile.Tool) (map[string]string, error) {
	dir := l.dir
	pkg := "node_modules/" + tool.Package
	data, err := os.ReadFile(filepath.Join(dir, pkg, projectName))
	if err != nil {
		return nil, fmt.Errorf("look at what was installed: %w", err)
	}
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("look at what was installed: %w", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o700); err != nil {
		return nil, fmt.Errorf("link programs: %w", err)
	}
	for variable, file := range l.static {
		if _, err := os.Stat(l.place(file, dir)); err != nil {
			return nil, &install.Error{Doing: "install the static build of " + tool.Package, Err: err, Reason: variable + ": npm did not install it", Hint: "a newer npm may know --libc"}
		}
	}
	bins := m.bins(tool.Package)
	for _, name := range slices.Sorted(maps.Keys(bins)) {
		bins[name] = path.Join(pkg, bins[name])
		if err := l.bin(name, bins[name]); err != nil {
			return nil, fmt.Errorf("link programs: %w", err)
		}
	}
	return bins, m.linkMan(dir, pkg)
}

// bins are the package's programs: names that are names, files that are in it.
func (m manifest) bins(pkg string) map[string]string {
	out := map[string]string{}
	add := func(name string, file any) {
		f, ok := file.(string)
		f = path.Clean(f)
		if ok && name != "" && name == path.Base(name) && !strings.HasPrefix(name, ".") && filepath.IsLocal(f) {
			out[name] = f
		}
	}
	switch bin := m.Bin.(type) {
	case string:
		add(path.Base(pkg), bin)
	case map[string]any:
		for name, file := range bin {
			add(path.Base(name), file)
		}
	}
	return out
}

// place is where a static build lies, in an installation in dir.
func (l linker) place(file, dir string) string {
	return strings.NewReplacer("{dir}", dir, "{cpu}", l.node.Arch).Replace(file)
}

// bin makes bin/name: a script that starts node by its path, or a link.
func (l linker) bin(name, target string) error {
	at := filepath.Join(l.dir, "bin", name)
	flags, byNode, err := shebang(filepath.Join(l.dir, target))
	if errors.Is(err, os.ErrNotExist) {
		return nil // the store says so, in words
	}
	if err != nil {
		return err
	}
	if !byNode {
		return os.Symlink(filepath.Join("..", target), at)
	}
	set := map[string]string{}
	for variable, file := range l.static {
		set[variable] = l.place(file, l.final)
	}
	return install.WriteLauncher(at, set, slices.Concat([]string{l.node.Path}, flags, []string{filepath.Join(l.final, target)})...)
}

// shebang reports whether node runs a file, and the flags it is given.
func shebang(file string) (flags []string, byNode bool, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	line, _ := bufio.NewReaderSize(f, 512).ReadSlice('\n') // what is longer is no shebang
	text, ok := strings.CutPrefix(strings.TrimRight(string(line), "\r\n"), "#!")
	if !ok {
		ext := path.Ext(file)
		return nil, ext == ".js" || ext == ".cjs" || ext == ".mjs", nil
	}
	words := strings.Fields(text)
	if len(words) > 0 && path.Base(words[0]) == "env" {
		words = words[1:]
		if len(words) > 0 && words[0] == "-S" {
			words = words[1:]
		}
	}
	if len(words) == 0 || path.Base(words[0]) != "node" {
		return nil, false, nil
	}
	return words[1:], true, nil
}

// linkMan links the package's man pages, as share/man/man1/x.1.
func (m manifest) linkMan(dir, pkg string) error {
	var pages []any
	switch man := m.Man.(type) {
	case string:
		pages = []any{man}
	case []any:
		pages = man
	}
	for _, page := range pages {
		file, ok := page.(string)
		section := strings.TrimPrefix(path.Ext(file), ".")
		if file = path.Clean(file); !ok || !filepath.IsLocal(file) || len(section) != 1 || section < "1" || section > "8" {
			continue
		}
		sub := filepath.Join("share/man", "man"+section)
		err := os.MkdirAll(filepath.Join(dir, sub), 0o700)
		if err == nil {
			err = os.Symlink(filepath.Join("../../..", pkg, file), filepath.Join(dir, sub, path.Base(file)))
		}
		if err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("link man pages: %w", err)
		}
	}
	return nil
}
