package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hbohlen/devsh/shell/render"
	"github.com/hbohlen/devsh/toolchains/install"
)

// toolLines shows what is being done for several tools at once: on a terminal
// one line for each, written over and at last erased; elsewhere a line for each
// phase.
type toolLines struct {
	w     io.Writer
	width func() int
	now   func() time.Time

	mu    sync.Mutex
	tools []toolLine // at work, in the order in which they began
	drawn int        // lines that are on the terminal
}

type toolLine struct {
	name  string
	phase install.Phase
	since time.Time
}

func newToolLines(w io.Writer, now func() time.Time, width func() int) *toolLines {
	return &toolLines{w: w, now: now, width: width}
}

// show takes the next phase of a tool; "" is the end.
func (l *toolLines) show(tool string, phase install.Phase) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.tools, func(t toolLine) bool { return t.name == tool })
	switch {
	case phase == "" && i < 0:
		return
	case phase == "":
		l.tools = slices.Delete(l.tools, i, i+1)
	case i < 0:
		l.tools = append(l.tools, toolLine{tool, phase, l.now()})
	case l.tools[i].phase == phase:
		return
	default:
		l.tools[i].phase = phase
	}
	if l.width() > 0 {
		l.draw()
	} else if phase != "" {
		fmt.Fprintf(l.w, "devsh: %s: %s\n", render.Visible(tool), phase)
	}
}

// draw writes all lines over those that are there.
func (l *toolLines) draw() {
	var b strings.Builder
	l.erase(&b)
	width := l.width()
	for _, t := range l.tools {
		text := fmt.Sprintf("devsh: %s: %s", render.Visible(t.name), t.phase)
		if s := int(l.now().Sub(t.since).Seconds()); s > 0 {
			text += fmt.Sprintf(", %d s", s)
		}
		b.WriteString(clip(text, width-1) + "\n")
	}
	l.drawn = len(l.tools)
	fmt.Fprint(l.w, b.String())
}

func (l *toolLines) erase(b *strings.Builder) {
	if l.drawn > 0 {
		fmt.Fprintf(b, "\x1b[%dA\r\x1b[J", l.drawn)
	}
	l.drawn = 0
}

// tick draws the lines each second, for the time that passes, until the returned
// function is called, which erases them.
func (l *toolLines) tick() (stop func()) {
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		t := time.NewTicker(time.Second)
		defer t.Stop()
		for {
			select {
			case <-over:
				return
			case <-t.C:
				l.mu.Lock()
				if l.width() > 0 && len(l.tools) > 0 {
					l.draw()
				}
				l.mu.Unlock()
			}
		}
	}()
	return func() {
		close(over)
		<-ended
		l.end()
	}
}

// end erases the lines.
func (l *toolLines) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	l.erase(&b)
	fmt.Fprint(l.w, b.String())
}
