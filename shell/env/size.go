package env

import "fmt"

// What one variable and what all that a delta sets may be long, in bytes. Linux
// starts no program with a NAME=value of 128 KiB (MAX_ARG_STRLEN), nor, with the
// usual stack, when all of them are longer than 2 MiB.
const (
	MaxValue  = 128<<10 - 1
	MaxValues = 2 << 20
)

// SizeError says that a variable, or without a Name all together, came out too
// long: layers that refer to each other's values multiply them.
type SizeError struct{ Name string }

func (e *SizeError) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("the variables of all layers together are longer than %d KiB; no program could be started with them", MaxValues>>10)
	}
	return fmt.Sprintf("%s comes out longer than %d bytes; no program could be started with it", e.Name, MaxValue)
}

// ResolvedSize returns how many bytes v has after [Value.Resolve], without
// making it: values that refer to each other multiply. Counting ends where it
// is too long for anything.
func (v Value) ResolvedSize(lookup func(name string) (Value, bool)) int {
	size := 0
	for _, p := range v {
		known, ok := Value(nil), false
		if p.Ref != "" {
			known, ok = lookup(p.Ref)
		}
		if !ok {
			known = Value{p}
		}
		size += known.size()
		if size > MaxValue {
			break
		}
	}
	return size
}

func (v Value) size() int {
	size := 0
	for _, p := range v {
		size += len(p.Text) + len(p.Ref)
	}
	return size
}

func (l List) size() int {
	size := 0
	for _, entries := range [][]string{l.Prepend, l.Append} {
		for _, e := range entries {
			size += len(e) + 1
		}
	}
	return size
}

// checkSize looks at what all layers came to.
func (out *Delta) checkSize() error {
	total := 0
	for name, v := range out.Set {
		size := len(name) + 1 + v.size()
		if size > MaxValue {
			return &SizeError{Name: name}
		}
		total += size
	}
	for name, l := range out.Lists {
		size := len(name) + 1 + l.size()
		if size > MaxValue {
			return &SizeError{Name: name}
		}
		total += size
	}
	if total > MaxValues {
		return &SizeError{}
	}
	return nil
}
