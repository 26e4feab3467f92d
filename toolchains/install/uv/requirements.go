package uv

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// requirementsName is the file that uv reads what to install from.
const requirementsName = "requirements.txt"

// requirement is one package of a requirements.txt with hashes, in one line.
var requirement = regexp.MustCompile(`^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+)(?:\s*;\s*(.+?))?((?:\s+--hash=\S+)+)$`)

// wish is what a tool is chosen by, for uv: its constraint as Python writes it.
func wish(pkg, want string) string {
	if version, ok := strings.CutPrefix(want, "="); ok {
		want = "==" + version
	}
	return pkg + " " + want + "\n"
}

// read takes over what uv locked.
func read(text string) ([]lockfile.Package, error) {
	var out []lockfile.Package
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\\\n", " "), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		m := requirement.FindStringSubmatch(line)
		if m == nil {
			return nil, fmt.Errorf("uv locked something that has no version or no hash: %.80q", line)
		}
		p := lockfile.Package{Path: lockfile.Normal(m[1]), Version: m[2], Marker: m[3]}
		for _, word := range strings.Fields(m[4]) {
			p.Hashes = append(p.Hashes, strings.TrimPrefix(word, "--hash="))
		}
		slices.Sort(p.Hashes)
		if slices.ContainsFunc(out, func(o lockfile.Package) bool { return o.Path == p.Path }) {
			return nil, fmt.Errorf("it needs several versions of %s, depending on the system, and devsh.lock has one of each", p.Path)
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b lockfile.Package) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// write is the requirements.txt that a tool is installed from.
func write(tool lockfile.Tool) string {
	var b strings.Builder
	for _, p := range tool.Packages {
		fmt.Fprintf(&b, "%s==%s", p.Path, p.Version)
		if p.Marker != "" {
			b.WriteString(" ; " + p.Marker)
		}
		for _, hash := range p.Hashes {
			b.WriteString(" \\\n    --hash=" + hash)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
