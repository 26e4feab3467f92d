package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/shell/render"
)

// maxLog is how much of a log is shown, from its end, in bytes.
const maxLog = 4 << 20

func (a *app) logCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "log [DIR]",
		Short:   "Show what the last evaluation of a project said",
		Example: "  devsh log | less",
		Args:    atMostOne,
		RunE: func(_ *cobra.Command, args []string) error {
			dir, w, err := a.at(first(args))
			if err != nil {
				return err
			}
			p, err := project.Find(dir, w.settings.Roots)
			if err != nil {
				return err
			}
			f, err := os.OpenFile(w.resolver.Store.Place(p.Dir).Log(), os.O_RDONLY|syscall.O_NONBLOCK, 0) // not to wait for a FIFO's writer
			if errors.Is(err, fs.ErrNotExist) {
				what := "nothing has been evaluated in"
				if e := w.resolver.Known(dir); e != nil && e.State == activation.OK && len(e.Layers) > 0 {
					what = "all is well, and nothing was said at the last evaluation of"
				}
				fmt.Fprintf(a.Stderr, "devsh: %s %s\n", what, a.tilde(render.Visible(p.Dir)))
				return nil
			}
			if err != nil {
				return fmt.Errorf("read log: %w", err)
			}
			defer f.Close()
			info, err := f.Stat()
			if err != nil {
				return fmt.Errorf("read log: %w", err)
			}
			if !info.Mode().IsRegular() {
				return fmt.Errorf("read log %s: not a regular file", f.Name())
			}
			if info.Size() > maxLog {
				if _, err := f.Seek(-maxLog, io.SeekEnd); err != nil {
					return fmt.Errorf("read log: %w", err)
				}
			}
			data, err := io.ReadAll(io.LimitReader(f, maxLog))
			if err != nil {
				return fmt.Errorf("read log: %w", err)
			}
			_, err = fmt.Fprint(a.Stdout, render.VisibleText(string(data)))
			return err
		},
	}
	cmd.ValidArgsFunction = directories
	return cmd
}
