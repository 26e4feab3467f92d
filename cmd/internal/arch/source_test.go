package arch

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// How long a file may be, in lines. A file has one subject; a table of test
// cases may be longer than what it tests.
const (
	maxLines     = 300
	maxTestLines = 500
)

func TestPackagesSayWhatTheyAre(t *testing.T) {
	for _, p := range load(t) {
		if p.doc == "" {
			t.Errorf("%s has no package comment: it says what the package owns and what it must not do", p.dir)
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	for _, p := range load(t) {
		for _, f := range p.files {
			limit := maxLines
			if f.test {
				limit = maxTestLines
			}
			if f.lines > limit {
				t.Errorf("%s has %d lines, more than %d: a file has one subject, find the second", f.path, f.lines, limit)
			}
		}
	}
}

// check looks for something that code must not do. What it returns says where
// and what.
type check struct {
	name string
	why  string
	find func(pkg) []string
	// broken is the body of a file in which it must find something, once.
	broken string
	test   bool // it is about tests
}

var checks = []check{
	{
		name: "no init", find: findInit,
		why:    "what runs before main cannot be ordered, configured or tested",
		broken: `func init() {}`,
	},
	{
		name: "no exit below main", find: findExit,
		why:    "who exits skips the cleaning up of all callers; cmd/internal/cli decides exit codes",
		broken: `func f() { os.Exit(1) }`,
	},
	{
		name: "only cli prints", find: findPrint,
		why:    "standard output is for what programs read, and a domain does not know who is there",
		broken: `func f() { fmt.Println("x") }`,
	},
	{
		name: "no package state: a variable that starts empty", find: findEmptyVars,
		why:    "package variables are immutable tables, made where they are declared",
		broken: `var cache map[string]int`,
	},
	{
		name: "no package state: a variable made to be changed", find: findMutableVars,
		why:    "two users in one process would share it",
		broken: `var mu = sync.Mutex{}`,
	},
	{
		name: "no package state: a variable that is assigned", find: findAssigned,
		why:    "two users in one process would share it",
		broken: "var table = map[string]int{}\nfunc f() { table[\"x\"] = 1 }",
	},
	{
		name: "no sleep in tests", find: findSleep, test: true,
		why:    "a test that sleeps is slow on every machine and wrong on a loaded one: wait for what is to happen",
		broken: `func f() { time.Sleep(1) }`,
	},
}

func TestCode(t *testing.T) {
	for _, p := range load(t) {
		for _, c := range checks {
			for _, found := range c.find(p) {
				t.Errorf("%s\n\trule: %s\n\twhy: %s", found, c.name, c.why)
			}
		}
	}
}

// TestChecksFindWhatTheyForbid tests the checks themselves.
func TestChecksFindWhatTheyForbid(t *testing.T) {
	fine := `var names = []string{"a"}
var ErrX = errors.New("x")
func f() { names := names; names = nil; for i := range names { _ = i } }
func (t T) init() { t.names = nil }
func g(names []string) { names[0] = "x" }`
	for _, c := range checks {
		for src, want := range map[string]int{c.broken: 1, fine: 0} {
			name := "shell/x/x.go"
			if c.test {
				name = "shell/x/x_test.go"
			}
			p := pkg{dir: "shell/x", files: []file{parse(t, name, []byte("package x\n"+src), c.test)}}
			if got := c.find(p); len(got) != want {
				t.Errorf("%q finds %d in %q, want %d: %v", c.name, len(got), src, want, got)
			}
		}
	}
}

func findInit(p pkg) (found []string) {
	for _, f := range p.code() {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				found = append(found, f.at(d, "init"))
			}
		}
	}
	return found
}

func findExit(p pkg) []string {
	if p.main {
		return nil
	}
	return p.selectors(p.code(), func(x, sel string) bool {
		return x == "os" && sel == "Exit" || x == "syscall" && sel == "Exit" || x == "log" && (strings.HasPrefix(sel, "Fatal") || strings.HasPrefix(sel, "Panic"))
	})
}

func findPrint(p pkg) []string {
	if p.main || p.dir == "cmd/internal/cli" {
		return nil
	}
	return p.selectors(p.code(), func(x, sel string) bool {
		return x == "fmt" && strings.HasPrefix(sel, "Print") || x == "os" && (sel == "Stdout" || sel == "Stderr") || x == "log"
	})
}

func findSleep(p pkg) []string {
	tests := slices.DeleteFunc(slices.Clone(p.files), func(f file) bool { return !f.test })
	return p.selectors(tests, func(x, sel string) bool { return x == "time" && sel == "Sleep" })
}

// code are the files of a package that are no tests.
func (p pkg) code() []file {
	return slices.DeleteFunc(slices.Clone(p.files), func(f file) bool { return f.test })
}

// selectors finds uses of PACKAGE.NAME.
func (p pkg) selectors(files []file, match func(x, sel string) bool) (found []string) {
	for _, f := range files {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && match(x.Name, s.Sel.Name) {
					found = append(found, f.at(s, x.Name+"."+s.Sel.Name))
				}
			}
			return true
		})
	}
	return found
}

func (f file) at(n ast.Node, what string) string {
	return fmt.Sprintf("%s:%d: %s", f.path, f.fset.Position(n.Pos()).Line, what)
}
