package watch

import (
	"slices"
	"time"
)

// debounce gathers what was touched until it has been left alone for a while.
// It has no clock: the time is told with each call.
type debounce struct {
	quiet time.Duration // how long a key must have been left alone
	most  time.Duration // and the longest that one waits that is not
	keys  map[string]span
}

type span struct{ first, last time.Time }

// touch notes that the key was touched.
func (d *debounce) touch(key string, now time.Time) {
	s, ok := d.keys[key]
	if !ok {
		s.first = now
	}
	s.last = now
	d.keys[key] = s
}

// due returns, and forgets, the keys whose time has come, sorted; and how long
// it is until the next one's, 0 if there is none.
func (d *debounce) due(now time.Time) (keys []string, next time.Duration) {
	for key, s := range d.keys {
		wait := min(s.last.Add(d.quiet).Sub(now), s.first.Add(d.most).Sub(now))
		switch {
		case wait <= 0:
			keys = append(keys, key)
			delete(d.keys, key)
		case next == 0 || wait < next:
			next = wait
		}
	}
	slices.Sort(keys)
	return keys, next
}
