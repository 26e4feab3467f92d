package manifest

import (
	"errors"
	"io/fs"
	"slices"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
)

func checkError(t *testing.T, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Line < 1 || e.Column < 1 || e.Msg == "" {
		t.Errorf("an error without a place: %#v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := ParseDocument("f", data)
		if err != nil {
			checkError(t, err)
			return
		}
		for _, k := range d.Keys() {
			if _, ok := d.Value(k...); ok && d.places[joinKey(k)].pos.Line == 0 {
				t.Errorf("no place for %q", k)
			}
		}
		checkLeaves(t, d, d.values, nil)
		m, err := Parse("f", data)
		if err != nil {
			checkError(t, err)
			return
		}
		for _, name := range append(slices.Clone(m.Unset), names(m.Env)...) {
			if err := env.CheckName(name); err != nil {
				t.Error(err)
			}
		}
		missing := func(p string) (string, error) {
			return "", &fs.PathError{Op: "lstat", Path: p, Err: fs.ErrNotExist}
		}
		delta, err := m.Delta(Base{Dir: "/dev/p", Home: "/home/u", EvalSymlinks: missing}, nil)
		if err != nil {
			checkError(t, err)
			return
		}
		for _, l := range delta.Lists {
			for _, e := range slices.Concat(l.Prepend, l.Append) {
				if e == "" || e[0] != '/' || slices.Contains([]byte(e), ':') {
					t.Errorf("entry %q", e)
				}
			}
		}
	})
}

// checkLeaves sees that no value can be overlooked by walking through the keys.
func checkLeaves(t *testing.T, d *Document, table map[string]any, prefix []string) {
	for k, v := range table {
		key := append(slices.Clip(prefix), k)
		if sub, ok := v.(map[string]any); ok {
			checkLeaves(t, d, sub, key)
			continue
		}
		if !slices.ContainsFunc(d.Keys(), func(o []string) bool { return slices.Equal(o, key) }) {
			t.Errorf("%q is a value and no key", key)
		}
	}
}

func names(list []Assignment) []string {
	var out []string
	for _, a := range list {
		out = append(out, a.Name)
	}
	return out
}

func FuzzDotenv(f *testing.F) {
	f.Add([]byte("# c\nexport A=b # c\nB='x\ny'\nC=\"\\n${A}$B\"\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := ParseDotenv("f", data)
		if err != nil {
			checkError(t, err)
			return
		}
		for _, a := range list {
			if err := env.CheckName(a.Name); err != nil || a.Line < 1 || a.Column < 1 || len(a.Value) == 0 {
				t.Errorf("%+v: %v", a, err)
			}
		}
	})
}
