package main

import (
	"context"
	"fmt"
	"runtime"
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
}

// cell is what one contender needs. Added is more than bare fish needs; Low
// and High are its quartiles.
type cell struct {
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
	out := rowReport{Name: row.name, Limit: ms(row.limit), Absolute: row.absolute, Cells: map[string]cell{}}
	base := results[bare].times
	for name, result := range results {
		_, median, _ := quartiles(result.times)
		low, more, high := quartiles(added(result.times, base))
		out.Cells[name] = cell{Median: ms(median), Added: ms(more), Low: ms(low), High: ms(high)}
	}
	judged := out.Cells[devsh].Added
	if row.absolute {
		judged = out.Cells[devsh].Median
	}
	if row.limit > 0 && judged > out.Limit {
		out.Missed = append(out.Missed, fmt.Sprintf("%.3g ms are over the limit of %.3g ms", judged, out.Limit))
	}
	if many, ok := results[devshMany]; ok && row.same {
		_, more, _ := quartiles(added(many.times, results[devsh].times))
		_, one, _ := quartiles(results[devsh].times)
		if more > tolerance(one) {
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
