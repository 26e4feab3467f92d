package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestQuartiles(t *testing.T) {
	for _, tt := range []struct {
		times             []time.Duration
		low, median, high time.Duration
	}{
		{nil, 0, 0, 0},
		{[]time.Duration{7}, 7, 7, 7},
		{[]time.Duration{30, 10, 20, 50, 40}, 20, 30, 40},
		{[]time.Duration{40, 10, 30, 20}, 17, 25, 32},
	} {
		if low, median, high := quartiles(tt.times); low != tt.low || median != tt.median || high != tt.high {
			t.Errorf("%v: got %d %d %d, want %d %d %d", tt.times, low, median, high, tt.low, tt.median, tt.high)
		}
	}
}

func TestAddedComparesWithinARound(t *testing.T) {
	got := added([]time.Duration{12, 112, 13}, []time.Duration{10, 110, 10})
	if !slices.Equal(got, []time.Duration{2, 2, 3}) {
		t.Errorf("got %v", got)
	}
}

// TestReportJudges feeds the report times that miss, and times that meet.
func TestReportJudges(t *testing.T) {
	const ms = time.Millisecond
	same := row{name: "x", limit: 2 * ms, same: true}
	for _, tt := range []struct {
		name             string
		row              row
		bare, ours, many time.Duration
		want             string
	}{
		{"within the limit", same, 1 * ms, 2 * ms, 2 * ms, ""},
		{"over it", same, 1 * ms, 4 * ms, 4 * ms, "3 ms are over the limit of 2 ms"},
		{"many projects cost", same, 1 * ms, 2 * ms, 3 * ms, "many known projects cost 1 ms more"},
		{"the whole time counts", row{name: "x", limit: 2 * ms, absolute: true}, 2 * ms, 3 * ms, 3 * ms, "3 ms are over the limit of 2 ms"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newReport(options{rounds: 1})
			results := map[string]*result{}
			for name, d := range map[string]time.Duration{bare: tt.bare, devsh: tt.ours, devshMany: tt.many} {
				results[name] = &result{times: []time.Duration{d}}
			}
			r.add(tt.row, results)
			if got := strings.Join(r.Rows[0].Missed, "; "); got != tt.want || r.missed() != (tt.want != "") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			for name, c := range r.Rows[0].Cells {
				if v := r.Rows[0].value(c); v < c.Low || v > c.High {
					t.Errorf("%s: %g is not within its quartiles, %g and %g", name, v, c.Low, c.High)
				}
			}
			var text strings.Builder
			if err := r.writeText(&text); err != nil {
				t.Fatal(err)
			}
			if want := "MISSED: x: " + tt.want; tt.want != "" && !strings.Contains(text.String(), want) {
				t.Errorf("the table lacks %q:\n%s", want, text.String())
			}
		})
	}
}
