package main

import (
	"slices"
	"testing"
)

func TestParse(t *testing.T) {
	got := parse("# about this file\nWords.\n> cd x\n>not typed\n\n> echo '# a'\n")
	want := []step{{words: "Words."}, {line: "cd x"}, {words: ">not typed"}, {line: "echo '# a'"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"a\r\nb\r\n":                 "a\nb\n",
		"\x1b[1mbold\x1b[0m\r\n":     "bold\n",
		"10 %\r20 %\r\x1b[Kdone\r\n": "done\n",
		"\x1b]0;title\x07text":       "text",
		"a\r\n⏎         \r":          "a\n",
		"":                           "",
	} {
		if got := plain(in); got != want {
			t.Errorf("plain(%q) = %q, want %q", in, got, want)
		}
	}
}
