package lockfile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/hbohlen/devsh/toolchains/document"
)

// Limits of what is read, beside those of package document.
const (
	maxTools = 500
	maxText  = 2000 // bytes of one value
)

// Parse reads a devsh.lock. Path is used in errors only, which are [*document.Error].
func Parse(path string, data []byte) (Lock, error) {
	d, err := document.Parse(path, data)
	if err != nil {
		return Lock{}, err
	}
	root := d.Root()
	r := reader{}
	if root.Int("version") != 1 {
		return Lock{}, document.Errorf(root.Pos("version"), "this devsh reads version 1 of %s: another devsh wrote this one", Name)
	}
	subs := root.Subs("tool")
	if len(subs) > maxTools {
		return Lock{}, document.Errorf(subs[maxTools].Pos(), "there are more than %d tools", maxTools)
	}
	var l Lock
	seen := map[string]bool{}
	for _, t := range subs {
		tool := r.tool(t)
		if seen[tool.Name] {
			t.Fail("name", "%s is there twice", tool.Name)
		}
		seen[tool.Name] = true
		l.Tools = append(l.Tools, tool)
	}
	root.End()
	if err := d.Err(); err != nil {
		return Lock{}, err
	}
	return l.With(), nil
}

type reader struct{}

// text reads a string that must have a form.
func (reader) text(t *document.Table, key string, form func(string) error) string {
	s := t.Str(key)
	var err error
	switch {
	case len(s) > maxText:
		err = fmt.Errorf("%s is longer than %d bytes", key, maxText)
	case strings.ContainsFunc(s, unicode.IsControl):
		err = fmt.Errorf("%s contains a control character", key)
	case form != nil:
		err = form(s)
	}
	if err != nil {
		t.Fail(key, "%v", err)
		return ""
	}
	return s
}

func (r reader) tool(t *document.Table) Tool {
	tool := Tool{From: r.text(t, "from", nil)}
	tool.Name = r.text(t, "name", CheckName)
	tool.Package = r.text(t, "package", func(s string) error { return CheckPackage(tool.From, s) })
	tool.Want = r.text(t, "want", nil)
	tool.Version = r.text(t, "version", matches(versionForm, "version"))
	if text := r.text(t, "published", nil); text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fail("published", "%q is no time", text)
		}
		tool.Published = at.UTC()
	}
	switch tool.From {
	case NPM:
		r.npm(t, &tool)
	case Go:
		tool.Module = r.text(t, "module", func(s string) error { return CheckPackage(Go, s) })
		if tool.Package != tool.Module && !strings.HasPrefix(tool.Package, tool.Module+"/") {
			t.Fail("module", "%s is not in %s", tool.Package, tool.Module)
		}
		tool.Hash = r.text(t, "hash", matches(sumForm, "sum of a module"))
	case UV:
		r.uv(t, &tool)
	case Cargo:
		tool.Hash = r.text(t, "hash", matches(sha256Form, "SHA-256"))
		tool.Scripts = r.scripts(t, Cargo)
	case Nix:
		tool.Flake = r.text(t, "flake", matches(flakeForm, "reference of a locked flake"))
		tool.Hash = r.text(t, "hash", matches(narForm, "narHash"))
	default:
		return tool // its keys mean nothing here
	}
	t.End()
	return tool
}

