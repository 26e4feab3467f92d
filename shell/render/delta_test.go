package render_test

import (
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hbohlen/devsh/hooks"
	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/render"
)

const id = "0123456789abcdef0123"

// deltaBed is a fish with the hook's functions, for rendered generations.
type deltaBed struct {
	fish *fishProcess
	path string
}

func newDeltaBed(t testing.TB) *deltaBed {
	t.Helper()
	hook := filepath.Join(t.TempDir(), "hook.fish")
	if err := os.WriteFile(hook, []byte(hooks.Fish("/nowhere/devsh")), 0o600); err != nil {
		t.Fatal(err)
	}
	return &deltaBed{path: fishPath(t), fish: startFish(t, "source "+hook+"\n", "-i")}
}

// environment is what a program started in the shell gets.
func (b *deltaBed) environment(t testing.TB, file string) env.Env {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(b.fish.dir, file))
	if err != nil {
		t.Fatal(err)
	}
	e := env.FromList(strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00"))
	for _, own := range []string{"PWD", "SHLVL", "_", "OLDPWD"} {
		delete(e, own)
	}
	return e
}

// check renders the delta and walks in and out of it, in fish and in the model.
func (b *deltaBed) check(t *testing.T, before env.Env, d env.Delta) {
	t.Helper()
	script := render.FishGeneration(id, d)
	file := b.fish.write(t, "enter.fish", string(script))
	if out, err := exec.Command(b.path, "--no-config", "-n", file).CombinedOutput(); err != nil {
		t.Fatalf("fish does not parse it: %s\n%s", out, script)
	}
	var code strings.Builder
	// What a shell remembers of a generation: here, all have the same name.
	code.WriteString("set -eg (set -ng | string match -r '^__devsh_(?:had|missing)_.*')\n")
	names := append(d.Variables(), someNames...)
	for _, n := range names {
		if n != env.Path {
			code.WriteString("set -eg " + n + "\n")
		}
	}
	for _, n := range before.List() {
		name, value, _ := strings.Cut(n, "=")
		if name == env.Path {
			code.WriteString("set -gx --path PATH " + render.QuoteFish(value) + "\n")
			continue
		}
		code.WriteString("set -gx " + name + " " + render.QuoteFish(value) + "\n")
	}
	dir := render.QuoteFish(b.fish.dir)
	code.WriteString("functions -n | string join0 >" + dir + "/functions0\ncommand env -0 >" + dir + "/env0\n")
	code.WriteString("source " + render.QuoteFish(file) + "\n__devsh_enter_" + id + "\nset -g __devsh_generation " + id + "\nset -gx DEVSH_GENERATION g; set -gx DEVSH_PROJECT p\n")
	code.WriteString("command env -0 >" + dir + "/env1\n__devsh_off ok\ncommand env -0 >" + dir + "/env2\n")
	code.WriteString("functions -e __devsh_{enter,unpath,leave,undo,data,adopt,hook_enter,hook_leave}_" + id + "\nfunctions -n | string join0 >" + dir + "/functions2\n")
	b.fish.source(t, code.String())

	outside := b.environment(t, "env0")
	if after := b.environment(t, "env2"); !maps.Equal(after, outside) {
		t.Errorf("leaving does not restore:\nbefore %q\nafter  %q\n%s", outside, after, script)
	}
	if inside, want := b.environment(t, "env1"), env.Enter(outside, d, "g", "p"); !maps.Equal(inside, want) {
		t.Errorf("entering is not what package env says:\nfish %q\nenv  %q\n%s", inside, want, script)
	}
	f0, _ := os.ReadFile(filepath.Join(b.fish.dir, "functions0"))
	f2, _ := os.ReadFile(filepath.Join(b.fish.dir, "functions2"))
	if string(f0) != string(f2) {
		t.Errorf("functions came or went:\nbefore %.300q\nafter  %.300q", f0, f2)
	}
}

