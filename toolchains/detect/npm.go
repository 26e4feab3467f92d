package detect

import (
	"encoding/json"
	"path"
	"regexp"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/hbohlen/devsh/toolchains/catalogue"
)

// npmVersion is the version of a package that a package.json declares: what is
// installed, else locked, else wanted.
func (d *detector) npmVersion(name, manifest string) Package {
	for _, dir := range levels(path.Dir(manifest)) {
		file := path.Join(dir, "node_modules", name, "package.json")
		if !d.files.regular(file) {
			continue
		}
		if v, _ := d.files.lookup(file, "version"); catalogue.Canonical(text(v)) != "" {
			return Package{text(v), file}
		}
	}
	wanted, _ := d.npmRange(manifest, name)
	lowest := lowestOf(wanted)
	for _, dir := range levels(path.Dir(manifest)) {
		for _, lock := range []string{"package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock"} {
			file := path.Join(dir, lock)
			if !d.files.regular(file) {
				continue
			}
			if version := best(d.locked(file, name), lowest); version != "" {
				return Package{version, file}
			}
		}
	}
	return Package{lowest, manifest}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// locked lists the versions of a package in a lock file.
func (d *detector) locked(file, name string) []string {
	data := d.files.readLimited(file, maxLock)
	switch base := path.Base(file); {
	case data == nil:
		return nil
	case strings.HasSuffix(base, ".json"):
		return d.npmLocked(file, data, name)
	case base == "yarn.lock":
		return yarnLocked(string(data), name)
	}
	// pnpm and bun name what they locked as name@version.
	var out []string
	for _, m := range regexp.MustCompile(`(?m)(?:^|[\s"'])/?`+regexp.QuoteMeta(name)+`@(\d[0-9A-Za-z.+-]*)`).FindAllSubmatch(data, 256) {
		out = append(out, string(m[1]))
	}
	return out
}

// npmLocked reads package-lock.json, of version 1 as well.
func (d *detector) npmLocked(file string, data []byte, name string) []string {
	type locked struct{ Version string }
	var lock struct{ Packages, Dependencies map[string]json.RawMessage }
	if err := json.Unmarshal(data, &lock); err != nil {
		d.files.problem(file, "no JSON: %s", cut(err.Error()))
		return nil
	}
	var out []string
	for _, raw := range []json.RawMessage{lock.Packages["node_modules/"+name], lock.Dependencies[name]} {
		var l locked
		if len(raw) > 0 && json.Unmarshal(raw, &l) == nil {
			out = append(out, l.Version)
		}
	}
	return out
}

// yarnLocked reads yarn.lock of all versions: a line that begins with the
// package, and below it the version.
func yarnLocked(data, name string) []string {
	var out []string
	within := false
	for line := range strings.Lines(data) {
		line = strings.TrimRight(line, "\r\n")
		if line != "" && line[0] != ' ' {
			within = strings.HasPrefix(strings.TrimPrefix(line, `"`), name+"@")
			continue
		}
		field, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if within && strings.TrimSuffix(field, ":") == "version" && len(out) < 256 {
			out = append(out, strings.Trim(value, `"`))
		}
	}
	return out
}

// best is the version that is most likely the project's own: the newest of the
// major version that it wants, else the newest.
func best(versions []string, lowest string) string {
	newest, fitting := "", ""
	for _, v := range versions {
		c := catalogue.Canonical(v)
		if c == "" {
			continue
		}
		if newest == "" || semver.Compare(c, catalogue.Canonical(newest)) > 0 {
			newest = v
		}
		if semver.Major(c) == semver.Major(catalogue.Canonical(lowest)) && (fitting == "" || semver.Compare(c, catalogue.Canonical(fitting)) > 0) {
			fitting = v
		}
	}
	if fitting != "" {
		return fitting
	}
	return newest
}

var numbers = regexp.MustCompile(`\d+(\.\d+)*(-[0-9A-Za-z.-]+)?`)

// lowestOf is the lowest version of a range, of several alternatives that of the
// highest: "^5.4.0" and ">=5.4 <7" are 5.4.0. "" where a range says none: "latest",
// "*", "workspace:*".
func lowestOf(wanted string) string {
	if i := strings.LastIndexByte(wanted, '@'); i > 0 && strings.HasPrefix(wanted, "npm:") {
		wanted = wanted[i+1:] // an alias
	}
	if strings.Contains(wanted, "/") || strings.HasPrefix(wanted, "file:") || len(wanted) > 200 {
		return "" // from elsewhere
	}
	highest := ""
	for alternative := range strings.SplitSeq(wanted, "||") {
		alternative = strings.TrimSpace(alternative)
		v := numbers.FindString(alternative)
		if strings.HasPrefix(alternative, "<") || catalogue.Canonical(v) == "" {
			continue
		}
		if highest == "" || semver.Compare(catalogue.Canonical(v), catalogue.Canonical(highest)) > 0 {
			highest = v
		}
	}
	return highest
}