// scripts reads the packages that may run code when they are installed.
func (r reader) scripts(t *document.Table, from string) []string {
	list := t.Strs("scripts")
	for _, s := range list {
		if CheckPackage(from, s) != nil {
			t.Fail("scripts", "%q is no name of a package of %s", s, from)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list
}

// npm reads what only tools of npm have.
func (r reader) npm(t *document.Table, tool *Tool) {
	tool.Node = r.text(t, "node", nil)
	tool.Hash = r.text(t, "hash", matches(hashForm, "integrity"))
	tool.Scripts = r.scripts(t, NPM)
	tool.With = strs(t, "with")
	for name := range tool.With {
		if !npmForm.MatchString(name) {
			t.Fail("with", "%q is no name of a package of npm", name)
		}
	}
	tool.Static = strs(t, "static")
	for name, file := range tool.Static {
		if !variableForm.MatchString(name) || !staticForm.MatchString(file) || strings.Contains(file, "..") {
			t.Fail("static", "%q = %q is no program of the installation", name, file)
		}
	}
	packages := t.Sub("packages")
	for _, path := range packages.Keys() {
		if err := checkPath(path); err != nil {
			packages.Fail(path, "%v", err)
		}
		tool.Packages = append(tool.Packages, r.pkg(path, packages.Sub(path)))
	}
	slices.SortFunc(tool.Packages, func(a, b Package) int { return cmp.Compare(a.Path, b.Path) })
	if top := tool.At(tool.Package); top == nil || top.Version != tool.Version || top.Integrity != tool.Hash {
		t.Fail("packages", "%s %s is not among its packages, by the same hash", tool.Package, tool.Version)
	}
	for name := range tool.With {
		if tool.At(name) == nil {
			t.Fail("with", "%s is not among its packages", name)
		}
	}
}

// uv reads what only tools of uv have.
func (r reader) uv(t *document.Table, tool *Tool) {
	packages := t.Sub("packages")
	for _, name := range packages.Keys() {
		if err := CheckPackage(UV, name); err != nil {
			packages.Fail(name, "%v", err)
		}
		p := packages.Sub(name)
		pkg := Package{Path: name, Version: r.text(p, "version", matches(versionForm, "version")), Marker: r.text(p, "marker", checkMarker), Hashes: p.Strs("hashes")}
		for _, hash := range pkg.Hashes {
			if !wheelForm.MatchString(hash) {
				p.Fail("hashes", "%q is no SHA-256", hash)
			}
		}
		if len(pkg.Hashes) == 0 {
			p.Fail("hashes", "nothing proves what %s is", name)
		}
		p.End()
		tool.Packages = append(tool.Packages, pkg)
	}
	slices.SortFunc(tool.Packages, func(a, b Package) int { return cmp.Compare(a.Path, b.Path) })
	if !slices.ContainsFunc(tool.Packages, func(p Package) bool { return p.Path == Normal(tool.Package) && p.Version == tool.Version }) {
		t.Fail("packages", "%s %s is not among its packages", tool.Package, tool.Version)
	}
}

// checkMarker sees that a marker can be nothing but one in a line of a
// requirements.txt.
func checkMarker(s string) error {
	if strings.ContainsAny(s, "#;\\\n@/") || strings.Contains(s, "--") {
		return fmt.Errorf("%q is no marker", s)
	}
	return nil
}

// checkPath sees that a path stays below node_modules.
func checkPath(path string) error {
	for part := range strings.SplitSeq(strings.TrimPrefix(path, "node_modules/"), "/node_modules/") {
		if !pathForm.MatchString("node_modules/" + part) {
			return fmt.Errorf("%q is no path of a package", path)
		}
	}
	if !strings.HasPrefix(path, "node_modules/") {
		return errors.New("the path of a package begins with node_modules/")
	}
	return nil
}

func (r reader) pkg(path string, t *document.Table) Package {
	p := Package{
		Path: path, Name: r.text(t, "name", nil), Version: r.text(t, "version", matches(versionForm, "version")),
		Optional: t.Bool("optional"), Bundled: t.Bool("bundled"), Scripts: t.Bool("scripts"),
		OS: t.Strs("os"), CPU: t.Strs("cpu"), Libc: t.Strs("libc"), OptionalPeers: t.Strs("optional_peers"),
		Bin: strs(t, "bin"), Needs: strs(t, "needs"), OptionalNeeds: strs(t, "optional_needs"), Peers: strs(t, "peers"),
	}
	p.Integrity = r.text(t, "integrity", func(s string) error {
		if s == "" && p.Bundled {
			return nil
		}
		return matches(hashForm, "integrity")(s)
	})
	if p.Name != "" && !npmForm.MatchString(p.Name) {
		t.Fail("name", "%q is no name of a package of npm", p.Name)
	}
	for bin, file := range p.Bin {
		if strings.ContainsAny(bin, "/\\") || bin == "" || strings.HasPrefix(file, "/") || slices.Contains(strings.Split(file, "/"), "..") {
			t.Fail("bin", "%q = %q is no program of the package", bin, file)
		}
	}
	t.End()
	return p
}

// strs is a table of strings, nil where there is none.
func strs(t *document.Table, key string) map[string]string {
	if m := t.Map(key); len(m) > 0 {
		return m
	}
	return nil
}
