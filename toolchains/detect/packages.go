package detect

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// manifests are the files that declare dependencies, by ecosystem.
var manifests = map[string][]string{"npm": {"package.json"}, "pypi": {"pyproject.toml", "requirements.txt", "requirements-dev.txt"}, "go": {"go.mod"}}

// dependencies finds those of the wanted packages that the place depends on.
func (d *detector) dependencies(wanted []string, into map[string]Package) {
	for _, full := range wanted {
		file := d.declares(full)
		if file == "" {
			continue
		}
		ecosystem, name, _ := strings.Cut(full, ":")
		p := Package{From: file}
		switch ecosystem {
		case "npm":
			p = d.npmVersion(name, file)
		case "go":
			p.Version = d.goToolVersion(file, name)
		}
		into[full] = p
	}
}

// declares is the nearest file that declares a package, "" where there is none.
func (d *detector) declares(full string) string {
	ecosystem, name, _ := strings.Cut(full, ":")
	for _, dir := range d.levels {
		for _, manifest := range manifests[ecosystem] {
			file := path.Join(dir, manifest)
			if !d.files.regular(file) {
				continue
			}
			if found := d.declaredIn(file, ecosystem, name); found {
				return file
			}
		}
	}
	return ""
}

func (d *detector) declaredIn(file, ecosystem, name string) bool {
	switch ecosystem {
	case "npm":
		_, ok := d.npmRange(file, name)
		return ok
	case "go":
		return d.goTool(file, name)
	}
	if strings.HasSuffix(file, ".txt") {
		return slices.ContainsFunc(strings.Split(string(d.files.read(file)), "\n"), func(line string) bool { return requirement(line) == name })
	}
	return d.pyproject(file, name)
}

// npmRange is what a package.json wants of a package.
func (d *detector) npmRange(file, name string) (string, bool) {
	for _, group := range []string{"dependencies", "devDependencies", "optionalDependencies", "peerDependencies"} {
		v, _ := d.files.lookup(file, group)
		table, _ := v.(map[string]any)
		if wanted, ok := table[name].(string); ok {
			return wanted, true
		}
	}
	return "", false
}

// goTool reports whether a go.mod names a package as a tool, or requires the
// module that it is.
func (d *detector) goTool(file, name string) bool {
	mod := d.goMod(file)
	if mod == nil {
		return false
	}
	for _, tool := range mod.Tool {
		if tool.Path == name {
			return true
		}
	}
	return slices.ContainsFunc(mod.Require, func(r *modfile.Require) bool { return !r.Indirect && r.Mod.Path == name })
}

// goToolVersion is the version of the module that a package is of.
func (d *detector) goToolVersion(file, name string) string {
	version, longest := "", 0
	mod := d.goMod(file)
	if mod == nil {
		return ""
	}
	for _, r := range mod.Require {
		if p := r.Mod.Path; (p == name || strings.HasPrefix(name, p+"/")) && len(p) > longest {
			version, longest = strings.TrimPrefix(r.Mod.Version, "v"), len(p)
		}
	}
	return version
}

// pyproject reports whether a pyproject.toml lists a package, wherever tools
// look for that.
func (d *detector) pyproject(file, name string) bool {
	for _, key := range []string{"project.dependencies", "tool.uv.dev-dependencies"} {
		v, _ := d.files.lookup(file, key)
		if lists(v, name) {
			return true
		}
	}
	for _, key := range []string{"project.optional-dependencies", "dependency-groups", "tool.pdm.dev-dependencies"} {
		v, _ := d.files.lookup(file, key)
		groups, _ := v.(map[string]any)
		for _, list := range groups {
			if lists(list, name) {
				return true
			}
		}
	}
	return d.poetry(file, name)
}

func (d *detector) poetry(file, name string) bool {
	v, _ := d.files.lookup(file, "tool.poetry.group")
	groups, _ := v.(map[string]any)
	tables := []any{}
	for _, key := range []string{"tool.poetry.dependencies", "tool.poetry.dev-dependencies"} {
		v, _ := d.files.lookup(file, key)
		tables = append(tables, v)
	}
	for _, group := range groups {
		if g, ok := group.(map[string]any); ok {
			tables = append(tables, g["dependencies"])
		}
	}
	return slices.ContainsFunc(tables, func(v any) bool {
		table, _ := v.(map[string]any)
		_, ok := table[name]
		return ok
	})
}

// lists reports whether an array of requirements names a package.
func lists(v any, name string) bool {
	list, _ := v.([]any)
	return slices.ContainsFunc(list, func(v any) bool {
		line, ok := v.(string)
		return ok && requirement(line) == name
	})
}

// requirements begin with the name of a package.
var requirements = regexp.MustCompile(`^\s*([A-Za-z0-9][A-Za-z0-9._-]*)`)

// requirement is the package that a line such as "ruff[x]>=0.4 # c" names.
func requirement(line string) string {
	m := requirements.FindStringSubmatch(line)
	if m == nil {
		return ""
	}
	return strings.ReplaceAll(strings.ToLower(m[1]), "_", "-")
}
