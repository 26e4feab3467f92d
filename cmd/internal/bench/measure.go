package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hbohlen/devsh/cmd/internal/sample"
)

// runner holds the contenders, all alive at once: they take turns.
type runner struct {
	options
	shells []*shell
	gone   map[string]bool // contenders that failed
	report *report
}

// measure sets every contender up below tmp and measures all rows.
func measure(ctx context.Context, o options, tmp string) (*report, error) {
	r := &runner{options: o, gone: map[string]bool{}, report: newReport(o)}
	defer func() {
		for _, s := range r.shells {
			s.close()
		}
	}()
	found, notes := tools(o)
	r.report.Notes = notes
	for i, t := range found {
		if err := r.start(ctx, t, filepath.Join(tmp, strconv.Itoa(i))); err != nil {
			if err := r.drop(t.name, err); err != nil {
				return nil, err
			}
		}
	}
	for _, row := range rows {
		if o.tools {
			break
		}
		if err := r.row(ctx, row); err != nil {
			return nil, err
		}
	}
	for _, c := range contests {
		if err := r.contest(ctx, c); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	r.report.finish()
	return r.report, nil
}

// drop leaves a contender out from now on. Without devsh or the bare fish
// there is nothing to compare.
func (r *runner) drop(name string, err error) error {
	if name == devsh || name == bare {
		return err
	}
	r.gone[name] = true
	r.report.Notes = append(r.report.Notes, fmt.Sprintf("%s is left out: %v", name, err))
	return nil
}

// start sets a contender up, and makes sure that it does what it is measured
// at.
func (r *runner) start(ctx context.Context, t tool, tmp string) error {
	ctx, cancel := context.WithTimeout(ctx, r.limit)
	defer cancel()
	b, err := newBed(ctx, t, tmp)
	if err != nil {
		return err
	}
	s, err := startShell(ctx, b, r.limit)
	if err != nil {
		return err
	}
	r.shells = append(r.shells, s)
	r.report.version(ctx, b)
	return s.check(ctx)
}

// check enters and leaves, and looks at the environment.
func (s *shell) check(ctx context.Context) error {
	in, out := fmt.Sprintf("%d %s", sample.Entries, sample.Value(sample.Vars-1)), "0"
	if s.bed.program == "" {
		in = out
	}
	for _, visit := range []struct{ dir, want string }{{"~/dev/rich", in}, {"~", out}, {"~/dev/rich/sub", in}, {"~", out}} {
		s.arrived = time.Time{}
		if err := s.do(ctx, "cd "+visit.dir); err != nil {
			return err
		}
		if s.bed.nix && visit.want == in && s.arrived.IsZero() {
			if _, err := s.await(ctx, "arrived"); err != nil {
				return err
			}
		}
		if got, err := s.look(ctx); err != nil {
			return err
		} else if got != visit.want {
			return fmt.Errorf("%s: in %s the environment is %q, not %q; its terminal shows: %q", s.bed.name, visit.dir, got, visit.want, s.tail())
		}
	}
	return nil
}

// row measures one thing: in each round every contender once, and each round
// begins with another one, so that what else the machine does hits all alike.
func (r *runner) row(ctx context.Context, row row) error {
	counts := map[string]int{}
	results := map[string]*result{}
	rounds := r.rounds
	if row.flake {
		rounds = min(rounds, flakeRounds)
	}
	for round := range rounds + 1 {
		for i := range r.shells {
			s := r.shells[(i+round)%len(r.shells)]
			name := s.bed.name
			if r.gone[name] || !row.inShell() && s.bed.nix || row.flake && !s.bed.nix && (name != bare || row.arrival) {
				continue
			}
			if round == 0 {
				n, err := r.calibrate(ctx, s, row)
				if err == nil {
					counts[name], results[name] = n, &result{}
				} else if err := r.drop(name, err); err != nil {
					return err
				}
				continue
			}
			each, err := r.one(ctx, s, row, counts[name])
			if err != nil {
				if err := r.drop(name, err); err != nil {
					return err
				}
				delete(results, name)
				continue
			}
			results[name].times = append(results[name].times, each)
		}
	}
	for _, s := range r.shells {
		if row.inShell() && !r.gone[s.bed.name] {
			if err := s.after(ctx, row); err != nil {
				return err
			}
		}
	}
	r.report.add(row, results)
	return nil
}

// calibrate brings the contender to where the row begins, has it load what is
// loaded once, and finds how often it does the thing in the time that one
// measurement is to take: so often that starting and stopping the clock counts
// for nothing.
func (r *runner) calibrate(ctx context.Context, s *shell, row row) (int, error) {
	if row.inShell() {
		if err := s.before(ctx, row); err != nil {
			return 0, err
		}
	}
	const most = 2000
	for n := 1; ; {
		each, err := r.one(ctx, s, row, n)
		if err != nil || row.flake {
			return 1, err
		}
		took := each * time.Duration(n)
		if took >= r.span/2 || n == most {
			return n, nil
		}
		n = min(most, n*int(min(10, max(2, r.span/max(took, 1)))))
	}
}

// one measures a thing once, done n times, and returns the time of each.
func (r *runner) one(ctx context.Context, s *shell, row row, n int) (time.Duration, error) {
	if !row.inShell() {
		return r.program(ctx, s.bed, row.program(s.bed), n)
	}
	if row.waiting {
		return s.change(ctx)
	}
	if row.flake {
		return s.visit(ctx, row)
	}
	d, err := s.times(ctx, row.step, n)
	return d / time.Duration(n), err
}

// program runs a program n times, with nobody reading what it prints.
func (r *runner) program(ctx context.Context, b *bed, argv []string, n int) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, r.limit)
	defer cancel()
	begin := time.Now()
	for range n {
		cmd := b.command(ctx, argv...)
		var stderr strings.Builder
		cmd.Stdout, cmd.Stderr = io.Discard, &stderr
		if err := cmd.Run(); err != nil {
			return 0, fmt.Errorf("%s: %s: %w\n%s", b.name, strings.Join(argv, " "), err, stderr.String())
		}
	}
	return time.Since(begin) / time.Duration(n), nil
}

// load is the machine's load average, or nothing.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
