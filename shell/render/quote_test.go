package render_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/manifest"
	"github.com/hbohlen/devsh/shell/render"
)

// hardStrings are what quoting gets wrong first: every byte, what fish uses
// inside itself, what looks like code in one shell or the other.
func hardStrings() []string {
	list := []string{"", " ", "'", `\`, `\\`, `'\''`, `"`, "$HOME", "$(id)", "(id)", "`id`", "*", "?", "~", "~/x", "{a,b}", "-n", "--", "%self", "#x", "a#b",
		";", "&&", "|", ">x", "<x", "^x", "!", "\n", "a\nb\n", "\r\n", "\t", "\x1b[31m", "é", "日本", "👩‍👩‍👧", "e\u0301", "\u202e", "\u2028", "\ufeff", "\xff", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", `\x41`, `\X41`, `\u0041`, `\n`, "a'b\\c", "\x7f", "${A}", "$${A}", "a\\\nb", "export", "=", "a=b", "\u0080", "\ufffd"}
	var every strings.Builder
	for b := 1; b < 256; b++ {
		list = append(list, string([]byte{byte(b)}), "x"+string([]byte{byte(b)})+"y", string([]byte{byte(b), byte(b)}))
		every.WriteByte(byte(b))
	}
	list = append(list, every.String())
	for _, r := range []rune{0xe000, 0xe001, 0xf000, 0xf5ff, 0xf600, 0xf6ff, 0xf700, 0xf8ff, 0xfdd0, 0xfdd1, 0xfdef, 0xfffe, 0xffff, 0x1fffe, 0x1ffff, 0xf0000, 0xffffd, 0x100000, 0x10fffd, 0x10fffe, 0x10ffff} {
		list = append(list, string(r), "a"+string(r)+"b")
	}
	for r := rune(0xfdd0); r <= 0xfdef; r++ {
		list = append(list, string(r))
	}
	return list
}

// Any byte but NUL comes through fish as it was.
func TestQuoteFishRoundTrip(t *testing.T) {
	fish := startFish(t, "")
	list := hardStrings()
	var code strings.Builder
	for _, s := range list {
		code.WriteString("printf '%s\\0' _" + render.QuoteFish(s) + "\n")
	}
	got := fish.source(t, code.String())
	if len(got) != len(list) {
		t.Fatalf("%d strings became %d; fish says %s", len(list), len(got), fish.stderr)
	}
	for i, s := range list {
		if got[i] != "_"+s {
			t.Errorf("%q as %s became %q", s, render.QuoteFish(s), got[i][1:])
		}
	}
}

// The private use area is where fish keeps its own marks: all of it comes
// through, in the middle of a word and alone.
func TestQuoteFishPrivateUse(t *testing.T) {
	fish := startFish(t, "")
	var all strings.Builder
	for r := rune(0xe000); r <= 0xf8ff; r++ {
		all.WriteRune(r)
	}
	if got := fish.source(t, "printf '%s\\0' "+render.QuoteFish(all.String())); len(got) != 1 || got[0] != all.String() {
		t.Errorf("the private use area became %.200q", got)
	}
}

// What is quoted is also what a variable holds and a program gets.
func TestQuoteFishReachesPrograms(t *testing.T) {
	fish := startFish(t, "")
	for _, s := range hardStrings()[:60] {
		got := fish.source(t, "set -gx V "+render.QuoteFish(s)+"; command env -0 | string match -r -- '(?s)^V=.*' | string join0; env -0 >"+fish.dir+"/env")
		_ = got
		data, err := os.ReadFile(filepath.Join(fish.dir, "env"))
		if err != nil {
			t.Fatal(err)
		}
		if e := env.FromList(strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")); e["V"] != s {
			t.Errorf("%q became %q", s, e["V"])
		}
	}
}

func FuzzQuoteFish(f *testing.F) {
	for _, s := range []string{"", "'\\", "a\nb", "\xff\xfe", "\uf600", "$(x)", "\ufdd0'"} {
		f.Add(s)
	}
	fish := startFish(f, "")
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsRune(s, 0) {
			return
		}
		got := fish.source(t, "printf '%s\\0' _"+render.QuoteFish(s))
		if len(got) != 1 || got[0] != "_"+s {
			t.Fatalf("%q as %s became %q", s, render.QuoteFish(s), got)
		}
	})
}

