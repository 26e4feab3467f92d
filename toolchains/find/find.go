package find

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/toolchains/catalogue"
)

// Origin says who brings a tool.
type Origin string

// The origins, in the order in which they count.
const (
	Project Origin = "project"
	Managed Origin = "devsh"
	System  Origin = "system"
)

// Manager knows the tools that devsh itself installed.
type Manager interface {
	// Bin returns where a program of an installed tool is, "" where it is not installed.
	Bin(tool, bin string) string
}

// Finder looks for tools. Paths are absolute.
type Finder struct {
	// Levels are the place and the directories around it up to the repository's
	// top, nearest first. Empty where the project may not be looked at.
	Levels []string
	// ProjectPath is what the project's environment adds to PATH.
	ProjectPath []string
	// Managed may be nil.
	Managed Manager
	// SystemPath is PATH outside of the project. Entries below Closed do not
	// count; it is "" where everything may be looked at.
	SystemPath []string
	Closed     string
	Rustup     Rustup
}

// Program is a file that has the name of a program.
type Program struct {
	Origin Origin
	Path   string
	// Problem is why it cannot run, "" where nothing is known against it; Hint
	// what to type about that, if anything.
	Problem, Hint string
}

// Found is what there is of a program.
type Found struct {
	// Program is the one that counts; the zero one where none can run.
	Program
	// Shadows are those that would be taken without it, Broken those that come
	// before it, or instead of it, and cannot run.
	Shadows, Broken []Program
}

// OK reports whether there is one that can run, as far as can be seen.
func (f Found) OK() bool { return f.Path != "" }

// Find looks for the program of a tool.
func (f *Finder) Find(tool *catalogue.Tool, bin string) Found {
	var found Found
	var seen []os.FileInfo
	for _, p := range f.candidates(tool, bin) {
		info, err := os.Stat(p.Path)
		if err != nil {
			// A link that leads nowhere would be found, and fail.
			if _, err := os.Lstat(p.Path); err == nil && !found.OK() {
				p.Problem = "a link that leads nowhere"
				found.Broken = append(found.Broken, p)
			}
			continue
		}
		if !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
			continue
		}
		if slices.ContainsFunc(seen, func(other os.FileInfo) bool { return os.SameFile(other, info) }) {
			continue // /bin and /usr/bin
		}
		seen = append(seen, info)
		p.Problem, p.Hint = f.problem(p, bin)
		switch {
		case p.Problem != "" && !found.OK():
			found.Broken = append(found.Broken, p)
		case p.Problem != "":
		case !found.OK():
			found.Program = p
		default:
			found.Shadows = append(found.Shadows, p)
		}
	}
	return found
}

// candidates are all paths where the program may be, in order.
func (f *Finder) candidates(tool *catalogue.Tool, bin string) []Program {
	var out []Program
	if !plain(bin) {
		return nil
	}
	add := func(origin Origin, dir string) {
		if filepath.IsAbs(dir) { // else it depends on where one stands
			out = append(out, Program{Origin: origin, Path: filepath.Join(dir, bin)})
		}
	}
	_, npm := tool.From[catalogue.NPM]
	for _, dir := range f.Levels {
		if npm {
			add(Project, filepath.Join(dir, "node_modules/.bin"))
		}
	}
	for _, dir := range f.Levels {
		add(Project, filepath.Join(dir, ".venv/bin"))
	}
	for _, dir := range f.ProjectPath {
		add(Project, dir)
	}
	if f.Managed != nil {
		if path := f.Managed.Bin(tool.Name, bin); path != "" {
			out = append(out, Program{Origin: Managed, Path: path})
		}
	}
	for _, dir := range f.SystemPath {
		if !f.closed(dir) {
			add(System, dir)
		}
	}
	return out
}

// closed reports whether a directory is the project's, which may not be looked at.
func (f *Finder) closed(dir string) bool {
	if f.Closed == "" {
		return false
	}
	if resolved, err := filepath.EvalSymlinks(dir); err == nil {
		dir = resolved
	}
	return within(dir, f.Closed)
}

func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// plain reports whether a name is one of a file, and not a path.
func plain(bin string) bool {
	return bin != "" && bin != "." && bin != ".." && !strings.ContainsAny(bin, "/\x00")
}

// problem is what keeps a program from running.
func (f *Finder) problem(p Program, bin string) (problem, hint string) {
	if f.Rustup.proxy(p.Path, bin) {
		return f.Rustup.missing(bin)
	}
	path := f.SystemPath
	if p.Origin == Project {
		path = slices.Concat(f.ProjectPath, f.SystemPath)
	}
	return cannotRun(p.Path, path), ""
}
