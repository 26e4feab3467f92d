package watch

import (
	"slices"
	"testing"
	"time"
)

// What was touched is told when it has been left alone, or when it never is.
func TestDebounce(t *testing.T) {
	d := debounce{40, 1000, map[string]span{}}
	at := func(n time.Duration) time.Time { return time.Unix(0, 0).Add(n) }
	for _, step := range []struct {
		now   time.Duration
		touch string
		keys  []string
		next  time.Duration
	}{
		{0, "", nil, 0},
		{0, "b", nil, 40},
		{10, "a", nil, 30},
		{30, "b", nil, 20}, // b starts anew
		{50, "", []string{"a"}, 20},
		{70, "", []string{"b"}, 0},
		{100, "a", nil, 40},
		{100, "b", nil, 40},
		{140, "", []string{"a", "b"}, 0},
	} {
		if step.touch != "" {
			d.touch(step.touch, at(step.now))
		}
		keys, next := d.due(at(step.now))
		if !slices.Equal(keys, step.keys) || next != step.next {
			t.Fatalf("at %d: %q, next in %d; want %q, %d", step.now, keys, next, step.keys, step.next)
		}
	}
	var told []time.Duration
	for now := time.Duration(2000); now < 4500; now += 10 { // never left alone
		d.touch("a", at(now))
		if keys, _ := d.due(at(now)); len(keys) > 0 {
			told = append(told, now)
		}
	}
	if !slices.Equal(told, []time.Duration{3000, 4010}) {
		t.Errorf("told at %d", told)
	}
}
