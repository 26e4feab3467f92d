package nixlog

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// replay reads a recorded run and returns what a person reads, and each
// progress that differs from the one before.
func replay(t *testing.T, name string) (text []string, steps []Progress) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	log := &Log{Source: "flake.nix"}
	lines := Lines{Max: 1 << 20, Each: func(line []byte, _ bool) {
		text = append(text, log.Add(Parse(string(line)))...)
		if p := log.Progress(); len(steps) == 0 || p != steps[len(steps)-1] {
			steps = append(steps, p)
		}
	}}
	for chunk := range slices.Chunk(data, 100) { // as a pipe may give it
		if _, err := lines.Write(chunk); err != nil {
			t.Fatal(err)
		}
	}
	lines.Flush()
	return text, steps
}

// The logs of nix itself are recorded with and without internal-json: what a
// person reads of the one is the other, without what -vv adds.
func TestReadsAsNixWritesIt(t *testing.T) {
	for _, name := range []string{"good-2.8", "good-2.26", "fails-2.8", "fails-2.26", "throws-2.8", "throws-2.26"} {
		got, _ := replay(t, name+".log")
		plain, err := os.ReadFile(filepath.Join("testdata", name+".plain"))
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		inArgs := false
		for line := range strings.Lines(string(plain)) {
			line = strings.TrimSuffix(line, "\n")
			inArgs = inArgs || strings.HasPrefix(line, "using builder args '")
			noise := inArgs
			if inArgs && strings.HasSuffix(line, "'") {
				inArgs = false
			}
			for _, prefix := range []string{"evaluating file ", "copied source ", "instantiated ", "executing builder ", "copying '/w/store/"} {
				noise = noise || strings.HasPrefix(line, prefix)
			}
			if !noise {
				want = append(want, strings.ToValidUTF8(line, "\ufffd")) // JSON holds no other text
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\n--- nix writes\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestProgress(t *testing.T) {
	building := []string{"building dependency-1.2 (0 of 3 done)", "building stdenv (1 of 3 done)", "building sample-shell-env (2 of 3 done)"}
	fetching := []string{"fetching stdenv (0 of 3 done)", "fetching dependency-1.2 (0 of 3 done)", "fetching sample-shell-env (2 of 3 done)"}
	for name, wants := range map[string][]string{
		"good-2.8":   append([]string{"evaluating flake.nix (3 files)"}, building...),
		"good-2.26":  append([]string{"evaluating flake.nix (3 files)"}, building...),
		"fails-2.8":  {"evaluating flake.nix (3 files)", "building dependency-1.2 (0 of 2 done)"},
		"subst-2.8":  {"fetching dependency-1.2 (0 of 3 done)", "fetching sample-shell-env (2 of 3 done)"},
		"subst-2.26": fetching,
		"tar-2.8":    {"fetching /w/dep.tar.gz", building[0]},
		"tar-2.26":   {"fetching /w/dep.tar.gz"},
		"away-2.26":  {"fetching from 127.0.0.1:9"},
		"download-2.8": {
			"fetching from 127.0.0.1:8765", "fetching big.bin (0.0 of 7.6 MiB)", "fetching big.bin (5.1 of 7.6 MiB)",
		},
	} {
		_, steps := replay(t, name+".log")
		var got []string
		for _, p := range steps {
			got = append(got, p.String())
		}
		at := 0
		for _, want := range wants {
			i := slices.Index(got[at:], want)
			if i < 0 {
				t.Errorf("%s: %q does not come, or not in turn, in\n%s", name, want, strings.Join(got, "\n"))
				break
			}
			at += i
		}
		if steps[0].Phase != Evaluating {
			t.Errorf("%s begins with %v", name, steps[0])
		}
	}
}

func TestReadFiles(t *testing.T) {
	for _, version := range []string{"2.8", "2.26"} {
		data, err := os.ReadFile(filepath.Join("testdata", "good-"+version+".log"))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.Lines(string(data)) {
			if file, evaluated, ok := Parse(strings.TrimSuffix(line, "\n")).Read(); ok {
				_, file, _ = strings.Cut(file, "-source/")
				if !evaluated {
					file += " copied"
				}
				got = append(got, file)
			}
		}
		if want := []string{"flake.nix", "c.sh copied", "x.nix", "y.n"}; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", version, got, want)
		}
	}
}

// What is shown of an activity holds no secret of its address.
func TestSecretsStayOut(t *testing.T) {
	for text, want := range map[string]string{
		`{"action":"start","id":1,"level":4,"type":101,"text":"x","fields":["https://user:pass@host/a.tar?token=x"]}`:          "fetching host/a.tar",
		`{"action":"start","id":1,"level":4,"type":0,"text":"fetching git input 'git+https://user:pass@host/a?token=x'"}`:      "fetching host/a",
		`{"action":"start","id":1,"level":4,"type":0,"text":"fetching git input 'user:pass@host:a#token'"}`:                    "fetching host:a",
		`{"action":"start","id":1,"level":4,"type":101,"text":"x","fields":["https://user:pass@?x"]}`:                          "fetching an input",
		`{"action":"start","id":1,"level":4,"type":112,"text":"fetching github input 'github:owner/repo'"}`:                    "fetching owner/repo",
		`{"action":"start","id":1,"level":4,"type":109,"text":"x","fields":["/nix/store/p","https://user:pass@cache.host?k"]}`: "fetching from cache.host",
	} {
		log := &Log{}
		log.Add(Parse("@nix " + text))
		if got := log.Progress().String(); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestOddLines(t *testing.T) {
	for line, want := range map[string]string{
		"plain \x1b[31mred\x1b[0m":                     "plain red",
		"@nix":                                         "@nix",
		"@nix {":                                       "@nix {",
		`@nix {"action":"later","text":"x"}`:           "",
		`@nix {"action":"start","id":"x"}`:             "",
		`@nix {"action":"start","id":1e99}`:            "",
		`@nix {"action":"start","id":1}`:               "",
		`@nix {"action":"result","type":101}`:          "unnamed> ",
		`@nix {"action":"msg","level":0,"msg":"a\nb"}`: "a|b",
		`@nix {"action":"msg","level":5,"msg":"a"}`:    "",
		`@nix []`: "",
		`@nix {"action":"start","level":3,"text":"doing"}`: "doing...",
	} {
		if got := strings.Join(new(Log).Add(Parse(line)), "|"); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func TestLines(t *testing.T) {
	var got []string
	l := Lines{Max: 5, Each: func(line []byte, cut bool) {
		text := string(line)
		if cut {
			text += "…"
		}
		got = append(got, text)
	}}
	for _, part := range []string{"a", "b\n\nlon", "ger than that\nfives\nx"} {
		if n, err := l.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
	}
	l.Flush()
	l.Flush()
	if want := []string{"ab", "longe…", "fives", "x"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if cap(l.line) > 100 {
		t.Errorf("%d bytes are kept", cap(l.line))
	}
}

// Whatever is written, little of it is remembered.
func TestBounds(t *testing.T) {
	log := &Log{}
	for i := range 3 * maxActivities {
		log.Add(Event{Action: Start, ID: uint64(i), Type: typeBuild, Fields: []Field{{Text: "/x/" + strings.Repeat("é", 1000)}}})
		log.Add(Event{Action: Result, Type: resultExpected, Fields: []Field{{Number: uint64(i)}, {Number: 1}}})
	}
	if len(log.running) != maxActivities || len(log.running[0].awaited) > 100 {
		t.Errorf("%d activities, of which one expects %d types", len(log.running), len(log.running[0].awaited))
	}
	if what := log.Progress().What; len(what) > maxName+len("…") || !strings.HasSuffix(what, "é…") {
		t.Errorf("shown is %q", what)
	}
}
