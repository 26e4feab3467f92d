package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report is what was measured. Times are in milliseconds.
type report struct {
	Once     bool              `json:"once,omitempty"`
	Rounds   int               `json:"rounds"`
	Known    int               `json:"known_projects"`
	CPUs     int               `json:"cpus"`
	Load     []string          `json:"load"` // before and after
	Versions map[string]string `json:"versions"`
	Rows     []rowReport       `json:"rows"`
	Notes    []string          `json:"notes,omitempty"`
}

// rowReport is one row. The limit is on what devsh adds, or on its whole time.
type rowReport struct {
	Name     string          `json:"name"`
	Limit    float64         `json:"limit,omitempty"`
	Absolute bool            `json:"absolute,omitempty"`
	Missed   []string        `json:"missed,omitempty"` // how
	Cells    map[string]cell `json:"contenders"`
	Ours     string          `json:"ours"` // the contender that is judged
}

// cell is what one contender needs, medians of the rounds. Added is more than
// bare fish needs. Low and High are the quartiles of what counts in the row, the
// one or the other; Best is that of the fastest rounds: what else the machine does
// only adds to a time, so this tells a slow program from a busy machine.
type cell struct {
	Best   float64 `json:"best"`
	Median float64 `json:"median"`
	Added  float64 `json:"added"`
	Low    float64 `json:"added_low"`
	High   float64 `json:"added_high"`
}

// result are the times of one contender at one thing, one per round.
type result struct{ times []time.Duration }

func newReport(o options) *report {
	return &report{
		Once: o.once, Rounds: o.rounds, Known: o.crowd + 1, CPUs: runtime.NumCPU(),
		Load: []string{load()}, Versions: map[string]string{},
	}
}

func (r *report) finish() { r.Load = append(r.Load, load()) }

// version notes which version of a contender is measured.
func (r *report) version(ctx context.Context, b *bed) {
	argv := []string{"fish", "--version"}
	if b.program != "" {
		argv = []string{b.script[0], "version"}
	}
	if out, err := b.run(ctx, argv...); err == nil {
		first, _, _ := strings.Cut(string(out), "\n")
		r.Versions[b.name] = strings.TrimPrefix(first, argv[0]+" ")
	}
}

// add judges a row and adds it.
func (r *report) add(row row, results map[string]*result) {
	out := rowReport{Name: row.name, Limit: ms(row.limit), Absolute: row.absolute || row.flake, Cells: map[string]cell{}, Ours: devsh}
	if row.flake {
		out.Ours = devshNix
	}
	if results[out.Ours] == nil {
		return // there is no nix
	}
	var base []time.Duration
	if results[bare] != nil {
		base = results[bare].times
	}
	for name, result := range results {
		low, median, high := quartiles(result.times)
		lowMore, more, highMore := quartiles(added(result.times, base))
		best := slices.Min(result.times)
		if base != nil && !out.Absolute {
			low, high, best = lowMore, highMore, best-slices.Min(base)
		}
		out.Cells[name] = cell{Best: ms(best), Median: ms(median), Added: ms(more), Low: ms(low), High: ms(high)}
	}
	judged := out.value(out.Cells[out.Ours])
	if row.limit > 0 && judged > out.Limit {
		out.Missed = append(out.Missed, fmt.Sprintf("%.3g ms are over the limit of %.3g ms", judged, out.Limit))
	}
	if many, ok := results[devshMany]; ok && row.same {
		_, one, _ := quartiles(results[devsh].times)
		_, all, _ := quartiles(many.times)
		if more := all - one; more > tolerance(one) {
			out.Missed = append(out.Missed, fmt.Sprintf("many known projects cost %.3g ms more", ms(more)))
		}
	}
	r.Rows = append(r.Rows, out)
}

func (r *report) missed() bool {
	for _, row := range r.Rows {
		if len(row.Missed) > 0 {
			return true
		}
	}
	return false
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