func TestQuoteBashRoundTrip(t *testing.T) {
	for _, shell := range []string{"bash", "sh"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			t.Fatal(err)
		}
		list := hardStrings()
		script := "printf '%s\\0'"
		for _, s := range list {
			script += " " + render.QuoteBash(s)
		}
		file := filepath.Join(t.TempDir(), "script")
		if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(path, file).Output()
		if err != nil {
			t.Fatalf("%s: %v", shell, err)
		}
		got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
		for i, s := range list {
			if i >= len(got) || got[i] != s {
				t.Fatalf("%s: %q as %s became %q", shell, s, render.QuoteBash(s), got[i])
			}
		}
	}
}

// What devsh writes as dotenv, devsh reads as the same values.
func TestDotenvRoundTrip(t *testing.T) {
	set := map[string]string{}
	for i, s := range hardStrings() {
		set["V"+strings.Repeat("I", i%250+1)+string(rune('A'+i/250))] = s
	}
	text, err := render.Formats()["dotenv"](env.Change{Set: set, Unset: []string{"GONE"}})
	if err != nil {
		t.Fatal(err)
	}
	list, err := manifest.ParseDotenv(".env", text)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		got, literal := a.Value.Literal()
		if want := set[a.Name]; !literal || got != want {
			t.Errorf("%q as %s became %q", want, render.QuoteDotenv(want), a.Value)
		}
		delete(set, a.Name)
	}
	if len(set) > 0 {
		t.Errorf("%d variables are lost", len(set))
	}
}

func TestFormats(t *testing.T) {
	c := env.Change{Set: map[string]string{"B": "x'\n", "A": ""}, Unset: []string{"G"}}
	for format, want := range map[string]string{
		"fish":   "set -gx A ''\nset -gx B 'x\\''\\X0a\nset -e G\n",
		"bash":   "export A=''\nexport B='x'\\''\n'\nunset G\n",
		"dotenv": "A=\"\"\nB=\"x'\\n\"\n",
		"json":   "{\n  \"A\": \"\",\n  \"B\": \"x'\\n\",\n  \"G\": null\n}\n",
	} {
		got, err := render.Formats()[format](c)
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", format, got, err, want)
		}
	}
	if _, err := render.Formats()["json"](env.Change{Set: map[string]string{"A": "\xff"}}); err == nil {
		t.Error("JSON was given what it cannot hold, and did not say so")
	}
}

// Text from a project cannot write to the terminal: what is shown is printable.
func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain é 日本 👍":   "plain é 日本 👍",
		"\x1b]0;title\a": `\x1b]0;title\x07`,
		"a\nb\tc\rd":     `a\nb\tc\rd`,
		"\u009b31m":      `\u009b31m`, // the one character form of ESC [
		"\xff\x9b":       `\xff\x9b`,
		"a\u202eb\u2066": `a\u202eb\u2066`,
		"\u200b\ufeff":   `\u200b\ufeff`,
		"\u2028\u2029":   `\u2028\u2029`,
		"\U000e0041":     `\ue0041`,
		"\x7f\x00":       `\x7f\x00`,
	} {
		if got := render.Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
	if got, want := render.VisibleText("a\n\tb\r\x1b"), "a\n\tb\\r\\x1b"; got != want {
		t.Errorf("VisibleText: %q, want %q", got, want)
	}
	for _, s := range hardStrings() {
		for _, r := range render.Visible(s) {
			if r < 0x20 || 0x7f <= r && r < 0xa0 || r == utf8.RuneError && !strings.ContainsRune(s, utf8.RuneError) {
				t.Errorf("Visible(%q) shows %q", s, r)
			}
		}
	}
}

// A root's expression matches the root and what lies below, whatever its name,
// and nothing beside it: ~/dev/a is not ~/dev/a-evil.
func TestRootExpression(t *testing.T) {
	fish := startFish(t, "")
	for _, s := range hardStrings() {
		if strings.Contains(s, "/") || s == "" {
			continue
		}
		root := "/r/" + s
		code := string(render.FishSettings([]string{root}, nil, "normal"))
		// fish's regular expressions know no bytes that are not UTF-8.
		if !utf8.ValidString(s) {
			continue
		}
		for path, want := range map[string]bool{root: true, root + "/": true, root + "/x\ny": true, root + "-evil": false, root + "\n": false, "/x" + root: false, "/r": false, root + "x/y": false} {
			code += "string match -rq -- $__devsh_roots " + render.QuoteFish(path) + "; and printf 'yes\\0'; or printf 'no\\0'\n"
			got := fish.source(t, code)
			if len(got) != 1 || (got[0] == "yes") != want {
				t.Errorf("root %q, path %q: %q, want %t; %s", root, path, got, want, render.FishSettings([]string{root}, nil, "normal"))
			}
			code = ""
		}
	}
}
