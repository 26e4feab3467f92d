package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/cmd/internal/daemon"
	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/render"
)

// daemonReport is what `devsh daemon status --json` prints.
type daemonReport struct {
	Running     bool            `json:"running"`
	PID         int             `json:"pid,omitempty"`
	Since       string          `json:"since,omitempty"`
	Enabled     bool            `json:"enabled"` // it is started when it is of use
	Outdated    bool            `json:"outdated"`
	Waiting     bool            `json:"waiting"` // on battery nothing is made ahead
	Shells      int             `json:"shells"`
	Projects    []daemonProject `json:"projects"`
	Directories int             `json:"directories"` // that are watched
	Unwatched   []string        `json:"unwatched"`   // that could not be
	Limit       string          `json:"limit,omitempty"`
	Resolved    int             `json:"resolved"` // how often something was made anew
	Problem     string          `json:"problem,omitempty"`
}

type daemonProject struct {
	Project string `json:"project"`
	Files   int    `json:"files"`
}

func (a *app) daemonStatus() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what the daemon watches",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := a.shellsWorld()
			if err != nil {
				return err
			}
			r := askDaemon(cmd.Context(), w)
			if asJSON {
				err = writeJSON(a.Stdout, r)
			} else {
				a.showDaemon(r)
			}
			if err == nil && !r.Running {
				return silent(exitFailed)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// askDaemon asks the daemon, if there is one. It starts none.
func askDaemon(ctx context.Context, w *world) *daemonReport {
	r := &daemonReport{Enabled: w.settings.Daemon, Projects: []daemonProject{}, Unwatched: []string{}}
	dir := w.resolver.Store.Daemon()
	if r.PID = daemon.Holder(dir); r.PID == 0 {
		return r
	}
	r.Running = true
	c, err := daemon.Dial(ctx, dir)
	if err != nil {
		r.Problem = err.Error()
		return r
	}
	own, _ := daemon.Identity(thisProgram)
	if r.Outdated = c.Program != own; c.Program == "" {
		c.Close()
		return r
	}
	s, err := c.Status()
	if err != nil {
		r.Problem = err.Error()
		return r
	}
	r.PID, r.Since, r.Waiting, r.Shells, r.Resolved = s.PID, s.Since.UTC().Format(time.RFC3339), !s.MayBuild, s.Shells, s.Resolved
	r.Directories, r.Limit = s.Watching.Directories, render.Visible(s.Watching.Why)
	for _, p := range s.Projects {
		r.Projects = append(r.Projects, daemonProject{render.Visible(p.Dir), p.Files})
	}
	for _, dir := range s.Watching.Unwatched {
		r.Unwatched = append(r.Unwatched, render.Visible(dir))
	}
	return r
}

func (a *app) showDaemon(r *daemonReport) {
	out := a.Stdout
	if !r.Running {
		fmt.Fprintln(out, "not running: the prompts look for themselves")
		if !r.Enabled {
			fmt.Fprintln(out, "  «enabled = true» in [daemon] of config.toml has it started when it is of use")
		}
		return
	}
	fmt.Fprintf(out, "running, process %d\n", r.PID)
	for _, p := range r.Projects {
		fmt.Fprintf(out, "  watches   %s: %s\n", a.tilde(p.Project), activation.Count(p.Files, "file"))
	}
	fmt.Fprintf(out, "  shells    %d\n", r.Shells)
	for _, line := range r.troubles() {
		fmt.Fprintf(out, "  but       %s\n", a.tilde(line))
	}
}

// troubles says what is not as the user may expect.
func (r *daemonReport) troubles() []string {
	var lines []string
	if r.Problem != "" {
		lines = append(lines, "it does not answer: "+r.Problem)
	}
	if r.Outdated {
		lines = append(lines, "it is of another devsh: «devsh daemon start» replaces it")
	}
	if r.Waiting {
		lines = append(lines, "on battery it makes nothing ahead")
	}
	if n := len(r.Unwatched); n > 0 {
		what := "1 directory is"
		if n > 1 {
			what = fmt.Sprintf("%d directories are", n)
		}
		lines = append(lines, what+" not watched, the prompts look there: "+r.Limit)
	}
	return lines
}

// statusDaemon is what `devsh status` says of the daemon: nothing where there
// is none and none is wanted.
type statusDaemon struct {
	Running bool   `json:"running"`
	Files   int    `json:"files"` // of this project that it watches
	Trouble string `json:"trouble,omitempty"`
}

func daemonOf(ctx context.Context, w *world, project string) *statusDaemon {
	r := askDaemon(ctx, w)
	if !r.Running && !r.Enabled {
		return nil
	}
	s := &statusDaemon{Running: r.Running}
	if i := slices.IndexFunc(r.Projects, func(p daemonProject) bool { return p.Project == project }); i >= 0 {
		s.Files = r.Projects[i].Files
	}
	if t := r.troubles(); len(t) > 0 {
		s.Trouble = t[0]
	}
	return s
}

func (d *statusDaemon) String() string {
	text := "not running: it is started when a shell comes to a project, or one changes"
	if d.Running {
		text = fmt.Sprintf("watches %s of this project", activation.Count(d.Files, "file"))
	}
	if d.Trouble != "" {
		text += "; " + d.Trouble
	}
	return text
}
