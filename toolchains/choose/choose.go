package choose

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/toolchains/catalogue"
	"github.com/hbohlen/devsh/toolchains/detect"
)

// Language is a language of a place, with its tools in the order of the roles.
type Language struct {
	Name  string
	Tools []Tool
}

// Tool is one that was chosen.
type Tool struct {
	Role catalogue.Role
	Name string
	// Because is the reason: "biome.json is there".
	Because string
	// Beside says that it is there in addition to another of the same role.
	Beside bool
	// Asked says that something in the project asks for it: it is no default.
	Asked bool
}

// All chooses for all languages that were detected.
func All(c *catalogue.Catalogue, f *detect.Facts) []Language {
	var out []Language
	for i := range f.Languages {
		l := f.Languages[i]
		out = append(out, Language{l.Name, forLanguage(c, f, c.Language(l.Name), l.Pins)})
	}
	return out
}

// For chooses for one language of the catalogue, whether it was detected or not.
func For(c *catalogue.Catalogue, f *detect.Facts, name string) []Tool {
	l := c.Language(name)
	if l == nil {
		return nil
	}
	var pins []detect.Pin
	for _, found := range f.Languages {
		if found.Name == name {
			pins = found.Pins
		}
	}
	return forLanguage(c, f, l, pins)
}

func forLanguage(c *catalogue.Catalogue, f *detect.Facts, l *catalogue.Language, pins []detect.Pin) []Tool {
	var out []Tool
	for _, role := range catalogue.Roles() {
		choices := c.Choices(l, role)
		name, because := preferred(c, l, role)
		asked := false
		if name == "" {
			name, because = named(c, choices, pins)
			asked = name != ""
		}
		if name == "" {
			name, because, asked = first(f, choices)
		}
		if name != "" {
			out = append(out, Tool{Role: role, Name: name, Because: because, Asked: asked})
		}
		for _, choice := range choices {
			if !choice.Beside || slices.ContainsFunc(out, func(t Tool) bool { return t.Role == role && t.Name == choice.Tool }) {
				continue
			}
			because := holds(f, choice)
			if because == "" && choice.Default {
				because = "by default"
			}
			if because != "" {
				out = append(out, Tool{Role: role, Name: choice.Tool, Because: because, Beside: true})
			}
		}
	}
	return out
}

// preferred is the tool that somebody asked for.
func preferred(c *catalogue.Catalogue, l *catalogue.Language, role catalogue.Role) (name, because string) {
	for _, language := range []string{l.Name, l.Like} {
		if p, ok := c.Prefer[language][role]; ok {
			return p.Tool, fmt.Sprintf("asked for in %s", p.At)
		}
	}
	return "", ""
}

// named is the tool that a pin names, as packageManager does.
func named(c *catalogue.Catalogue, choices []catalogue.Choice, pins []detect.Pin) (name, because string) {
	for _, pin := range pins {
		if !pin.Named {
			continue
		}
		for _, choice := range choices {
			if tool := c.Tools[choice.Tool]; slices.Contains(tool.Bins, pin.Tool) && fits(tool, pin.Version) {
				what := pin.Tool
				if pin.Version != "" {
					what += " " + pin.Version
				}
				return choice.Tool, fmt.Sprintf("%s in %s asks for %s", pin.Key, pin.File, what)
			}
		}
	}
	return "", ""
}

// fits reports whether a tool may come in a version: yarn is another tool from 2 on.
func fits(t *catalogue.Tool, version string) bool {
	for _, s := range t.From {
		if !s.Constraint.Any() && catalogue.Canonical(version) != "" && !s.Constraint.Holds(version) {
			return false
		}
	}
	return true
}

// first is the first choice whose conditions hold, else the default one.
func first(f *detect.Facts, choices []catalogue.Choice) (name, because string, asked bool) {
	for _, choice := range choices {
		if !choice.Beside {
			if because := holds(f, choice); because != "" {
				return choice.Tool, because, true
			}
		}
	}
	for _, choice := range choices {
		if choice.Default && !choice.Beside {
			return choice.Tool, byDefault(f, choice), false
		}
	}
	return "", "", false
}

// holds is the reason why a choice's conditions hold, "" where they do not.
func holds(f *detect.Facts, choice catalogue.Choice) string {
	for _, name := range slices.Sorted(maps.Keys(choice.Packages)) {
		constraint := choice.Packages[name]
		p, ok := f.Packages[name]
		if !ok || !constraint.Holds(p.Version) {
			continue
		}
		return packageText(name, p)
	}
	for _, condition := range choice.Files {
		file, ok := f.Files[condition]
		switch {
		case !ok:
		case condition.Key != "":
			return fmt.Sprintf("%s has %s", file, condition.Key)
		case condition.Text != "":
			return fmt.Sprintf("%s speaks of %s", file, condition.Text)
		default:
			return file + " is there"
		}
	}
	return ""
}

// packageText is a package, its version, and where that was found:
// "typescript 7.0.2 in node_modules".
func packageText(full string, p detect.Package) string {
	_, name, _ := strings.Cut(full, ":")
	if p.Version != "" {
		name += " " + p.Version
	}
	if before, _, ok := strings.Cut(p.From, "node_modules/"); ok {
		return name + " in " + path.Join(before, "node_modules")
	}
	return name + " in " + p.From
}

// byDefault says why the default is taken, where it depends on a version that is
// not known.
func byDefault(f *detect.Facts, choice catalogue.Choice) string {
	for _, name := range slices.Sorted(maps.Keys(choice.Packages)) {
		if p, ok := f.Packages[name]; ok && p.Version == "" {
			return "by default: " + packageText(name, p) + " has no version"
		}
	}
	return "by default"
}
