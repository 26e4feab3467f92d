package main

import (
	"slices"
	"time"
)

// quartiles returns the values below which a quarter, a half and three
// quarters of the times are.
func quartiles(times []time.Duration) (low, median, high time.Duration) {
	if len(times) == 0 {
		return 0, 0, 0
	}
	sorted := slices.Sorted(slices.Values(times))
	at := func(num, den int) time.Duration {
		// Between two values, the mean of both.
		pos := num * (len(sorted) - 1)
		below, rest := pos/den, pos%den
		if rest == 0 {
			return sorted[below]
		}
		return (sorted[below]*time.Duration(den-rest) + sorted[below+1]*time.Duration(rest)) / time.Duration(den)
	}
	return at(1, 4), at(1, 2), at(3, 4)
}

// added returns what each time has more than the one of the same round: what
// slowed the whole round down does not show.
func added(times, base []time.Duration) []time.Duration {
	if base == nil { // there is nothing to compare with
		return times
	}
	out := make([]time.Duration, min(len(times), len(base)))
	for i := range out {
		out[i] = times[i] - base[i]
	}
	return out
}
