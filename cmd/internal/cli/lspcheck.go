package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/render"
	"github.com/hbohlen/devsh/toolchains/catalogue"
	"github.com/hbohlen/devsh/toolchains/choose"
	"github.com/hbohlen/devsh/toolchains/lsp"
)

// serverProof is what `devsh lsp --check --json` prints of a server.
type serverProof struct {
	Name      string   `json:"name"`
	Languages []string `json:"languages"`
	Works     bool     `json:"works"`
	Path      string   `json:"path,omitempty"`
	Server    string   `json:"server,omitempty"` // what it calls itself
	Symbols   []string `json:"symbols"`
	// Milliseconds until it had answered initialize, and until all was done.
	Ready float64 `json:"ready_ms,omitempty"`
	Took  float64 `json:"took_ms,omitempty"`
	Error string  `json:"error,omitempty"`
	Hint  string  `json:"hint,omitempty"`

	tool *catalogue.Tool
}

// checkServers proves the servers of the languages, or of all that the project
// has.
func (a *app) checkServers(cmd *cobra.Command, o lspOptions, names []string) error {
	dir, w, err := a.at(o.dir)
	if err != nil {
		return err
	}
	t, err := a.toolsAt(w, dir)
	if err != nil {
		return err
	}
	e, err := a.toolsEnv(cmd, w, t)
	if err != nil {
		return err
	}
	proofs, err := t.serversOf(names, o.server)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for _, p := range proofs {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(cmd.Context(), o.limit)
			defer cancel()
			t.prove(ctx, e, p)
		})
	}
	wg.Wait()
	if err := cmd.Context().Err(); err != nil {
		return err
	}
	if o.json {
		err = writeJSON(a.Stdout, map[string]any{"servers": proofs})
	} else {
		a.showProofs(t, proofs)
	}
	if err == nil && slices.ContainsFunc(proofs, func(p *serverProof) bool { return !p.Works }) {
		return silent(exitFailed)
	}
	return err
}

// serversOf are the servers that were chosen for the languages: those that are
// named, else all that were detected. Each is proved once.
func (t *toolbox) serversOf(names []string, only string) ([]*serverProof, error) {
	if len(names) == 0 {
		for _, l := range t.chosen {
			names = append(names, l.Name)
		}
	}
	out := []*serverProof{}
	for _, name := range names {
		l, err := t.languageOf(name)
		if err != nil {
			return nil, err
		}
		chosen := choose.For(t.catalogue, t.facts, l.Name)
		if only != "" {
			tool, err := t.server(l, only)
			if err != nil {
				return nil, err
			}
			chosen = []choose.Tool{{Role: catalogue.Server, Name: tool.Name}}
		}
		for _, c := range chosen {
			if c.Role != catalogue.Server {
				continue
			}
			if i := slices.IndexFunc(out, func(p *serverProof) bool { return p.Name == c.Name }); i >= 0 {
				out[i].Languages = append(out[i].Languages, l.Name)
				continue
			}
			out = append(out, &serverProof{Name: c.Name, Languages: []string{l.Name}, Symbols: []string{}, tool: t.catalogue.Tools[c.Name]})
		}
	}
	return out, nil
}

// prove proves one server. The fixture is devsh's own, so that no code of the
// project is run that its environment does not bring.
func (t *toolbox) prove(ctx context.Context, e env.Env, p *serverProof) {
	use := p.tool.Uses[catalogue.Server]
	found := t.finder.Find(p.tool, use.Command[0])
	if !found.OK() {
		p.fail(missingTool(p.tool, found))
		return
	}
	p.Path = render.Visible(found.Path)
	fixture := lsp.Fixture{Files: use.Proof.Files, Open: use.Proof.File, Language: languageID(use.Proof.File)}
	if len(use.Proof.Want) > 0 {
		fixture.Symbol = use.Proof.Want[0]
	}
	server := lsp.Server{Argv: slices.Concat([]string{found.Path}, use.Command[1:]), Env: e.List()}
	report, err := lsp.Check(ctx, server, fixture)
	p.Server = render.Visible(strings.TrimSpace(report.Name + " " + report.Version))
	for _, s := range report.Symbols {
		p.Symbols = append(p.Symbols, render.Visible(s))
	}
	p.Ready, p.Took = milliseconds(report.Ready), milliseconds(report.Took)
	if p.Works = err == nil; !p.Works {
		p.fail(err)
	}
}

func (p *serverProof) fail(err error) {
	p.Error = render.Visible(err.Error())
	if f, ok := err.(*failure); ok {
		p.Hint = render.Visible(f.hint)
	}
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Round(10*time.Microsecond)) / float64(time.Millisecond)
}

// showProofs shows a line for each server.
func (a *app) showProofs(t *toolbox, proofs []*serverProof) {
	if len(proofs) == 0 {
		fmt.Fprintf(a.Stdout, "%s: no language that devsh knows a server for\n", a.tilde(render.Visible(t.at)))
		return
	}
	width := 0
	for _, p := range proofs {
		width = max(width, len(p.Name))
	}
	for _, p := range proofs {
		mark, what := a.green("✓"), fmt.Sprintf("%.0f ms, %d symbols", p.Took, len(p.Symbols))
		switch {
		case !p.Works:
			mark, what = a.red("✗"), a.tilde(p.Error)
		case len(p.Symbols) == 0:
			what = fmt.Sprintf("%.0f ms, answers", p.Took)
		}
		fmt.Fprintf(a.Stdout, "%s %-*s  %s\n", mark, width, p.Name, what)
		if p.Path != "" {
			fmt.Fprintf(a.Stdout, "  %-*s  %s\n", width, "", a.faint(a.tilde(p.Path)))
		}
		if p.Hint != "" {
			fmt.Fprintf(a.Stdout, "  %-*s  %s\n", width, "", a.tilde(p.Hint))
		}
	}
}
