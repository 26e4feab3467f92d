package activation

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/nixenv"
	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
)

// TestAllowedMeanwhile: what the user decides while another process is at the
// project does not get lost: the one who asks waits for it, however impatient,
// and a worker looks again when it is done.
func TestAllowedMeanwhile(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.write("p/devsh.toml", "[env]\nA = \"1\"\n")
	dir := b.dev + "/p"
	if e := b.resolve("p"); e.State != NotAllowed {
		t.Fatalf("before: %s", e.State)
	}
	lock, err := b.Store.lock(t.Context(), b.Store.Place(dir), nil)
	if err != nil {
		t.Fatal(err)
	}
	b.allow("p")
	result := make(chan *Entry)
	go func() {
		e, err := b.Resolve(t.Context(), dir, Options{Judge: true, Background: func(string, *os.File) (*Worker, error) { return nil, errors.New("nothing takes long") }, Grace: time.Millisecond})
		if err != nil {
			t.Error(err)
		}
		result <- e
	}()
	select {
	case e := <-result:
		t.Fatalf("it did not wait: %s", e.State)
	case <-time.After(50 * time.Millisecond):
	}
	lock.Close()
	if e := <-result; e == nil || e.State != OK {
		t.Errorf("after: %+v", e)
	}
}

// TestJudgedMeanwhile: the user decides while nix evaluates, or when the result
// has just been published.
func TestJudgedMeanwhile(t *testing.T) {
	for _, after := range []bool{false, true} {
		b := newNixBed(t)
		b.write("outer/devsh.toml", "[env]\nA = \"1\"\n")
		b.flake("outer/allow", nixtest.Shell{Vars: map[string]string{"FOO": "1"}}, nil)
		b.flake("deny", nixtest.Shell{Vars: map[string]string{"FOO": "2"}}, nil)
		b.during(after, func() { b.allow("outer") })
		if e := b.resolve("outer/allow"); b.value(e, "FOO") != "1" || b.value(e, "A") != "1" {
			t.Errorf("allowed, after it was published %t: %+v", after, e)
		}
		b.during(after, func() {
			if err := b.trust().Deny(b.dev+"/deny", time.Now()); err != nil {
				t.Error(err)
			}
		})
		e := b.resolve("deny")
		if e.State != Denied || e.Generation != None {
			t.Errorf("denied, after it was published %t: %+v", after, e)
		}
		if made := b.Store.Place(b.dev + "/deny").generations(); !after && len(made) > 0 {
			t.Errorf("what was denied became %q", made)
		}
	}
}

// TestNoHookAfterwards: what the user decides, and what changes, while nix
// evaluates keeps the shellHook from being run.
func TestNoHookAfterwards(t *testing.T) {
	t.Parallel()
	deny := func(b nixBed, name string) {
		if err := b.trust().Deny(b.dev+"/"+name, time.Now()); err != nil {
			b.t.Error(err)
		}
	}
	for what, c := range map[string]struct {
		trusted bool
		do      func(b nixBed)
		want    State
	}{
		"denied":               {do: func(b nixBed) { deny(b, "p") }, want: Denied},
		"another file changed": {do: func(b nixBed) { b.write("p/devsh.toml", "[env]\nB = \"2\"\n") }, want: Changed},
		"no longer trusted":    {trusted: true, do: func(b nixBed) { b.write("../config.toml", "") }, want: Failed},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := newNixBed(t)
			gate, hooked := b.Home+"/gate", b.Home+"/hooked"
			b.write("p/devsh.toml", "[env]\nB = \"1\"\n")
			b.Settings.TrustedTrees = b.Settings.Roots
			shell := nixtest.Shell{Hook: "touch " + hooked, Builder: "PATH=/usr/bin:/bin; until [[ -e " + gate + " ]]; do sleep 0.02; done; echo >$out"}
			nixtest.Flake(t, b.dev+"/p", shell)
			if !c.trusted {
				b.Settings.TrustedTrees = nil
				b.allow("p")
			}
			b.during(false, func() {
				c.do(b)
				b.write("../gate", "")
			})
			if e := b.resolve("p"); e.State != c.want {
				t.Errorf("%s: %s", e.State, e.Note)
			}
			if _, err := os.Stat(hooked); err == nil {
				t.Error("the shellHook ran")
			}
		})
	}
}

// during does something while nix evaluates, or when the result has been
// published.
func (b nixBed) during(after bool, do func()) {
	var done bool
	once := func() {
		if !done {
			done = true
			do()
		}
	}
	b.Progress, b.Now = func(nixenv.Progress) { once() }, time.Now
	if after {
		calls := 0
		b.Progress = nil
		b.Now = func() time.Time {
			if calls++; calls > 1 { // the first is for the entry, the next are for collecting
				once()
			}
			return time.Now()
		}
	}
}
