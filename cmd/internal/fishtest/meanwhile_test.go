package fishtest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
)

// TestLeftBeforeReady: who has left while it was built gets nothing of it: no
// variable, no message, at no prompt.
func TestLeftBeforeReady(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	dir := b.flake("p")
	other := b.Allowed("other", "[env]\nOTHER = \"1\"\n")
	for _, to := range []string{b.Home, other, b.Dev} {
		t.Run(filepath.Base(to), func(t *testing.T) {
			f := Start(t, b.Bed, Options{})
			f.Within(t)
			gate := b.gate + filepath.Base(to)
			dir := b.gated("p-"+filepath.Base(to), gate)
			f.OK("cd " + to)
			f.OK("true")
			before := f.Snapshot()
			f.OK("cd " + dir)
			mark := f.Session.Mark()
			f.OK("cd " + to)
			stop := f.disturb(t, f.PID())
			b.Write(gate, "")
			b.Devsh(t, "exec", "--dir", dir, "--", "true") // waits for it
			stop()                                         // before a line prints: see TestNoKeyIsLost
			f.OK("true")
			f.OK("true")
			checkSame(t, "after leaving", before, f.Snapshot())
			if shown := Plain(f.Session.Output(mark)); strings.Contains(shown, "hook says") || strings.Contains(shown, "devsh: p-") {
				t.Errorf("the terminal shows:\n%s", shown)
			}
			mark = f.Session.Mark()
			if got := f.OK("cd " + dir + "; echo $FROM_FLAKE"); !strings.HasSuffix(got, filepath.Base(dir)+"\n") {
				t.Errorf("on coming back: %q", got)
			}
			f.OK("true")
			f.expect(mark, "the hook says 42")
			f.OK("cd " + to)
			checkSame(t, "after leaving again", before, f.Snapshot())
		})
	}
	b.nobodyThere(t, dir)
}

// nobodyThere is the same for a shell that has ended meanwhile.
func (b *builds) nobodyThere(t *testing.T, dir string) {
	f := Start(t, b.Bed, Options{})
	f.OK("cd " + dir)
	f.typeLine("exit")
	<-f.Session.Done()
	b.open()
	b.Devsh(t, "exec", "--dir", dir, "--", "true")
	if _, err := os.Stat(b.Home + "/state/devsh/v1/shells/" + f.PID()); !os.IsNotExist(err) {
		t.Errorf("the notes of the shell that has ended: %v", err)
	}
}

// TestTwoAtOnce: projects that are built at the same time come each to the
// shells that stand in it, also to one that went from the one to the other.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	p, q := b.flake("p"), b.flake("q")
	inP, inQ, walker := Start(t, b.Bed, Options{}), Start(t, b.Bed, Options{}), Start(t, b.Bed, Options{})
	before := walker.Snapshot()
	files := map[*Fish]string{}
	for _, f := range []*Fish{inP, inQ, walker} {
		files[f] = b.onArrival(f)
	}
	inP.OK("cd " + p)
	inQ.OK("cd " + q)
	walker.OK("cd " + p)
	walker.OK("cd " + q)
	walker.OK("cd " + p)
	walker.OK("cd " + q)
	b.open()
	for f, want := range map[*Fish]string{inP: "p\n", inQ: "q\n", walker: "q\n"} {
		awaitFile(t, files[f])
		if got := f.OK("cat " + files[f] + "; echo $FROM_FLAKE"); got != want+want {
			t.Errorf("a shell in %q has %q", want, got)
		}
	}
	if got := walker.OK("cd " + p + "; echo $FROM_FLAKE"); !strings.HasSuffix(got, "p\n") {
		t.Errorf("on going back: %q", got)
	}
	if n := b.evaluations(); n != 2 {
		t.Errorf("nix was run %d times", n)
	}
	walker.OK("functions -e arrived; cd")
	checkSame(t, "after leaving", before, walker.Snapshot())
}

