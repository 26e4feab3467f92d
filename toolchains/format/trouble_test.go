package format

import (
	"errors"
	"fmt"
	"testing"
)

// TestTrouble: a formatter that fails on all is given up after a few processes,
// and one that fails on the first few is not.
func TestTrouble(t *testing.T) {
	const files = 600
	many := func(b *bed, text string) {
		for i := range files {
			b.write(fmt.Sprintf("d/f%04d.x", i), text)
		}
	}
	counts := func(r Result) (failed, untried, changed int) {
		for _, o := range r.Outcomes {
			switch {
			case errors.Is(o.Err, ErrUntried):
				untried++
			case o.Err != nil:
				failed++
			default:
				changed++
			}
		}
		return failed, untried, changed
	}
	stdin := func(b *bed, script string) {
		f := b.Choose("a.x")
		f.Stdin, f.Argv = true, []string{"/bin/sh", "-c", script, "sh", PathArg}
	}
	for name, make := range map[string]func() *bed{
		"in batches": func() *bed { return newBed(t, `echo "bad configuration" >&2; exit 2`) },
		"by standard input": func() *bed {
			b := newBed(t, "")
			stdin(b, `echo "bad configuration" >&2; exit 2`)
			return b
		},
		"of others": func() *bed {
			b := newBed(t, `echo "bad configuration" >&2; exit 2`)
			b.Choose("a.x").Others = true
			return b
		},
	} {
		t.Run("broken "+name, func(t *testing.T) {
			b := make()
			many(b, "text\n")
			r := b.run()
			failed, untried, changed := counts(r)
			if r.Processes > 60 || failed < manyFailures || changed != 0 || failed+untried != files+1 {
				t.Errorf("%d processes, %d failed, %d untried, %d changed", r.Processes, failed, untried, changed)
			}
		})
	}
	t.Run("only the first are broken", func(t *testing.T) {
		b := newBed(t, `for f; do case $(cat "$f") in bad) echo bad >&2; exit 3; esac; done; `+upper)
		many(b, "text\n")
		b.Choose("a.x").Others = true // one batch, in the order of the files
		b.write("a.x", "bad\n")       // that one comes first
		for i := range 12 {
			b.write(fmt.Sprintf("a/f%d.x", i), "bad\n")
		}
		failed, _, changed := counts(b.run())
		if failed < manyFailures || changed < files/2 {
			t.Errorf("%d failed, %d changed", failed, changed)
		}
	})
	t.Run("it has succeeded before", func(t *testing.T) {
		b := newBed(t, `for f; do case $(cat "$f") in bad) echo bad >&2; exit 3; esac; done; `+upper)
		for i := range 40 {
			b.write(fmt.Sprintf("z/f%d.x", i), "bad\n")
		}
		b.Choose("a.x").Others = true // one batch, in the order of the files
		if failed, untried, changed := counts(b.run()); failed != 40 || untried != 0 || changed != 1 {
			t.Errorf("%d failed, %d untried, %d changed", failed, untried, changed)
		}
	})
}
