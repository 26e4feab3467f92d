package fishtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// published is a bed whose projects need no permission, with one of them.
type published struct {
	*Bed
	t     *testing.T
	dir   string
	count int
}

func newPublished(t *testing.T) *published {
	p := &published{Bed: newBed(t), t: t}
	p.Write("config/devsh/config.toml", "[trust]\nroots = [\"~/dev\"]\n")
	p.dir = p.Project("p", "")
	return p
}

// publish makes another generation of the project, which wakes the shells.
func (p *published) publish() {
	p.t.Helper()
	p.count++
	p.Write(p.dir+"/devsh.toml", fmt.Sprintf("[env]\nN = \"%d\"\n", p.count))
	p.Devsh(p.t, "reload", p.dir)
}

// arrives waits until the shell has what was published last, without a key.
func (p *published) arrives(f *Fish) {
	p.t.Helper()
	awaitFile(p.t, filepath.Join(f.dir, fmt.Sprintf("n%d", p.count)))
}

const noteN = `function noted --on-variable N; set -q N; and echo $N >$FISHTEST_DIR/n$N; end`

func (p *published) start() *Fish {
	p.t.Helper()
	f := Start(p.t, p.Bed, Options{})
	f.OK("set -gx FISHTEST_DIR " + f.dir + "; " + noteN)
	p.publish()
	f.OK("cd " + p.dir)
	p.publish()
	p.arrives(f)
	return f
}

// TestWokenAfterExecBash: what the shell has become is not touched.
func TestWokenAfterExecBash(t *testing.T) {
	t.Parallel()
	for _, program := range []string{
		"bash --norc --noprofile",
		`bash --norc --noprofile -c 'trap "echo I was woken" URG; exec -a fish bash --norc --noprofile'`,
		`bash --norc --noprofile -c 'trap "echo I was woken" URG; echo in1; while read -r line; do eval "$line"; done'`,
	} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			p := newPublished(t)
			f := p.start()
			mark := f.Session.Mark()
			f.typeLine("exec " + program)
			f.typeLine("echo in$((0+1))")
			f.shows("in1\r?\n", mark)
			for range 3 {
				p.publish()
			}
			f.typeLine("echo alive$((6*7))")
			f.shows("alive42\r?\n", mark)
			if shown := Plain(f.Session.Output(mark)); strings.Contains(shown, "I was woken\n") {
				t.Errorf("it was woken:\n%s", shown)
			}
		})
	}
}

// TestWokenDuringConfig: a fish that another one became, with its number and
// its age, has no handler yet. It looks by itself when it has one, and is woken
// from then on.
func TestWokenDuringConfig(t *testing.T) {
	t.Parallel()
	p := newPublished(t)
	hold, held := filepath.Join(p.Tmp, "hold"), filepath.Join(p.Tmp, "held")
	p.ConfigFish("if test -e "+hold+"; echo held >"+held+"; while test -e "+hold+"; command sleep 0.01; end; end", noteN)
	f := p.start()
	p.Write(hold, "")
	before := f.PID()
	f.typeLine("exec " + p.fish)
	awaitFile(t, held)
	for range 3 {
		p.publish()
	}
	if err := os.Remove(hold); err != nil {
		t.Fatal(err)
	}
	f.await("exec fish")
	if f.PID() != before {
		t.Fatalf("the shell is %s now and was %s", f.PID(), before)
	}
	if got, want := f.OK("echo $N"), fmt.Sprintln(p.count); got != want {
		t.Errorf("N is %q, want %q", got, want)
	}
	p.publish()
	p.arrives(f)
}
