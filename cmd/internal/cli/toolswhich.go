package cli

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/toolchains/store"
)

// whichReport is what `devsh tools which --json` prints.
type whichReport struct {
	Tool    string `json:"tool"`
	Version string `json:"version"`
	Bin     string `json:"bin"`
	Path    string `json:"path"`
	// Target is what is run in the end, Bound what it is bound to.
	Target string   `json:"target"`
	Bound  []string `json:"bound"`
}

func (a *app) toolsWhich() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "which TOOL",
		Short: "Show where a program of an installed tool is",
		Long: `Show where the programs of an installed tool are, or the program of that name: the path
in the directory of this very version. Where one stands in a project with a devsh.lock, its tools
come before yours.`,
		Example: "  devsh tools which gopls\n  devsh tools which tsc --json",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("name one tool")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			found, err := a.which(args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.Stdout, found)
			}
			for _, f := range found {
				fmt.Fprintln(a.Stdout, f.Path)
			}
			return nil
		},
		ValidArgsFunction: a.completeLocked,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// which looks into the set of the project one stands in, then into the user's.
func (a *app) which(name string) ([]whichReport, error) {
	if a.inLocked() {
		dir, w, err := a.at("")
		if err != nil {
			return nil, err
		}
		t, err := a.projectTools(w, dir)
		if err != nil {
			return nil, err
		}
		if found, err := t.which(name); err == nil {
			return found, nil
		}
	}
	t, err := a.userTools()
	if err != nil {
		return nil, err
	}
	return t.which(name)
}

// which finds the programs of a tool, or the one that a name on PATH means.
func (t *tools) which(name string) ([]whichReport, error) {
	entries, err := t.Entries()
	if err != nil {
		return nil, err
	}
	var known []string
	for _, e := range entries {
		known = append(known, e.Name)
		known = append(known, slices.Sorted(maps.Keys(e.Bins))...)
	}
	for _, match := range []func(store.Entry) []string{
		func(e store.Entry) []string { // a tool
			if e.Name == name {
				return slices.Sorted(maps.Keys(e.Bins))
			}
			return nil
		},
		func(e store.Entry) []string { // a program, of the tool that has it
			real, err := filepath.EvalSymlinks(filepath.Join(t.In.Bin(), name))
			if _, ok := e.Bins[name]; ok && err == nil && project.Within(real, e.Dir) {
				return []string{name}
			}
			return nil
		},
	} {
		var out []whichReport
		for _, e := range entries {
			for _, bin := range match(e) {
				out = append(out, whichReport{e.Name, e.Version, bin, filepath.Join(e.Dir, "bin", bin), filepath.Join(e.Dir, e.Bins[bin]), e.Bound})
			}
		}
		if len(out) > 0 {
			return out, nil
		}
	}
	hint := didYouMean(name, known, "")
	if hint == "" {
		hint = fmt.Sprintf("«devsh tools install %s»", name)
	}
	return nil, hinted(fmt.Errorf("%s is not installed by devsh", name), hint)
}
