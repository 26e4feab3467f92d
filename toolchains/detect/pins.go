package detect

import (
	"path"
	"regexp"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/hbohlen/devsh/toolchains/catalogue"
	"github.com/hbohlen/devsh/toolchains/document"
)

// versions are what may stand where a version is wanted: "20.1.0", "lts/*",
// ">=3.12,<4", "^20 || ^22", "nightly-2025-01-01", "go1.26".
var versions = form{regexp.MustCompile(`^[A-Za-z0-9^~<>=!*][A-Za-z0-9 ._+*/|,<>=!~^@:-]*$`), 100}

// toolNames are names of tools in files that name them.
var toolNames = form{regexp.MustCompile(`^[a-z][a-z0-9-]*$`), 32}

// pins reads the versions that are pinned, in the catalogue's order, each at the
// level nearest to the place.
func (d *detector) pins(places []catalogue.Pin) []Pin {
	var out []Pin
	for _, p := range places {
		for _, dir := range d.levels {
			file := path.Join(dir, p.At.File)
			if !d.files.regular(file) {
				continue
			}
			if found := d.pinned(file, p); len(found) > 0 {
				out = append(out, found...)
				break
			}
		}
	}
	return out
}

// pinned reads one place. What it says may name more than one tool.
func (d *detector) pinned(file string, p catalogue.Pin) []Pin {
	value := d.pinValue(file, p.At.Key)
	var out []Pin
	add := func(tool, version string, named bool) {
		if version = strings.TrimSpace(version); version == "" && !named {
			return
		}
		if !toolNames.MatchString(tool) || version != "" && !versions.MatchString(version) {
			d.files.problem(file, "%s is no version of a tool: %q", cut(p.At.Key), cut(tool+" "+version))
			return
		}
		out = append(out, Pin{Tool: tool, Version: version, File: file, Key: p.At.Key, Named: named})
	}
	if p.Tool != "" {
		if version, ok := value.(string); ok {
			add(p.Tool, version, false)
		}
		return out
	}
	list, ok := value.([]any)
	if !ok && value != nil {
		list = []any{value}
	}
	for _, v := range list[:min(len(list), 8)] {
		switch v := v.(type) {
		case string: // "pnpm@9.1.0+sha512.0123"
			tool, version, _ := strings.Cut(v, "@")
			version, _, _ = strings.Cut(version, "+")
			add(tool, version, true)
		case map[string]any: // { "name": "node", "version": "22" }
			tool, _ := v["name"].(string)
			version, _ := v["version"].(string)
			add(tool, version, true)
		}
	}
	return out
}

// pinValue is what stands at a place: nil for nothing.
func (d *detector) pinValue(file, key string) any {
	switch name := path.Base(file); {
	case name == ".tool-versions":
		return toolVersion(string(d.files.read(file)), key)
	case name == "go.mod" || name == "go.work":
		return d.goVersion(file, key)
	case key != "":
		v, _ := d.files.lookup(file, key)
		return v
	}
	text := string(d.files.read(file))
	if strings.HasPrefix(strings.TrimSpace(text), "[toolchain]") { // rust-toolchain may be TOML
		if doc, err := document.Parse(file, []byte(text)); err == nil {
			v, _ := document.Lookup(doc.Tree(), "toolchain.channel")
			return v
		}
	}
	return firstLine(text)
}

// firstLine is the first line that is no comment.
func firstLine(text string) string {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}

// toolVersion is the first version of a tool in asdf's file.
func toolVersion(text, tool string) string {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == tool {
			return fields[1]
		}
	}
	return ""
}

// goVersion reads the lines go and toolchain of go.mod and go.work.
func (d *detector) goVersion(file, key string) string {
	var goLine *modfile.Go
	var toolchain *modfile.Toolchain
	if path.Base(file) == "go.work" {
		text := d.files.read(file)
		if text == nil {
			return ""
		}
		work, err := modfile.ParseWork(file, text, nil)
		if err != nil {
			d.files.problem(file, "no go.work: %s", cut(err.Error()))
			return ""
		}
		goLine, toolchain = work.Go, work.Toolchain
	} else if mod := d.goMod(file); mod != nil {
		goLine, toolchain = mod.Go, mod.Toolchain
	}
	switch {
	case key == "go" && goLine != nil:
		return goLine.Version
	case key == "toolchain" && toolchain != nil:
		return toolchain.Name
	}
	return ""
}

// goMod reads a go.mod; nil where it is none.
func (d *detector) goMod(file string) *modfile.File {
	text := d.files.read(file)
	if text == nil {
		return nil
	}
	mod, err := modfile.Parse(file, text, nil)
	if err != nil {
		d.files.problem(file, "no go.mod: %s", cut(err.Error()))
		return nil
	}
	return mod
}

// cut bounds what is told of a file's content.
func cut(text string) string {
	if len(text) > 120 {
		return text[:120] + "…"
	}
	return text
}

// form is a pattern and how long what has it may be. Counting in the pattern
// itself would make it a hundred times as large, and each start of devsh longer.
type form struct {
	pattern *regexp.Regexp
	most    int // bytes
}

// MatchString reports whether a text has the form.
func (f form) MatchString(s string) bool { return len(s) <= f.most && f.pattern.MatchString(s) }
