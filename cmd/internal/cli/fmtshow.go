package cli

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/render"
	"github.com/hbohlen/devsh/toolchains/format"
)

// fmtReport is what `devsh fmt --json` prints.
type fmtReport struct {
	Check     bool         `json:"check"`
	Files     int          `json:"files"` // that have a formatter
	Known     int          `json:"known"` // of these, known to be formatted
	Alone     int          `json:"alone"` // files that nobody chose a formatter for
	Processes int          `json:"processes"`
	Changed   []fmtFile    `json:"changed"`
	Errors    []fmtFile    `json:"errors"`
	Without   []fmtWithout `json:"without"`
}

type fmtFile struct {
	File      string `json:"file"`
	Formatter string `json:"formatter"`
	Error     string `json:"error,omitempty"`
	Untried   bool   `json:"untried,omitempty"` // its formatter failed on all others
	rel       string // as errors name it
}

// fmtWithout are files whose formatter cannot be used.
type fmtWithout struct {
	Formatter string   `json:"formatter"`
	Files     []string `json:"files"`
	Reason    string   `json:"reason"`
	Hint      string   `json:"hint,omitempty"`
}

func newFmtReport(check bool) *fmtReport {
	return &fmtReport{Check: check, Changed: []fmtFile{}, Errors: []fmtFile{}, Without: []fmtWithout{}}
}

func (r *fmtReport) add(f *formatters, result format.Result) {
	top := f.top
	r.Files += result.Files
	r.Known += result.Known
	r.Alone += result.Alone
	r.Processes += result.Processes
	for _, o := range result.Outcomes {
		file := fmtFile{File: render.Visible(filepath.Join(top, o.File)), Formatter: o.Formatter, rel: render.Visible(o.File)}
		switch {
		case o.Err != nil:
			file.Error = render.VisibleText(o.Err.Error())
			file.Untried = errors.Is(o.Err, format.ErrUntried)
			r.Errors = append(r.Errors, file)
		case o.Changed:
			r.Changed = append(r.Changed, file)
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(f.without)) {
		w := f.without[reason]
		if len(w.files) == 0 {
			continue
		}
		out := fmtWithout{Formatter: w.tool, Files: []string{}, Reason: render.Visible(w.err.Error())}
		if failed, ok := w.err.(*failure); ok {
			out.Hint = render.Visible(failed.hint)
		}
		r.Alone -= len(w.files)
		for _, file := range w.files {
			out.Files = append(out.Files, render.Visible(filepath.Join(top, file)))
		}
		r.Without = append(r.Without, out)
	}
}

// showFmt prints the changed files, and tells people the rest.
func (a *app) showFmt(r *fmtReport) {
	wd, err := a.Getwd()
	if err != nil {
		wd = "/" // then they are shown from there
	}
	name := func(file string) string {
		if rel, err := filepath.Rel(wd, file); err == nil && filepath.IsLocal(rel) {
			return rel
		}
		return a.tilde(file)
	}
	for _, f := range r.Changed {
		fmt.Fprintln(a.Stdout, name(f.File))
	}
	a.showFmtErrors(r.Errors, name)
	for _, w := range r.Without {
		fmt.Fprintf(a.Stderr, "devsh: %s left alone: %s\n", count(len(w.Files), "file is", "files are"), a.tilde(w.Reason))
		if w.Hint != "" {
			fmt.Fprintf(a.Stderr, "hint: %s\n", a.tilde(w.Hint))
		}
	}
	if r.Files == 0 && len(r.Without) == 0 {
		fmt.Fprintln(a.Stderr, "devsh: no file here has a formatter that is there («devsh tools ls»)")
		return
	}
	verb := "formatted"
	if r.Check {
		verb = "to be formatted"
	}
	if len(r.Changed) > 0 {
		alone := ""
		if r.Alone > 0 {
			alone = fmt.Sprintf("; %s no formatter", count(r.Alone, "other has", "others have"))
		}
		fmt.Fprintf(a.Stderr, "devsh: %d of %s %s%s\n", len(r.Changed), count(r.Files, "file", "files"), verb, alone)
	}
}

// namedFiles is how many files are named that have the same error as another.
const namedFiles = 3

// showFmtErrors says each error once, with the files that have it: a broken
// configuration is one of thousands of files.
func (a *app) showFmtErrors(all []fmtFile, name func(string) string) {
	var order []string
	same := map[string][]fmtFile{}
	for _, f := range all {
		key := f.Formatter + "\x00" + strings.ReplaceAll(f.Error, f.rel, "\x00")
		if same[key] == nil {
			order = append(order, key)
		}
		same[key] = append(same[key], f)
	}
	for _, key := range order {
		first, others := same[key][0], same[key][1:]
		if first.Untried {
			fmt.Fprintf(a.Stderr, "devsh: %s: %s not tried, since it failed on all that were\n", first.Formatter, count(len(others)+1, "more file was", "more files were"))
			continue
		}
		text := a.tilde(first.Error)
		if !strings.Contains(text, name(first.File)) {
			text = name(first.File) + ": " + text
		}
		fmt.Fprintf(a.Stderr, "devsh: %s\n", text)
		if len(others) == 0 {
			continue
		}
		var names []string
		for _, f := range others[:min(namedFiles, len(others))] {
			names = append(names, name(f.File))
		}
		if more := len(others) - len(names); more > 0 {
			names = append(names, "and "+count(more, "file more", "files more"))
		}
		fmt.Fprintf(a.Stderr, "devsh: the same of %s\n", strings.Join(names, ", "))
	}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func isDir(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir()
}
