package env

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestFromList(t *testing.T) {
	e := FromList([]string{"A=1", "B=", "C", "=D", "A=2", "E==x=y"})
	if want := (Env{"A": "2", "B": "", "E": "=x=y"}); !maps.Equal(e, want) {
		t.Errorf("FromList: %v, want %v", e, want)
	}
	if got, want := e.List(), []string{"A=2", "B=", "E==x=y"}; !slices.Equal(got, want) {
		t.Errorf("List: %q, want %q", got, want)
	}
	c := e.Clone()
	c["A"] = "3"
	if e["A"] != "2" {
		t.Error("a clone shares with its original")
	}
}

func TestParseValue(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Value
	}{
		{"", Value{{}}},
		{"plain", Lit("plain")},
		{"${A}", Value{{Ref: "A"}}},
		{"a${B}c", Value{{Text: "a"}, {Ref: "B"}, {Text: "c"}}},
		{"${A}${B}", Value{{Ref: "A"}, {Ref: "B"}}},
		{"$A $ $$ $(id)", Lit("$A $ $$ $(id)")},
		{"$${A}", Lit("${A}")},
		{"x$${A}y${B}", Value{{Text: "x${A}y"}, {Ref: "B"}}},
		{"$$${A}", Lit("$${A}")},
		{"}{", Lit("}{")},
	} {
		got, err := ParseValue(c.in)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("ParseValue(%q) = %q, %v; want %q", c.in, got, err, c.want)
		}
	}
	for in, offset := range map[string]int{"ab${": 2, "${A": 0, "x${}": 1, "${A:-b}": 0, "${a b}": 0, "é${1}": 2} {
		_, err := ParseValue(in)
		var te *TemplateError
		if !errors.As(err, &te) || te.Offset != offset {
			t.Errorf("ParseValue(%q): %v, want a template error at %d", in, err, offset)
		}
	}
}

// FuzzParseValue: what is accepted means what it says: put back together from
// its pieces it is the same template.
func FuzzParseValue(f *testing.F) {
	for _, s := range []string{"", "a${B}c", "$${A}", "$$${A}", "${", "${A}${A}", "$"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ParseValue(s)
		if err != nil {
			var te *TemplateError
			if !errors.As(err, &te) || te.Offset < 0 || te.Offset >= len(s) || !strings.HasPrefix(s[te.Offset:], "${") {
				t.Fatalf("ParseValue(%q): an error without its place: %#v", s, err)
			}
			return
		}
		var b strings.Builder
		for _, p := range v {
			if p.Ref != "" {
				b.WriteString("${" + p.Ref + "}")
			} else {
				b.WriteString(strings.ReplaceAll(p.Text, "${", "$${"))
			}
		}
		if b.String() != s {
			t.Fatalf("%q became %q, which is %q", s, v, b.String())
		}
	})
}

