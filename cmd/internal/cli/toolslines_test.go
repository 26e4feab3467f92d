package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/hbohlen/devsh/toolchains/install"
)

// A line for each tool at work, written over and at last erased.
func TestToolLines(t *testing.T) {
	var b strings.Builder
	now := time.Unix(0, 0)
	l := newToolLines(&b, func() time.Time { return now }, func() int { return 30 })
	l.show("a", install.Resolving)
	l.show("a", install.Resolving) // nothing new
	now = now.Add(3 * time.Second)
	l.show("b", install.Building)
	l.show("a", "")
	l.show("c", "") // it was there already
	l.end()
	want := "devsh: a: choosing a version\n" +
		"\x1b[1A\r\x1b[Jdevsh: a: choosing a version…\ndevsh: b: downloading and bu…\n" +
		"\x1b[2A\r\x1b[Jdevsh: b: downloading and bu…\n" +
		"\x1b[1A\r\x1b[J"
	if b.String() != want {
		t.Errorf("%q\nwant\n%q", b.String(), want)
	}
}

// Where nobody sees it, a line for each phase, fit for logs.
func TestToolLinesElsewhere(t *testing.T) {
	var b strings.Builder
	l := newToolLines(&b, time.Now, func() int { return 0 })
	l.show("a\x1b[31m", install.Resolving)
	l.show("a\x1b[31m", install.Building)
	l.show("a\x1b[31m", "")
	l.end()
	if want := "devsh: a\\x1b[31m: choosing a version\ndevsh: a\\x1b[31m: downloading and building\n"; b.String() != want {
		t.Errorf("%q", b.String())
	}
}
