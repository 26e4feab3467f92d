package env

// Change is what happens to the exported variables from one environment to
// another.
type Change struct {
	Set   map[string]string // new and other values
	Unset []string          // sorted
}

// Diff returns what makes after of before. devsh's own marks are left out: who
// takes over the values has no hook to take them back.
func Diff(before, after Env) Change {
	c := Change{Set: map[string]string{}}
	for name, v := range after {
		if old, ok := before[name]; (!ok || old != v) && !IsMark(name) {
			c.Set[name] = v
		}
	}
	for _, name := range sortedNames(before) {
		if _, ok := after[name]; !ok && !IsMark(name) {
			c.Unset = append(c.Unset, name)
		}
	}
	return c
}
