// Command tour types lines at a real fish on a terminal and prints what the
// terminal shows, as a person would see it: «make try» without a terminal, and
// where the README's transcripts come from.
//
// It owns neither the lines nor the home in which fish runs: both come from
// its caller, scripts/try.sh.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"
)

// limit is how long one line may take.
const limit = 60 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Environ(), os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// run gives the tour of the files in the current directory.
func run(ctx context.Context, files, environ []string, out io.Writer) error {
	var steps []step
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		steps = append(steps, parse(string(text))...)
	}
	s, err := start(ctx, environ)
	if err != nil {
		return err
	}
	defer s.close()
	for _, step := range steps {
		if step.words != "" {
			fmt.Fprintf(out, "\n# %s\n", step.words)
			continue
		}
		fmt.Fprintf(out, "%s> %s\n", s.where, step.line)
		shown, err := s.run(ctx, step.line)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(out, shown); err != nil {
			return err
		}
	}
	return nil
}

// step is a line to type, or words about the ones that follow.
type step struct{ line, words string }

// parse reads a tour: lines that begin with "> " are typed, those with "#" are
// for who reads the file.
func parse(text string) (steps []step) {
	for _, l := range strings.Split(text, "\n") {
		typed, ok := strings.CutPrefix(l, "> ")
		switch {
		case ok:
			steps = append(steps, step{line: typed})
		case l != "" && !strings.HasPrefix(l, "#"):
			steps = append(steps, step{words: l})
		}
	}
	return steps
}
