package arch

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

func findEmptyVars(p pkg) (found []string) {
	for _, v := range p.vars() {
		if len(v.spec.Values) == 0 && !v.embedded {
			found = append(found, v.file.at(v.spec, v.names()))
		}
	}
	return found
}

func findMutableVars(p pkg) (found []string) {
	for _, v := range p.vars() {
		for _, value := range v.spec.Values {
			if mutable(value) {
				found = append(found, v.file.at(value, v.names()))
			}
		}
	}
	return found
}

// mutable reports whether a value is plainly there to be changed.
func mutable(value ast.Expr) bool {
	switch x := value.(type) {
	case *ast.UnaryExpr:
		return x.Op == token.AND && mutable(x.X)
	case *ast.CompositeLit:
		sel, ok := x.Type.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		from, ok := sel.X.(*ast.Ident)
		return ok && (from.Name == "sync" || from.Name == "atomic")
	case *ast.CallExpr:
		fn, ok := x.Fun.(*ast.Ident)
		return ok && (fn.Name == "make" || fn.Name == "new")
	}
	return false
}

func findAssigned(p pkg) (found []string) {
	names := map[string]bool{}
	for _, v := range p.vars() {
		for _, n := range v.spec.Names {
			names[n.Name] = true
		}
	}
	for _, f := range p.code() {
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			local := locals(fn)
			for _, target := range targets(fn.Body) {
				if id := root(target); id != nil && names[id.Name] && !local[id.Name] {
					found = append(found, f.at(target, id.Name))
				}
			}
		}
	}
	return found
}

// targets are the expressions that a function assigns to.
func targets(body *ast.BlockStmt) (out []ast.Expr) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch s := n.(type) {
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE {
				out = append(out, s.Lhs...)
			}
		case *ast.IncDecStmt:
			out = append(out, s.X)
		case *ast.CallExpr:
			if fn, ok := s.Fun.(*ast.Ident); ok && slices.Contains([]string{"delete", "clear", "copy"}, fn.Name) && len(s.Args) > 0 {
				out = append(out, s.Args[0])
			}
		case *ast.UnaryExpr:
			if s.Op == token.AND {
				out = append(out, s.X) // who has the address may assign
			}
		}
		return true
	})
	return out
}

// locals are the names that a function declares anywhere: within it they are
// taken for its own, which errs on the side of silence.
func locals(fn *ast.FuncDecl) map[string]bool {
	out := map[string]bool{}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch s := n.(type) {
		case *ast.Field:
			for _, name := range s.Names {
				out[name.Name] = true
			}
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE {
				for _, lhs := range s.Lhs {
					if id := root(lhs); id != nil {
						out[id.Name] = true
					}
				}
			}
		case *ast.RangeStmt:
			for _, e := range []ast.Expr{s.Key, s.Value} {
				if id := root(e); id != nil && s.Tok == token.DEFINE {
					out[id.Name] = true
				}
			}
		case *ast.ValueSpec:
			for _, name := range s.Names {
				out[name.Name] = true
			}
		}
		return true
	})
	return out
}

// root is the variable that an expression such as a.b[c] begins with.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// variable is a declaration of package variables.
type variable struct {
	file     file
	spec     *ast.ValueSpec
	embedded bool // filled by go:embed
}

func (v variable) names() string {
	names := make([]string, len(v.spec.Names))
	for i, n := range v.spec.Names {
		names[i] = n.Name
	}
	return strings.Join(names, ", ")
}

func (p pkg) vars() (out []variable) {
	for _, f := range p.code() {
		for _, d := range f.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				spec := s.(*ast.ValueSpec)
				out = append(out, variable{f, spec, embeds(g.Doc) || embeds(spec.Doc)})
			}
		}
	}
	return out
}

func embeds(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed") })
}
