package cli

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hbohlen/devsh/shell/render"
	"github.com/hbohlen/devsh/toolchains/prefix"
	"github.com/hbohlen/devsh/toolchains/prefix/plan"
)

// prefixReport is what `devsh tools prefix --json` prints.
type prefixReport struct {
	Root     string          `json:"root"`
	Node     *prefixNode     `json:"node"`
	Managers []prefixManager `json:"managers"`
	// Problems is how many there are.
	Problems int `json:"problems"`
}

type prefixNode struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	ABI     string `json:"abi"`
}

type prefixManager struct {
	Name    string     `json:"name"`
	Program string     `json:"program,omitempty"`
	State   plan.State `json:"state"`
	Prefix  string     `json:"prefix,omitempty"`
	Bins    []string   `json:"bins"`
	// From decides, Others do not.
	From     *prefixSource   `json:"from,omitempty"`
	Others   []prefixSource  `json:"others"`
	Writable bool            `json:"writable"`
	OnPath   bool            `json:"on_path"`
	Node     string          `json:"node,omitempty"`
	Programs []prefixProgram `json:"programs"`
	Problems []prefixProblem `json:"problems"`
}

type prefixSource struct {
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	Line  int    `json:"line,omitempty"`
	Value string `json:"value"`
	Why   string `json:"why"`
}

type prefixProgram struct {
	Name     string `json:"name"`
	Path     string `json:"path"`
	Shadowed string `json:"shadowed,omitempty"`
}

type prefixProblem struct {
	Text string `json:"text"`
	Next string `json:"next,omitempty"`
}

func newPrefixReport(list []prefix.Status, f *plan.Facts) *prefixReport {
	r := &prefixReport{Root: f.Root}
	if f.Node != nil {
		r.Node = &prefixNode{f.Node.Path, f.Node.Version, f.Node.ABI}
	}
	for _, s := range list {
		m := prefixManager{
			Name: s.Manager.Name, Program: s.Program, State: s.State, Bins: s.Bins, Writable: s.Writable, OnPath: s.OnPath,
			Others: []prefixSource{}, Programs: []prefixProgram{}, Problems: []prefixProblem{},
		}
		if m.Bins == nil {
			m.Bins = []string{}
		}
		if s.From.Kind != "" {
			from := newPrefixSource(s.From)
			m.From, m.Prefix = &from, s.From.Value
		}
		for _, o := range s.Others {
			m.Others = append(m.Others, newPrefixSource(o))
		}
		if s.Bound != nil {
			m.Node = s.Bound.Path
		}
		for _, p := range s.Programs {
			m.Programs = append(m.Programs, prefixProgram(p))
		}
		for _, p := range s.Problems {
			m.Problems = append(m.Problems, prefixProblem(p))
		}
		r.Problems += len(m.Problems)
		r.Managers = append(r.Managers, m)
	}
	return r
}

func newPrefixSource(f plan.Found) prefixSource {
	return prefixSource{Kind: f.Kind, Name: f.Name, Line: f.Line, Value: f.Value, Why: f.Why}
}

// showPrefixes shows the report to people.
func (a *app) showPrefixes(r *prefixReport) {
	out := a.Stdout
	if r.Node != nil {
		fmt.Fprintf(out, "node %s, ABI %s  %s\n", r.Node.Version, r.Node.ABI, a.faint(a.prefixPath(r.Node.Path)))
	}
	width := 0
	for _, m := range r.Managers {
		if m.State != plan.Absent && len(m.Bins) > 0 {
			width = max(width, utf8.RuneCountInString(a.prefixPath(m.Bins[0])))
		}
	}
	width = min(width, 60)
	var absent []string
	for _, m := range r.Managers {
		if m.State == plan.Absent && len(m.Problems) == 0 {
			absent = append(absent, m.Name)
			continue
		}
		a.showPrefix(m, width)
	}
	if len(absent) > 0 {
		fmt.Fprintf(out, "– %s\n", a.faint("not here: "+strings.Join(absent, ", ")))
	}
	if r.Problems == 0 {
		return
	}
	fmt.Fprintf(out, "\n%s\n", a.red("problems:"))
	for _, m := range r.Managers {
		for _, p := range m.Problems {
			fmt.Fprintf(out, "  %-5s %s\n", m.Name, a.tilde(render.Visible(p.Text)))
			if p.Next != "" {
				fmt.Fprintf(out, "  next  «%s»\n", a.tilde(render.Visible(p.Next)))
			}
		}
	}
}

func (a *app) showPrefix(m prefixManager, width int) {
	mark, bin := a.green("✓"), ""
	if len(m.Problems) > 0 {
		mark = a.red("✗")
	}
	if len(m.Bins) > 0 {
		bin = a.prefixPath(m.Bins[0])
	}
	fmt.Fprintf(a.Stdout, "%s %-5s  %s  %s\n", mark, m.Name, pad(bin, width), a.faint(a.prefixReason(m)))
	for _, o := range m.Others {
		if m.From != nil && o.Why == m.From.Why {
			continue // it is said already
		}
		fmt.Fprintf(a.Stdout, "         %s\n", a.faint("not "+a.prefixFrom(o, true)+": "+a.prefixPath(o.Why)))
	}
	for _, p := range m.Programs {
		if p.Shadowed != "" {
			fmt.Fprintf(a.Stdout, "         %s\n", a.yellow(a.prefixPath(p.Shadowed))+" comes before "+render.Visible(p.Name))
		}
	}
	if m.State == plan.Devsh && !m.OnPath {
		fmt.Fprintf(a.Stdout, "         %s\n", a.faint("not on PATH in this shell"))
	}
}

// prefixReason is why it is there, in words.
func (a *app) prefixReason(m prefixManager) string {
	if m.From == nil {
		return ""
	}
	if m.From.Kind == "devsh" {
		return "devsh's: " + a.prefixPath(m.From.Why)
	}
	return a.prefixFrom(*m.From, false) + ": " + a.prefixPath(m.From.Why)
}

// prefixFrom names a source.
func (a *app) prefixFrom(s prefixSource, value bool) string {
	name := a.prefixPath(s.Name)
	if s.Line > 0 {
		name = fmt.Sprintf("%s:%d", name, s.Line)
	}
	if value {
		name += " (" + a.prefixPath(s.Value) + ")"
	}
	return name
}

func (a *app) prefixPath(text string) string { return a.tilde(render.Visible(text)) }