// TestColdWithinActive: in a cold flake inside of another project that one's
// environment stays until the inner one's comes, which has both.
func TestColdWithinActive(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"through the outer one", "at once", "cold outer"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			b := newBuilds(t)
			outer := filepath.Join(b.Dev, "outer")
			outerGate := filepath.Join(b.Tmp, "outer-gate")
			if way == "cold outer" {
				nixtest.Flake(t, outer, nixtest.Shell{Vars: map[string]string{"OUTER": "1"}, Builder: waitFor(outerGate)})
				b.Allow(t, outer)
			} else {
				b.Allowed("outer", "[env]\nOUTER = \"1\"\n[aliases]\nhi = \"echo hi\"\n")
			}
			inner := b.flake("outer/inner")
			f := Start(t, b.Bed, Options{})
			before := f.Snapshot()
			arrived := b.onArrival(f)
			if way != "at once" {
				f.OK("cd " + outer)
			}
			f.OK("cd " + inner)
			want := "1 0\n"
			if way == "cold outer" {
				want = "0 0\n"
			}
			if got := f.OK("echo (set -q OUTER; and echo 1; or echo 0) (set -q FROM_FLAKE; and echo 1; or echo 0)"); got != want {
				t.Errorf("while it is built: %q, want %q", got, want)
			}
			b.Write(outerGate, "")
			b.open()
			awaitFile(t, arrived)
			if got := f.OK("echo $OUTER $FROM_FLAKE"); got != "1 outer/inner\n" {
				t.Errorf("when it is built: %q", got)
			}
			if got := f.OK("cd " + outer + "; echo $OUTER (set -q FROM_FLAKE; and echo $FROM_FLAKE)"); !strings.HasSuffix(got, "1\n") && !strings.HasSuffix(got, "1 \n") {
				t.Errorf("in the outer one: %q", got)
			}
			f.OK("functions -e arrived; cd")
			checkSame(t, "after leaving", before, f.Snapshot())
		})
	}
}

// waitFor is a builder that waits for a file.
func waitFor(gate string) string {
	return "PATH=/usr/bin:/bin; until [[ -e " + gate + " ]]; do sleep 0.02; done; echo >$out"
}

// TestChangedWhileBuilt: what was made from inputs that are no longer so is
// never an environment; that of the new ones comes by itself if they are
// allowed, and after one evaluation more.
func TestChangedWhileBuilt(t *testing.T) {
	t.Parallel()
	for _, allowed := range []bool{true, false} {
		t.Run("allowed "+strconv.FormatBool(allowed), func(t *testing.T) {
			t.Parallel()
			b := newBuilds(t)
			dir, started := filepath.Join(b.Dev, "p"), b.gate+".started"
			version := func(n int) {
				nixtest.Flake(t, dir, nixtest.Shell{
					Vars: map[string]string{"N": strconv.Itoa(n)}, Builder: "echo >" + started + "\n" + waitFor(b.gate) + "\n# " + strconv.Itoa(n),
				})
			}
			version(1)
			if allowed {
				b.Write("config/devsh/config.toml", "[trust]\nroots = [\"~/dev\"]\n")
			} else {
				b.Allow(t, dir)
			}
			f := Start(t, b.Bed, Options{})
			f.OK("set -gx FISHTEST_DIR " + f.dir + "; " + noteN)
			f.OK("cd " + dir)
			awaitFile(t, started) // nix has read the flake: it would read the next one, half written
			version(2)
			f.OK("true")
			f.OK("true")
			version(3)
			f.OK("true")
			b.open()
			most := 1
			if allowed {
				most = 2
				awaitFile(t, filepath.Join(f.dir, "n3"))
			} else {
				b.TryDevsh(t, "exec", "--dir", dir, "--", "true") // waits for it
				// Whoever is woken at an idle prompt tells it at the next one.
				told := regexp.MustCompile("changed since you allowed it: flake.nix|not allowed")
				eventually(t, "the change is told", func() bool {
					f.OK("true")
					return told.MatchString(Plain(f.Session.Output(0)))
				})
			}
			for n := 1; n <= 2; n++ {
				if text, err := os.ReadFile(filepath.Join(f.dir, fmt.Sprint("n", n))); err == nil {
					t.Errorf("N was %q for a while", text)
				}
			}
			if n := b.evaluations(); n > most {
				t.Errorf("nix was run %d times:\n%s", n, strings.Join(b.nix.Runs(t), "\n"))
			}
		})
	}
}
