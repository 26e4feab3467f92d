package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/shell/render"
	"github.com/hbohlen/devsh/toolchains/detect"
	"github.com/hbohlen/devsh/toolchains/find"
	"github.com/hbohlen/devsh/toolchains/format"
)

// toolsBelow is a directory below the top of a repository with manifests of its
// own: its tools are shown there.
type toolsBelow struct {
	Dir       string   `json:"dir"`
	Languages []string `json:"languages"`
}

const (
	// belowLevels is how deep is looked below the top, and belowDirs in how many
	// directories: it is a hint, and nobody is to wait for it.
	belowLevels = 2
	belowDirs   = 200
	// belowShown is how many are shown.
	belowShown = 8
)

// below looks for what lies below the top of a repository, for those who stand
// there. Elsewhere there is nothing to tell.
func (t *toolbox) below(ctx context.Context) []toolsBelow {
	out := []toolsBelow{}
	if t.at != t.top || project.WorkTree(t.at) != t.at {
		return out
	}
	tree, err := find.OpenTree(t.top)
	if err != nil {
		return out // of which the rest of the report tells
	}
	defer tree.Close()
	byFile := map[string]toolsBelow{}
	var files []string
	for _, dir := range t.signed() {
		b := toolsBelow{Dir: render.Visible(dir)}
		file := ""
		for _, l := range detect.Detect(t.catalogue, tree, dir).Languages {
			if path.Dir(l.File) == dir {
				b.Languages = append(b.Languages, render.Visible(t.catalogue.Language(l.Name).Title))
				file = cmp.Or(file, l.File)
			}
		}
		if file != "" {
			byFile[file] = b
			files = append(files, file)
		}
	}
	for _, file := range format.Unignored(ctx, t.top, files) {
		if b, ok := byFile[file]; ok {
			out = append(out, b)
		}
	}
	slices.SortFunc(out, func(a, b toolsBelow) int { return strings.Compare(a.Dir, b.Dir) })
	return out
}

// signed are the directories below the top that have a sign of a language.
func (t *toolbox) signed() (out []string) {
	signs := detect.SignsOf(t.catalogue)
	level := []string{"."}
	looked := 0
	for depth := 0; depth <= belowLevels; depth++ {
		var next []string
		for _, dir := range level {
			if looked++; looked > belowDirs {
				return out
			}
			entries, err := os.ReadDir(filepath.Join(t.top, dir))
			if err != nil {
				continue // it is not for us
			}
			sign := false
			for _, e := range entries {
				sign = sign || signs.Has(e.Name())
				if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !format.Skipped(e.Name()) {
					next = append(next, path.Join(dir, e.Name()))
				}
			}
			if sign && dir != "." {
				out = append(out, dir)
			}
		}
		level = next
	}
	return out
}

// showBelow names them in a line.
func (a *app) showBelow(below []toolsBelow) {
	var words []string
	for _, b := range below[:min(belowShown, len(below))] {
		words = append(words, fmt.Sprintf("%s (%s)", b.Dir, strings.Join(b.Languages, ", ")))
	}
	if more := len(below) - len(words); more > 0 {
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	if len(words) > 0 {
		fmt.Fprintf(a.Stdout, "\nbelow: %s\n", strings.Join(words, ", "))
	}
}