func TestResolveAndExpand(t *testing.T) {
	v, _ := ParseValue("<${A}|${B}|${C}>")
	known := map[string]Value{"A": Lit("a"), "B": {{Text: "("}, {Ref: "X"}, {Text: ")"}}}
	got := v.Resolve(func(n string) (Value, bool) { k, ok := known[n]; return k, ok })
	if want := (Value{{Text: "<a|("}, {Ref: "X"}, {Text: ")|"}, {Ref: "C"}, {Text: ">"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("Resolve: %q, want %q", got, want)
	}
	e := Env{"X": "${C}", "C": ""}
	text := got.Expand(func(n string) (string, bool) { s, ok := e[n]; return s, ok })
	if want := "<a|(${C})|>"; text != want {
		t.Errorf("Expand: %q, want %q: what a variable holds is not expanded again", text, want)
	}
}

func TestCheckName(t *testing.T) {
	for _, good := range []string{"A", "_A", "a1", "PATH", "DEVSHX", strings.Repeat("A", 255)} {
		if err := CheckName(good); err != nil {
			t.Errorf("CheckName(%q): %v", good, err)
		}
	}
	for _, bad := range []string{"", "1A", "A-B", "A B", "É", "A\x00", "PWD", "SHLVL", "status", "argv", "DEVSH_X", "DEVSH_GENERATION",
		"HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "fish_prompt", "fish_user_paths", "__fish_x", "__devsh_bin",
		"DIRENV_DIR", "DIRENV_DIFF", strings.Repeat("A", 256)} {
		if CheckName(bad) == nil {
			t.Errorf("CheckName(%q) allows it", bad)
		}
	}
}

func TestListJoinAndStrip(t *testing.T) {
	ab := List{Prepend: []string{"/a", "/b"}, Append: []string{"/y", "/z"}}
	for _, c := range []struct {
		name, old string
		l         List
		joined    string
	}{
		{"PATH", "/usr/bin:/bin", ab, "/a:/b:/usr/bin:/bin:/y:/z"},
		{"PATH", "", ab, "/a:/b:/y:/z"},
		{"XDG_DATA_DIRS", "", List{Prepend: []string{"/a"}}, "/a:/usr/local/share:/usr/share"},
		{"XDG_DATA_DIRS", "/d", List{Prepend: []string{"/a"}}, "/a:/d"},
		{"XDG_CONFIG_DIRS", "", List{Append: []string{"/a"}}, "/etc/xdg:/a"},
		{"MANPATH", "", List{Prepend: []string{"/a"}}, "/a:"}, // the empty entry is the system's own list
		{"INFOPATH", "", List{Append: []string{"/a"}}, ":/a"},
		{"OTHER", ":", List{Prepend: []string{"/a"}}, "/a::"},
	} {
		if got := c.l.Join(c.name, c.old); got != c.joined {
			t.Errorf("Join(%s, %q) = %q, want %q", c.name, c.old, got, c.joined)
		}
	}
	for _, c := range []struct {
		l          List
		value, out string
	}{
		{ab, "/a:/b:/usr/bin:/y:/z", "/usr/bin"},
		{ab, "/mine:/a:/x:/b:/usr/bin:/z:/y", "/mine:/x:/usr/bin"}, // reordered by the user
		{ab, "/usr/bin", "/usr/bin"},
		{ab, "", ""},
		{List{Prepend: []string{"/a"}}, "/a:/a:/b:/a", "/a:/b:/a"},                              // the first
		{List{Append: []string{"/a"}}, "/a:/a:/b:/a", "/a:/a:/b"},                               // the last
		{List{Prepend: []string{"/a"}, Append: []string{"/a"}}, "/a", ""},                       // only one is left
		{List{Prepend: []string{"/a"}}, "/ab:/a/:a", "/ab:/a/:a"},                               // whole entries only
		{List{Prepend: []string{"/a"}, Append: []string{"/z"}}, "/a::/usr/bin:/z", ":/usr/bin"}, // an empty entry is one
	} {
		if got := c.l.Strip(c.value); got != c.out {
			t.Errorf("%q without %v = %q, want %q", c.value, c.l, got, c.out)
		}
	}
}

func TestDiff(t *testing.T) {
	before := Env{"SAME": "1", "OTHER": "1", "GONE": "1", "EMPTY": "x"}
	after := Env{"SAME": "1", "OTHER": "2", "NEW": "", "EMPTY": "", "DEVSH_GENERATION": "g", "DEVSH_OLD_OTHER": "1", "DEVSH_WAS_NEW": "", "DEVSH_PROJECT": "p"}
	got := Diff(before, after)
	if want := (map[string]string{"OTHER": "2", "NEW": "", "EMPTY": ""}); !maps.Equal(got.Set, want) || !slices.Equal(got.Unset, []string{"GONE"}) {
		t.Errorf("Diff: %v", got)
	}
}

// --- random environments and deltas --------------------------------------------------

var (
	someNames  = []string{"A", "B", "C", "L", "M", "PATH", "XDG_DATA_DIRS", "MANPATH"}
	someValues = []string{"", "x", ":", "/a", "/a:/b", "/b:/a:/b", "one\ntwo", " ", "\xff", "${A}", "/usr/bin"}
	someDirs   = []string{"/a", "/b", "/c"}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func randomEnv(r *rand.Rand) Env {
	// PATH is always set: a shell without one gives itself one.
	e := Env{"PATH": pick(r, someValues)}
	for _, n := range someNames {
		if r.IntN(2) == 0 {
			e[n] = pick(r, someValues)
		}
	}
	return e
}

func randomValue(r *rand.Rand) Value {
	if r.IntN(2) == 0 {
		return Lit(pick(r, someValues))
	}
	var v Value
	for range 1 + r.IntN(3) {
		v = append(v, Piece{Text: pick(r, someValues)}, Piece{Ref: pick(r, someNames)})
	}
	return v
}

func randomDelta(r *rand.Rand) Delta {
	d := Delta{Set: map[string]Value{}, Unset: map[string]bool{}, Lists: map[string]List{}}
	for _, n := range someNames {
		isList := len(n) > 1
		switch k := r.IntN(5); {
		case isList && k < 2:
			var l List
			for _, dir := range someDirs {
				switch r.IntN(3) {
				case 0:
					l.Prepend = append(l.Prepend, dir)
				case 1:
					l.Append = append(l.Append, dir)
				}
			}
			if len(l.Prepend)+len(l.Append) > 0 {
				d.Lists[n] = l
			}
		case n == "PATH":
		case k == 2:
			d.Unset[n] = true
		case k == 3:
			d.Set[n] = randomValue(r)
		}
	}
	return d
}

func seeds(t *testing.T, n int, f func(t *testing.T, r *rand.Rand)) {
	t.Helper()
	for i := range n {
		seed := uint64(i)
		if i > n/2 {
			seed = rand.Uint64()
		}
		f(t, rand.New(rand.NewPCG(seed, 0)))
		if t.Failed() {
			t.Fatalf("with the seed %d", seed)
		}
	}
}

// Promise 2: leaving restores every variable, unset and empty ones included.
func TestEnterThenLeaveIsTheIdentity(t *testing.T) {
	seeds(t, 20000, func(t *testing.T, r *rand.Rand) {
		e, d := randomEnv(r), randomDelta(r)
		in := Enter(e, d, "g", "p")
		if in[GenerationVar] != "g" || in[ProjectVar] != "p" {
			t.Errorf("no marks in %q", in)
		}
		if out := Leave(in, d); !maps.Equal(out, e) {
			t.Errorf("before %q\ndelta %v\ninside %q\nafter %q", e, d, in, out)
		}
	})
}

// Promise 2: what the user changed meanwhile stays.
func TestLeavingKeepsWhatTheUserChanged(t *testing.T) {
	seeds(t, 5000, func(t *testing.T, r *rand.Rand) {
		e, d := randomEnv(r), randomDelta(r)
		in := Enter(e, d, "g", "p")
		want := e.Clone()
		name := pick(r, someNames)
		in[name], want[name] = "the user's", "the user's"
		if out := Leave(in, d); !maps.Equal(out, want) {
			t.Errorf("before %q\ndelta %v\n%s changed\nafter %q\nwant %q", e, d, name, out, want)
		}
		in = Enter(e, d, "g", "p")
		in["PATH"] += ":/added"
		kept := strings.Split(Leave(in, d)["PATH"], ":")
		if kept[len(kept)-1] != "/added" {
			t.Errorf("/added is lost: %q", kept)
		}
	})
}

func TestLeaveWithoutItsVariables(t *testing.T) {
	d := Delta{Set: map[string]Value{"A": Lit("1"), "B": Lit("2")}, Lists: map[string]List{"L": {Prepend: []string{"/a"}}}, Unset: map[string]bool{"U": true}}
	in := Enter(Env{"A": "old", "U": "u"}, d, "g", "p")
	delete(in, "A") // the user took it away: it stays away
	delete(in, "L")
	in["U"] = "mine"
	if out, want := Leave(in, d), (Env{"U": "mine"}); !maps.Equal(out, want) {
		t.Errorf("after %v, want %v", out, want)
	}
}

// values leaves the marks out.
func values(e Env) Env {
	out := Env{}
	for n, v := range e {
		if !IsMark(n) {
			out[n] = v
		}
	}
	return out
}

func TestComposeIsEnteringOneAfterTheOther(t *testing.T) {
	compared := 0
	seeds(t, 20000, func(t *testing.T, r *rand.Rand) {
		if composeAgrees(t, r) {
			compared++
		}
	})
	if compared < 1000 {
		t.Errorf("only %d pairs were compared", compared)
	}
}

// composeAgrees compares composing with entering one after the other, as far
// as both are defined: an entry that two layers name is there once, and layers
// of different kinds for the same list are the subject of a test of their own.
func composeAgrees(t *testing.T, r *rand.Rand) bool {
	t.Helper()
	e, a, b := randomEnv(r), randomDelta(r), randomDelta(r)
	for n := range b.Lists {
		if _, both := a.Lists[n]; both {
			delete(b.Lists, n)
		}
		if v, isSet := a.Set[n]; isSet && len(v.Refs()) > 0 {
			delete(b.Lists, n)
		}
	}
	d, err := Compose(a, b)
	if err != nil {
		if _, ok := errors.AsType[*ListRefError](err); !ok {
			t.Error(err)
		}
		return false
	}
	got, want := values(Enter(e, d, "g", "p")), values(Enter(Enter(e, a, "", ""), b, "", ""))
	if !maps.Equal(got, want) {
		t.Errorf("before %q\nouter %v\ninner %v\ncomposed %v\ngives %q\none after the other %q", e, a, b, d, got, want)
	}
	return true
}

// joined makes one piece of adjacent texts: the same value has one form.
func joined(d Delta) {
	for n, v := range d.Set {
		d.Set[n] = v.Resolve(func(string) (Value, bool) { return nil, false })
	}
}

// Compose(a, b, c) is Compose(Compose(a, b), c), and no name is in two places.
func TestComposeIsAssociative(t *testing.T) {
	seeds(t, 10000, func(t *testing.T, r *rand.Rand) {
		a, b, c := randomDelta(r), randomDelta(r), randomDelta(r)
		ab, err := Compose(a, b)
		if err != nil {
			return
		}
		left, err1 := Compose(ab, c)
		right, err2 := Compose(a, b, c)
		joined(left)
		joined(right)
		if fmt.Sprint(err1) != fmt.Sprint(err2) || !reflect.DeepEqual(left, right) {
			t.Errorf("%v\n%v\n%v\n(ab)c %v %v\nabc %v %v", a, b, c, left, err1, right, err2)
		}
		for n := range right.Set {
			if _, ok := right.Lists[n]; ok || right.Unset[n] {
				t.Errorf("%s is in two places of %v", n, right)
			}
		}
	})
}

func TestComposeKeepsItsArguments(t *testing.T) {
	seeds(t, 2000, func(t *testing.T, r *rand.Rand) {
		seed := r.Uint64()
		make2 := func() (Delta, Delta) {
			r := rand.New(rand.NewPCG(seed, 1))
			return randomDelta(r), randomDelta(r)
		}
		a, b := make2()
		_, _ = Compose(a, b)
		a2, b2 := make2()
		if !reflect.DeepEqual(a, a2) || !reflect.DeepEqual(b, b2) {
			t.Error("Compose changed what it was given")
		}
	})
}

func TestCompose(t *testing.T) {
	list := func(p, a string) List {
		return List{Prepend: strings.Fields(p), Append: strings.Fields(a)}
	}
	ref := func(n string) Value { return Value{{Ref: n}} }
	for name, c := range map[string]struct{ a, b, want Delta }{
		"inner wins":               {Delta{Set: map[string]Value{"A": Lit("1")}}, Delta{Set: map[string]Value{"A": Lit("2")}}, Delta{Set: map[string]Value{"A": Lit("2")}}},
		"inner sees outer":         {Delta{Set: map[string]Value{"A": Lit("1")}}, Delta{Set: map[string]Value{"B": ref("A")}}, Delta{Set: map[string]Value{"A": Lit("1"), "B": Lit("1")}}},
		"its own outer value":      {Delta{Set: map[string]Value{"A": Lit("1")}}, Delta{Set: map[string]Value{"A": {{Ref: "A"}, {Text: "2"}}}}, Delta{Set: map[string]Value{"A": Lit("12")}}},
		"unset outside is nothing": {Delta{Unset: map[string]bool{"A": true}}, Delta{Set: map[string]Value{"B": {{Text: "x"}, {Ref: "A"}}}}, Delta{Unset: map[string]bool{"A": true}, Set: map[string]Value{"B": Lit("x")}}},
		"unset then set":           {Delta{Unset: map[string]bool{"A": true}}, Delta{Set: map[string]Value{"A": Lit("1")}}, Delta{Set: map[string]Value{"A": Lit("1")}}},
		"list around list":         {Delta{Lists: map[string]List{"L": list("/a", "/y")}}, Delta{Lists: map[string]List{"L": list("/b", "/z")}}, Delta{Lists: map[string]List{"L": list("/b /a", "/y /z")}}},
		"an entry once":            {Delta{Lists: map[string]List{"L": list("/a /b", "/y /z")}}, Delta{Lists: map[string]List{"L": list("/b", "/y")}}, Delta{Lists: map[string]List{"L": list("/b /a", "/z /y")}}},
		"list on a set value":      {Delta{Set: map[string]Value{"L": Lit("/x")}}, Delta{Lists: map[string]List{"L": list("/a", "/z")}}, Delta{Set: map[string]Value{"L": Lit("/a:/x:/z")}}},
		"list on a reference":      {Delta{Set: map[string]Value{"L": ref("X")}}, Delta{Lists: map[string]List{"L": list("/a", "/z")}}, Delta{Set: map[string]Value{"L": {{Text: "/a:"}, {Ref: "X"}, {Text: ":/z"}}}}},
		"list on unset":            {Delta{Unset: map[string]bool{"L": true}}, Delta{Lists: map[string]List{"L": list("/a", "")}}, Delta{Set: map[string]Value{"L": Lit("/a")}}},
	} {
		got, err := Compose(c.a, c.b)
		if err != nil || fmt.Sprintf("%v %v %v", got.Set, got.Unset, got.Lists) != fmt.Sprintf("%v %v %v", c.want.Set, c.want.Unset, c.want.Lists) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
	}
	_, err := Compose(Delta{Lists: map[string]List{"PATH": list("/a", "")}}, Delta{Set: map[string]Value{"B": ref("PATH")}})
	if e, ok := errors.AsType[*ListRefError](err); !ok || e.Name != "B" || e.Ref != "PATH" {
		t.Errorf("a reference to a list: %v", err)
	}
	d, _ := Compose(Delta{Enter: []Hook{{Dir: "/o"}}, CompletionDirs: []string{"/o", "/x"}}, Delta{Enter: []Hook{{Dir: "/i"}}, CompletionDirs: []string{"/i", "/x"}})
	if len(d.Enter) != 2 || d.Enter[0].Dir != "/o" || !slices.Equal(d.CompletionDirs, []string{"/i", "/x", "/o"}) {
		t.Errorf("hooks go outer first, completions inner first: %v", d)
	}
}

// Layers of a few lines could stand for gigabytes: no more is ever made than a
// program could be started with.
func TestComposeBoundsSizes(t *testing.T) {
	double := func(n string) Delta {
		return Delta{Set: map[string]Value{n: slices.Repeat(Value{{Ref: n}}, 64)}}
	}
	layers := []Delta{{Set: map[string]Value{"A": Lit(strings.Repeat("x", 1<<10))}}}
	for range 20 {
		layers = append(layers, double("A"))
	}
	_, err := Compose(layers...)
	if e, ok := errors.AsType[*SizeError](err); !ok || e.Name != "A" {
		t.Errorf("a variable of 2^130 bytes: %v", err)
	}

	// In one step, too: what would be copied is counted before.
	_, err = Compose(Delta{Set: map[string]Value{"A": Lit(strings.Repeat("x", 100<<10))}}, Delta{Set: map[string]Value{"A": slices.Repeat(Value{{Ref: "A"}}, 20000)}})
	if e, ok := errors.AsType[*SizeError](err); !ok || e.Name != "A" {
		t.Errorf("2 GB in one layer: %v", err)
	}

	refs := Delta{Set: map[string]Value{}} // also where what is multiplied are references
	refs.Set["A"] = slices.Repeat(Value{{Ref: "UNKNOWN"}}, 64)
	_, err = Compose(refs, double("A"), double("A"), double("A"), double("A"))
	if _, ok := errors.AsType[*SizeError](err); !ok {
		t.Errorf("a million references: %v", err)
	}

	many := Delta{Set: map[string]Value{}}
	for i := range 200 {
		many.Set[fmt.Sprintf("V%d", i)] = slices.Repeat(Value{{Ref: "A"}}, 100)
	}
	_, err = Compose(layers[0], many)
	if e, ok := errors.AsType[*SizeError](err); !ok || e.Name != "" {
		t.Errorf("20 MB in 200 variables: %v", err)
	}

	var long List
	for i := range 2000 {
		long.Prepend = append(long.Prepend, fmt.Sprintf("/%0100d", i))
	}
	_, err = Compose(Delta{Lists: map[string]List{"PATH": long}})
	if e, ok := errors.AsType[*SizeError](err); !ok || e.Name != "PATH" {
		t.Errorf("a PATH of 200 KB: %v", err)
	}
	if _, err := Compose(Delta{Set: map[string]Value{"A": Lit(strings.Repeat("x", MaxValue-2))}}); err != nil {
		t.Errorf("as long as a variable may be: %v", err)
	}
}
