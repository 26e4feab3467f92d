package fishtest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
)

// number reads a test's parameter from the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestRandomWalks: two shells get the same variables and the same changes, and
// one of them also walks through projects. In each project it has what package
// env makes of the other's environment, and in the end both are the same.
func TestRandomWalks(t *testing.T) {
	t.Parallel()
	n := number(t, "DEVSH_TEST_N", 12)
	seed := number(t, "DEVSH_TEST_SEED", rand.Uint64N(1<<32))
	t.Logf("DEVSH_TEST_SEED=%d DEVSH_TEST_N=%d", seed, n)
	for i := range n {
		t.Run(fmt.Sprint(seed+i), func(t *testing.T) {
			w := &randomWalk{r: rand.New(rand.NewPCG(seed+i, 0)), b: newBed(t), t: t}
			w.run()
		})
	}
}

type randomWalk struct {
	t             *testing.T
	r             *rand.Rand
	b             *Bed
	walker, other *Fish
	names         []string
	projects      []string
	deltas        map[string]env.Delta
	in            string // the project where the walker is
	changed       bool   // since it came there
	log           []string
}

func (w *randomWalk) run() {
	defer func() {
		if w.t.Failed() {
			w.t.Logf("what was done:\n  %s", strings.Join(w.log, "\n  "))
		}
	}()
	for i := range 2 + w.r.IntN(6) {
		w.names = append(w.names, fmt.Sprintf("R%d%s", i, pick(w.r, []string{"", "", "_PATH"})))
	}
	w.makeProjects()
	w.walker = Start(w.t, w.b, Options{})
	w.other = Start(w.t, w.b, Options{})
	var setup []string
	for _, name := range w.names {
		setup = append(setup, w.define(name, true))
	}
	w.both(strings.Join(setup, "\n"))
	for range 4 + w.r.IntN(5) {
		w.step()
	}
	w.log = append(w.log, "leave")
	w.walker.OK("cd " + Quote(w.b.Home))
	want := w.other.Snapshot()
	got := w.walker.Snapshot()
	checkSame(w.t, "in the end, against the shell that stayed outside", like(want, got), got)
}

// makeProjects makes two projects side by side and one within the first.
func (w *randomWalk) makeProjects() {
	w.deltas = map[string]env.Delta{}
	for _, name := range []string{"one", "two", "one/within"} {
		var text string
		var delta env.Delta
		for {
			text = w.manifest()
			dir := w.b.Project(name, text)
			delta = deltaOf(w.t, w.b, dir)
			if name != "one/within" {
				break
			}
			// A reference to a list of the outer project is an error of its own.
			if d, err := env.Compose(w.deltas[w.b.Dev+"/one"], delta); err == nil {
				delta = d
				break
			}
		}
		dir := w.b.Dev + "/" + name
		w.b.Allow(w.t, dir)
		w.projects = append(w.projects, dir)
		w.deltas[dir] = delta
		w.log = append(w.log, fmt.Sprintf("%s/devsh.toml is %q", dir, text))
	}
}

func (w *randomWalk) manifest() string {
	var some []string
	for _, name := range w.names {
		if w.r.IntN(3) > 0 {
			some = append(some, name)
		}
	}
	if len(some) == 0 {
		some = w.names[:1] // a project that wants nothing has no generation to be in
	}
	text := manifestText(some, func(string) action {
		if w.r.IntN(3) == 0 {
			return action{env: "%s = " + strings.ReplaceAll(toml(w.text()), "%", "%%")}
		}
		return pick(w.r, actions)
	})
	if w.r.IntN(3) > 0 {
		text += "[path]\n"
		if w.r.IntN(4) > 0 {
			text += `prepend = ["bin", "/opt/p"]` + "\n"
		}
		if w.r.IntN(2) > 0 {
			text += `append = ["/zz"]` + "\n"
		}
	}
	return text
}

// text returns a string that TOML can hold and that is no template.
func (w *randomWalk) text() string {
	var b strings.Builder
	for range w.r.IntN(12) {
		switch w.r.IntN(3) {
		case 0:
			b.WriteByte(byte(1 + w.r.IntN(127)))
		case 1:
			b.WriteString(pick(w.r, []string{"a", ":", " ", "\n", `\`, "'", `"`, "$", "*", "é", "日"}))
		default:
			b.WriteRune(rune(pick(w.r, []int{'x', 0xa0, 0xd7ff, 0xe000, 0xf6ff, 0xfffd, 0x1f600, 0x10ffff})))
		}
	}
	return strings.ReplaceAll(b.String(), "${", "$")
}

// bytes returns any bytes but NUL.
func (w *randomWalk) bytes() string {
	b := make([]byte, w.r.IntN(8))
	for i := range b {
		b[i] = byte(1 + w.r.IntN(255))
	}
	return pick(w.r, []string{string(b), string(b), w.text(), "a", ""})
}

// define returns code that gives a variable some value in some form, for the
// first time or as a change.
func (w *randomWalk) define(name string, first bool) string {
	if first && w.r.IntN(3) == 0 {
		k := pick(w.r, kinds)
		return k.setup(name)
	}
	flags := pick(w.r, []string{"-gx", "-gx", "-gu", "-gx --path", "-gu --path", "-gx --unpath"})
	var list []string
	if !first {
		// A change to just what the project has set is none.
		list = append(list, fmt.Sprintf("mine%d", w.r.IntN(100)))
	}
	for range w.r.IntN(4) {
		list = append(list, w.bytes())
	}
	return "set " + flags + " " + name + QuoteAll(list)
}

// both runs code in both shells.
func (w *randomWalk) both(code string) {
	w.log = append(w.log, "both: "+code)
	w.changed = true
	w.walker.Source(code + "\ntrue")
	w.other.Source(code + "\ntrue")
}

func (w *randomWalk) step() {
	switch w.r.IntN(5) {
	case 0:
		name := pick(w.r, w.names)
		code := pick(w.r, []string{w.define(name, false), w.define(name, false), "set -eg " + name})
		if w.deltas[w.in].Unset[name] {
			code = w.define(name, false) // erasing what the project has erased changes nothing inside
		}
		w.both(code)
	case 1:
		w.both(fmt.Sprintf(pick(w.r, []string{
			"set -gp PATH /mine/%d", "set -ga PATH /mine/%d", "set -gx PATH (string match -v -- /bin $PATH) # %d",
			"set -gx PATH $PATH /mine/%[1]d /mine/%[1]d", "fish_add_path -gP $HOME # %d",
		}), w.r.IntN(100)))
	default:
		dir := pick(w.r, w.projects)
		w.log = append(w.log, "cd "+dir)
		w.walker.OK("cd " + Quote(dir))
		if dir == w.in && w.changed {
			return // it was there all the time, and what was changed there stays
		}
		w.in, w.changed = dir, false
		got := w.walker.Snapshot()
		checkInside(w.t, like(w.other.Snapshot(), got), got, dir, w.deltas[dir])
	}
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	return lines[len(lines)-1]
}
