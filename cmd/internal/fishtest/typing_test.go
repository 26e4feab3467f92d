package fishtest

import (
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// disturb wakes a shell at random moments until the test ends, or the function
// that it returns is called: up to 10 times within a few milliseconds, then not
// for as long as even a busy machine needs to answer that. A shell that is woken
// faster than it answers, for ever, would do nothing else.
func (f *Fish) disturb(t *testing.T, pid string) (stop func() (signals int)) {
	t.Helper()
	n, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	seed := number(t, "DEVSH_TEST_SEED", rand.Uint64N(1<<32))
	t.Logf("DEVSH_TEST_SEED=%d", seed)
	quit, sent := make(chan struct{}), make(chan int)
	go func() {
		r := rand.New(rand.NewPCG(seed, 0))
		for signals, burst := 0, 0; ; {
			pause := time.Duration(r.IntN(2_000)) * time.Microsecond
			if burst--; burst < 0 {
				burst = r.IntN(10)
				pause = time.Duration(10_000+r.IntN(90_000)) * time.Microsecond
			}
			select {
			case <-quit:
				sent <- signals
				return
			case <-time.After(pause):
				_ = syscall.Kill(n, syscall.SIGURG)
				signals++
			}
		}
	}()
	return func() int {
		close(quit)
		return <-sent
	}
}

// keys is something that a person types, in pieces.
type keys struct {
	name   string
	setup  string
	before []step // while it is built
	after  []step // when the environment has come
	want   string // what is printed
	ahead  string // what is printed then by what was typed ahead
}

// step is keys, and what the terminal must show before the next ones, if
// anything: else they would mean something else.
type step struct{ keys, shows string }

func plain(pieces ...string) (steps []step) {
	for _, p := range pieces {
		steps = append(steps, step{keys: p})
	}
	return steps
}

var manyKeys = []keys{
	{
		name:   "a line, and back in it",
		before: plain("echo", " a", "b", "c", "\x1b[D", "\x1b[D"), after: plain("X", "\x05 d", "\r"), want: "aXbc d\n",
	},
	{
		name: "history search", setup: "echo needle-1; echo needle-2\necho hay",
		before: plain("need", "le", "\x1b[A"), after: plain("\x05", "; echo end", "\r"), want: "needle-1\nneedle-2\nend\n",
	},
	{
		name: "history search goes on", setup: "echo needle-1\necho needle-2",
		before: plain("needle", "\x1b[A"), after: plain("\x1b[A", "\x05x", "\r"), want: "needle-1x\n",
	},
	{
		// So many that it is on the screen only when it was searched for.
		name: "Ctrl-R", setup: "echo needle-1\n" + hay(30),
		before: []step{{"\x12", "search:"}, {"need", "needle-1"}},
		after:  plain("le", "\r", "\x05 x", "\r"), want: "needle-1 x\n",
	},
	{
		name: "the pager", setup: "cd files",
		before: []step{{"echo fil\t", "(?s)file-a.*a.*file-a.*b.*file-a.*c"}, {keys: "\t"}, {keys: "\t"}},
		after:  plain("\t", " ", "end", "\r"), want: "file-ac end\n",
	},
	{
		name:   "vi",
		setup:  "set -g fish_escape_delay_ms 10; function fish_mode_prompt; echo \"<$fish_bind_mode>\"; end; set -g fish_key_bindings fish_vi_key_bindings",
		before: []step{{keys: "echo one two"}, {"\x1b", "<default>"}, {"bcw", "<insert>"}, {keys: "th"}},
		after:  []step{{keys: "ree"}, {"\x1b", "<default>"}, {keys: "0wD"}, {keys: "P"}, {keys: "$"}, {"a", "<insert>"}, {keys: " x\r"}},
		want:   "one three x\n",
	},
	{
		name:   "a paste of lines",
		before: plain("\x1b[200~echo a", "\necho b\necho", " c"), after: plain(" d\n", "echo e\x1b[201~", "\r"), want: "a\nb\nc d\ne\n",
	},
	{
		name:   "many lines",
		before: plain("begin", "\r", "echo in1\r", "for i in 1 2\r", "echo $i"), after: plain(" x\r", "end\r", "end", "\r"), want: "in1\n1 x\n2 x\n",
	},
	{
		name:   "ahead of the prompt",
		before: plain("while not set -q FROM_FLAKE; command sleep 0.01; end; echo done\r", "ec", "ho ahe"), after: plain("ad"), want: "done\n", ahead: "ahead\n",
	},
}

// hay is some commands, a line each.
func hay(n int) string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = "echo hay-" + strconv.Itoa(i)
	}
	return strings.Join(lines, "\n")
}

// TestNoKeyIsLost: whatever is typed while an environment is built, while the
// shell is woken again and again, and when the environment comes, counts as it
// would without.
func TestNoKeyIsLost(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	for n, k := range manyKeys {
		t.Run(k.name, func(t *testing.T) {
			gate := b.gate + strconv.Itoa(n)
			dir := b.gated("p"+strconv.Itoa(n), gate)
			for _, file := range []string{"file-aa", "file-ab", "file-ac"} {
				b.Write(dir+"/files/"+file, "")
			}
			f := Start(t, b.Bed, Options{})
			f.Within(t)
			arrived := b.onArrival(f)
			f.OK("cd " + dir)
			if k.setup != "" {
				for _, line := range strings.Split(k.setup, "\n") {
					f.OK(line)
				}
			}
			from, count := f.Session.Mark(), f.last.count
			stop := f.disturb(t, f.PID())
			f.press(k.before)
			// A builtin of fish loses what it prints when a signal comes just
			// then («write: Interrupted system call»): not while a line prints.
			signals, last := 0, len(k.after)-1
			if k.ahead != "" {
				signals, last = stop(), 0
			}
			b.Write(gate, "")
			awaitFile(t, arrived)
			f.press(k.after[:last])
			if k.ahead == "" {
				signals = stop()
			}
			f.press(k.after[last:])
			f.await(k.name)
			got := f.output(from, count)
			if k.ahead != "" { // the terminal itself echoes what is typed while a command runs
				got = without(got, append(k.before[1:], k.after...))
			}
			if got != k.want {
				t.Errorf("printed %q, want %q", got, k.want)
			}
			if got := f.OK("; echo $FROM_FLAKE"); got != k.ahead+filepath.Base(dir)+"\n" {
				t.Errorf("then it printed %q", got)
			}
			t.Logf("%d signals", signals)
		})
	}
}

// without takes each of the keys out of a text once, if it is there.
func without(text string, keys []step) string {
	for _, k := range keys {
		text = strings.Replace(text, k.keys, "", 1)
	}
	return text
}

// press types what a person does, step by step.
func (f *Fish) press(steps []step) {
	f.t.Helper()
	for _, s := range steps {
		mark := f.Session.Mark()
		if err := f.Session.Type(s.keys); err != nil {
			f.t.Fatal(err)
		}
		if s.shows != "" {
			f.shows(s.shows, mark)
		}
	}
}
