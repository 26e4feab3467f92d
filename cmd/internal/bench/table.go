package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

func (r *report) writeJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// writeText prints the table for people.
func (r *report) writeText(w io.Writer) error {
	fmt.Fprintf(w, "What each tool adds to a bare fish, in milliseconds: medians of %d rounds, all tools taking turns.\n", r.Rounds)
	fmt.Fprintf(w, "The project sets 70 variables and puts 60 entries on PATH. In brackets: quartiles, and how many times devsh's.\n")
	fmt.Fprintf(w, "The limits are on the medians; the best round tells a slow program from a busy machine.\n\n")
	names := r.names()
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := []string{"", bare, devsh, "limit", "", "best"}
	fmt.Fprintln(table, strings.Join(append(head, names...), "\t")+"\t")
	for _, row := range r.Rows {
		fmt.Fprintln(table, strings.Join(row.columns(names, r.Once), "\t")+"\t")
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nload %s on %d processors", strings.Join(r.Load, " before, "), r.CPUs)
	for _, name := range slices.Sorted(maps.Keys(r.Versions)) {
		fmt.Fprintf(w, "; %s: %s", name, r.Versions[name])
	}
	fmt.Fprintln(w)
	if !r.Once {
		r.writeVerdict(w)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(w, "note:", note)
	}
	return nil
}

// names are the contenders beside devsh that have results, in a fixed order.
func (r *report) names() (names []string) {
	for _, name := range []string{devshMany, direnv, mise, treefmt, devshNix, nixDirenv} {
		if slices.ContainsFunc(r.Rows, func(row rowReport) bool { _, ok := row.Cells[name]; return ok }) {
			names = append(names, name)
		}
	}
	return names
}

func (row rowReport) columns(names []string, once bool) []string {
	ours := row.Cells[row.Ours]
	limit := ""
	if row.Limit > 0 {
		limit = "≤ " + number(row.Limit)
	}
	spread := fmt.Sprintf("(%s–%s)", number(ours.Low), number(ours.High))
	if once {
		spread = ""
	}
	base := "–"
	if c, ok := row.Cells[bare]; ok {
		base = number(c.Median)
	}
	out := []string{row.Name, base, number(row.value(ours)), limit, spread, number(ours.Best)}
	for _, name := range names {
		c, ok := row.Cells[name]
		if name == row.Ours {
			ok = false // it stands in devsh's own column
		}
		text := "–"
		if ok {
			text = number(row.value(c))
			if v := row.value(ours); v > 0 && name != devshMany && !once {
				text += fmt.Sprintf(" (%.0f×)", row.value(c)/v)
			}
		}
		out = append(out, text)
	}
	return out
}

// value is what counts in the row.
func (row rowReport) value(c cell) float64 {
	if row.Absolute {
		return c.Median
	}
	return c.Added
}

func (r *report) writeVerdict(w io.Writer) {
	for _, row := range r.Rows {
		for _, how := range row.Missed {
			fmt.Fprintf(w, "MISSED: %s: %s\n", row.Name, how)
		}
	}
	if !r.missed() {
		fmt.Fprintln(w, "every measure is met")
	}
}

// number shows two significant digits at least, and no more than is known.
func number(ms float64) string {
	switch {
	case ms >= 10 || ms <= -10:
		return fmt.Sprintf("%.0f", ms)
	case ms >= 1 || ms <= -1:
		return fmt.Sprintf("%.1f", ms)
	case ms >= 0.1 || ms <= -0.1:
		return fmt.Sprintf("%.2f", ms)
	default:
		return fmt.Sprintf("%.3f", ms)
	}
}
