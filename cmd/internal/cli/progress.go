package cli

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/hbohlen/devsh/shell/nixenv"
	"github.com/hbohlen/devsh/shell/nixenv/nixlog"
	"github.com/hbohlen/devsh/shell/render"
)

// liveLine shows how far something is: on a terminal as one line that is
// written over and at last erased, elsewhere as a line for each phase.
type liveLine struct {
	w io.Writer
	// width is that of the terminal, 0 where there is none.
	width func() int
	shown bool
	phase nixlog.Phase
	last  nixenv.Progress
}

// show takes the next step. It is called by one goroutine at a time.
func (l *liveLine) show(p nixenv.Progress) {
	if p == l.last {
		return
	}
	l.last = p
	if l.text(p.String()) {
		return
	}
	if p.Phase != l.phase {
		l.phase = p.Phase
		fmt.Fprintln(l.w, "devsh: "+render.Visible(p.String()))
	}
}

// text writes the line over, on a terminal.
func (l *liveLine) text(words string) bool {
	width := l.width()
	if width <= 0 {
		return false
	}
	// The last column stays free: some terminals go to the next line there.
	fmt.Fprintf(l.w, "\r\x1b[K%s", clip("devsh: "+render.Visible(words), width-1))
	l.shown = true
	return true
}

// end erases the line.
func (l *liveLine) end() {
	if l.shown {
		fmt.Fprint(l.w, "\r\x1b[K")
		l.shown = false
	}
}

// showProgress tells people on standard error what they are waiting for.
func (a *app) showProgress(p nixenv.Progress) {
	a.line().show(p)
}

// showCount shows on a terminal how many of something are done.
func (a *app) showCount(what string, done, all int) {
	a.line().text(fmt.Sprintf("%s %d/%d", what, done, all))
}

func (a *app) line() *liveLine {
	if a.live == nil {
		a.live = &liveLine{w: a.Stderr, width: func() int { return terminalWidth(a.Stderr) }}
	}
	return a.live
}

// endProgress clears the line that progress left.
func (a *app) endProgress() {
	if a.live != nil {
		a.live.end()
	}
}

// terminalWidth returns how many columns the terminal has that w is, as it is
// now, and 0 where w is none.
func terminalWidth(w io.Writer) int {
	if !isTerminal(w) {
		return 0
	}
	width, _, err := term.GetSize(int(w.(*os.File).Fd()))
	if err != nil || width < 2 {
		return 80 // it does not know
	}
	return width
}

// clip shortens text to n columns.
func clip(text string, n int) string {
	columns := 0
	cut := 0 // where the text ends that leaves a column for the mark
	for i, r := range text {
		if columns <= n-1 {
			cut = i
		}
		columns++
		if r >= 0x1100 {
			columns++ // perhaps a wide one
		}
		if columns > n {
			return text[:cut] + "…"
		}
	}
	return text
}
