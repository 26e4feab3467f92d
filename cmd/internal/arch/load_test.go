package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// pkg is a package of this module.
type pkg struct {
	dir     string // relative to the module: shell/env
	main    bool
	doc     string
	imports []string // of its programs, not its tests; ours by their dir
	files   []file
}

// file is a Go file of a package.
type file struct {
	path  string // relative to the module
	test  bool
	lines int
	fset  *token.FileSet
	ast   *ast.File
}

// load asks the go command which packages there are, and reads their files.
func load(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Name,Dir,Doc,Imports,GoFiles,TestGoFiles,XTestGoFiles,Module", "./...")
	cmd.Dir = filepath.Join("..", "..", "..")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var pkgs []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		pkgs = append(pkgs, l.load(t))
	}
	if len(pkgs) < 10 {
		t.Fatalf("go list shows %d packages only", len(pkgs))
	}
	return pkgs
}

// listed is a package as go list shows it.
type listed struct {
	ImportPath, Name, Dir, Doc                  string
	Imports, GoFiles, TestGoFiles, XTestGoFiles []string
	Module                                      struct{ Path string }
}

func (l listed) load(t *testing.T) pkg {
	t.Helper()
	p := pkg{dir: strings.TrimPrefix(l.ImportPath, l.Module.Path+"/"), main: l.Name == "main", doc: l.Doc}
	for _, i := range l.Imports {
		p.imports = append(p.imports, strings.TrimPrefix(i, l.Module.Path+"/"))
	}
	for _, name := range l.GoFiles {
		p.files = append(p.files, readFile(t, l.Dir, p.dir, name, false))
	}
	for _, name := range append(l.TestGoFiles, l.XTestGoFiles...) {
		p.files = append(p.files, readFile(t, l.Dir, p.dir, name, true))
	}
	return p
}

func readFile(t *testing.T, abs, dir, name string, test bool) file {
	t.Helper()
	src, err := os.ReadFile(filepath.Join(abs, name))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, dir+"/"+name, src, test)
}

func parse(t *testing.T, path string, src []byte, test bool) file {
	t.Helper()
	f := file{path: path, test: test, lines: bytes.Count(src, []byte("\n")), fset: token.NewFileSet()}
	var err error
	f.ast, err = parser.ParseFile(f.fset, path, src, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
