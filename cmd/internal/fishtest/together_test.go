package fishtest

import (
	"fmt"
	"sync"
	"testing"
)

// TestTwoShellsWhileInputsChange: both follow, neither is torn, both restore.
func TestTwoShellsWhileInputsChange(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	text := func(i int) string {
		return fmt.Sprintf("[env]\nA = \"%d\"\nB_%d = \"%d\"\nC = \"${C}-%d\"\n[path]\nprepend = [\"bin%d\"]\n", i, i%3, i, i, i)
	}
	dir := b.Allowed("p", text(0))
	const shells, versions = 2, 8
	var fish [shells]*Fish
	var before [shells]State
	for i := range fish {
		fish[i] = Start(t, b, Options{})
		fish[i].Source("set -gx A before; set -gx C c d; set -gx B_1 before")
		before[i] = fish[i].Snapshot()
		fish[i].OK("cd " + dir)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for _, f := range fish {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				out, _ := f.Run(`echo "$A" "$C" "$PATH[1]"`)
				var a, c int
				var path string
				if n, err := fmt.Sscanf(lastLine(out), "%d c d-%d %s", &a, &c, &path); n != 3 || a != c || path != fmt.Sprintf("%s/bin%d", dir, a) {
					t.Errorf("a torn environment: %q (%v)", out, err)
					return
				}
			}
		})
	}
	for i := 1; i <= versions; i++ {
		b.Write(dir+"/devsh.toml", text(i))
		b.Allow(t, dir)
	}
	close(stop)
	wg.Wait()
	for i, f := range fish {
		f.OK("true")
		checkInside(t, before[i], f.Snapshot(), dir, deltaOf(t, b, dir))
		f.OK("cd " + b.Home)
		checkSame(t, "after leaving", before[i], f.Snapshot())
	}
}
