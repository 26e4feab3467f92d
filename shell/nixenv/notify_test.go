package nixenv

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestNotifier(t *testing.T) {
	step := func(n int) Progress { return Progress{Done: n} }
	t.Run("at most every 100 ms, and the latest", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var got []int
			var at []time.Duration
			start := time.Now()
			n := startNotifier(func(p Progress) {
				got = append(got, p.Done)
				at = append(at, time.Since(start))
			})
			for i := 1; i <= 40; i++ {
				n.set(step(i))
				n.set(step(i))                     // nothing new
				<-time.After(7 * time.Millisecond) // the clock is not the real one
			}
			<-time.After(time.Second) // the clock is not the real one
			n.stop()
			n.set(step(99)) // too late, and no harm
			if want := []int{1, 15, 29, 40}; !slices.Equal(got, want) {
				t.Errorf("told %v at %v, want %v", got, at, want)
			}
			for i := 1; i < len(at); i++ {
				if at[i]-at[i-1] < notifyEvery {
					t.Errorf("told at %v", at)
				}
			}
		})
	})
	t.Run("who is slow holds up nobody", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			held := make(chan bool)
			told := 0
			n := startNotifier(func(Progress) {
				told++
				<-held
			})
			start := time.Now()
			for i := range 1000 {
				n.set(step(i + 1))
				synctest.Wait()
			}
			if waited := time.Since(start); waited != 0 {
				t.Errorf("it took %v", waited)
			}
			go func() {
				<-time.After(time.Minute) // the clock is not the real one
				close(held)
			}()
			n.stop()
			if told != 1 || time.Since(start) != time.Minute {
				t.Errorf("stopped after %v, told %d times", time.Since(start), told)
			}
		})
	})
}