var someNames = []string{"A", "B", "L_PATH", "M", "XDG_DATA_DIRS", "MANPATH"}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// randomDelta makes a delta of the pieces of text.
func randomDelta(r *rand.Rand, pieces []string) env.Delta {
	d := env.Delta{Set: map[string]env.Value{}, Unset: map[string]bool{}, Lists: map[string]env.List{}, Aliases: map[string]env.Alias{}}
	for _, n := range someNames {
		switch r.IntN(5) {
		case 0:
			d.Set[n] = env.Lit(pick(r, pieces))
		case 1:
			d.Set[n] = env.Value{{Text: pick(r, pieces)}, {Ref: pick(r, []string{"A", "B", "M", "NEVER_SET"})}, {Text: pick(r, pieces)}}
		case 2:
			d.Unset[n] = true
		case 3:
			d.Lists[n] = randomList(r, pieces)
		}
	}
	if r.IntN(2) == 0 {
		d.Lists[env.Path] = randomList(r, pieces)
	}
	if r.IntN(2) == 0 {
		d.Aliases["zz"+pick(r, []string{"a", "b"})] = env.Alias{Dir: "/" + pick(r, pieces), Text: pick(r, pieces)}
	}
	if r.IntN(2) == 0 {
		d.Functions = map[string]env.Function{"zz" + pick(r, []string{"b", "c"}): {Dir: "/" + pick(r, pieces), Bash: "/" + pick(r, pieces), Script: "0"}}
		for name := range d.Functions {
			delete(d.Aliases, name)
		}
	}
	if r.IntN(3) == 0 {
		d.ShellHooks = []env.ShellHook{{Vars: []string{"FROM_HOOK"}}} // which is not run here
	}
	if r.IntN(3) == 0 {
		d.Enter, d.Leave = []env.Hook{{Code: pick(r, pieces)}}, []env.Hook{{Code: pick(r, pieces)}}
	}
	return d
}

func randomList(r *rand.Rand, pieces []string) env.List {
	var l env.List
	for i := range 1 + r.IntN(4) {
		// As the parsers make them: absolute, without colons.
		e := "/" + string(rune('a'+i)) + strings.ReplaceAll(pick(r, pieces), ":", "")
		if r.IntN(2) == 0 {
			l.Prepend = append(l.Prepend, e)
		} else {
			l.Append = append(l.Append, e)
		}
	}
	return l
}

func (b *deltaBed) random(t *testing.T, seed uint64, text string) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	pieces := []string{"", "x", "a b"}
	for _, p := range strings.Split(text, "\x00") {
		pieces = append(pieces, p)
		if len(p) > 1 {
			pieces = append(pieces, p[:len(p)/2])
		}
	}
	before := env.Env{env.Path: "/usr/bin:/bin"}
	for _, n := range someNames {
		if r.IntN(2) == 0 {
			// fish splits *PATH variables only when it starts; it takes no NUL.
			before[n] = pick(r, pieces)
		}
	}
	d, err := env.Compose(randomDelta(r, pieces), randomDelta(r, pieces))
	if err != nil {
		return // a reference to a list, or too long: nothing is rendered
	}
	b.check(t, before, d)
}

// Promise 2, for deltas and environments nobody thought of: the generation
// parses, entering does what package env says, and leaving restores.
func TestRandomDeltas(t *testing.T) {
	b := newDeltaBed(t)
	text := strings.Join(hardStrings(), "\x00")
	end := time.Now().Add(5 * time.Second)
	for seed := uint64(0); seed < 60 && time.Now().Before(end); seed++ {
		if b.random(t, seed, text); t.Failed() {
			t.Fatalf("with the seed %d", seed)
		}
	}
}

// The edges of the sizes at which rendering changes its ways.
func TestManyVariables(t *testing.T) {
	b := newDeltaBed(t)
	for _, n := range []int{1, 199, 200, 201, 256, 401} {
		d := env.Delta{Set: map[string]env.Value{}}
		before := env.Env{env.Path: "/usr/bin:/bin"}
		for i := range n {
			name := "N" + strings.Repeat("I", i%20) + "_" + string(rune('A'+i/20))
			d.Set[name] = env.Lit("in")
			if i%3 == 0 {
				before[name] = "out"
			}
		}
		b.check(t, before, d)
	}
}

func FuzzDelta(f *testing.F) {
	f.Add(uint64(1), "'\\\x00\n$(x)\x00\xff\x00\uf600")
	f.Add(uint64(2), "end\x00; echo x\x00function f\x00#\x00\\")
	f.Add(uint64(3), "/a:/b\x00:\x00::\x00 ")
	b := newDeltaBed(f)
	f.Fuzz(func(t *testing.T, seed uint64, text string) {
		if len(text) > 4096 {
			return
		}
		b.random(t, seed, text)
	})
}
