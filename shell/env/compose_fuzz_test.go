package env

import (
	"errors"
	"maps"
	"math/rand/v2"
	"reflect"
	"testing"
)

// choices makes decisions of the bytes of a fuzzer, so that a change of one
// byte changes one decision; when they are used up, it goes on by itself.
type choices struct {
	data []byte
	rest *rand.PCG
}

// Uint64 implements [rand.Source]. Small numbers are made of the upper bits.
func (c *choices) Uint64() uint64 {
	if len(c.data) == 0 {
		return c.rest.Uint64()
	}
	b := c.data[0]
	c.data = c.data[1:]
	return uint64(b)<<56 | 1<<55
}

// FuzzCompose: composing is entering one after the other, it does not matter
// what is composed first, and leaving what was composed restores.
func FuzzCompose(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("\x00\x40\x80\xc0\xff"))
	f.Add([]byte("outer and inner layers that say something of the same list, or not"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := rand.New(&choices{data: data, rest: rand.NewPCG(uint64(len(data)), 0)})
		composeAgrees(t, r)
		e, a, b, c := randomEnv(r), randomDelta(r), randomDelta(r), randomDelta(r)
		all, err := Compose(a, b, c)
		if err != nil {
			if _, ok := errors.AsType[*ListRefError](err); !ok {
				t.Fatal(err)
			}
			return
		}
		if out := Leave(Enter(e, all, "g", "p"), all); !maps.Equal(out, e) {
			t.Fatalf("before %q\ndelta %v\nafter %q", e, all, out)
		}
		ab, err := Compose(a, b)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Compose(ab, c)
		joined(all)
		joined(again)
		if err != nil || !reflect.DeepEqual(all, again) {
			t.Fatalf("%v\n%v\n%v\nat once %v\nin two steps %v, %v", a, b, c, all, again, err)
		}
	})
}
