package nixlog

import (
	"math"
	"strings"
)

// Limits of what is remembered, so that no writer makes it grow.
const (
	maxActivities = 1_000 // at once; further ones are not seen
	maxName       = 200   // bytes
)

// Types of activities.
const (
	typeUnknown      = 0
	typeCopyPath     = 100
	typeFileTransfer = 101
	typeCopyPaths    = 103
	typeBuilds       = 104
	typeBuild        = 105
	typeSubstitute   = 108
	typeQuery        = 109
	typeFetchTree    = 112
)

// Types of results.
const (
	resultBuildLine     = 101
	resultProgress      = 105
	resultExpected      = 106
	resultPostBuildLine = 107
)

// Log is what a run of nix has told so far.
type Log struct {
	// Source names what is evaluated.
	Source string

	running map[uint64]*activity
	totals  map[int]*total
	started uint64 // activities so far
	files   int    // evaluated
	last    Progress
}

// activity is something that nix has started and not ended.
type activity struct {
	kind     int
	order    uint64 // the later, the higher
	name     string // what is shown of it, or ""
	rank     int    // of two that run, the one of the higher rank is shown
	phase    Phase
	done     uint64
	expected uint64
	awaited  map[int]uint64 // what it expects of other types
}

// total sums up the activities of one type: those that have ended, and what
// others expect of it.
type total struct{ done, awaited uint64 }

// Add takes an event in and returns what a person reads of it, line by line.
func (l *Log) Add(e Event) []string {
	if l.running == nil {
		l.running, l.totals = map[uint64]*activity{}, map[int]*total{}
	}
	switch e.Action {
	case Plain:
		return strings.Split(e.Text, "\n")
	case Message:
		return l.message(e)
	case Start:
		return l.start(e)
	case Stop:
		l.stop(e.ID)
	case Result:
		return l.result(e)
	}
	return nil
}

func (l *Log) message(e Event) []string {
	_, evaluated, read := e.Read()
	if evaluated {
		l.files++
		l.last.Phase = "" // what was built before was for the evaluation
	}
	// Thousands of these come with nixpkgs, only because they are asked for.
	if read || e.Level >= Chatty || strings.HasPrefix(e.Text, "evaluating file '") {
		return nil
	}
	return strings.Split(e.Text, "\n")
}

func (l *Log) start(e Event) []string {
	l.started++
	if len(l.running) < maxActivities {
		a := &activity{kind: e.Type, order: l.started}
		a.describe(e)
		l.running[e.ID] = a
	}
	if e.Text == "" || e.Level >= Chatty || asks(e) {
		return nil
	}
	return strings.Split(e.Text+"...", "\n")
}

// asks reports whether an activity is about what a substituter has, or the
// download of a path that another activity names.
func asks(e Event) bool {
	url := e.text(0)
	return e.Type == typeQuery || e.Type == typeFileTransfer &&
		(strings.HasSuffix(url, ".narinfo") || strings.HasSuffix(url, "/nix-cache-info") || strings.Contains(url, "/nar/"))
}

// describe finds what a person is told of an activity while it runs.
func (a *activity) describe(e Event) {
	switch e.Type {
	case typeBuild:
		a.phase, a.rank, a.name = Building, 4, storeName(e.text(0))
	case typeSubstitute, typeCopyPath:
		a.phase, a.rank, a.name = Fetching, 4, storeName(e.text(0))
	case typeFileTransfer:
		a.phase, a.rank, a.name = Fetching, 2, location(e.text(0))
		if asks(e) {
			a.rank, a.name = 1, "from "+host(a.name)
		}
	case typeQuery:
		a.phase, a.rank, a.name = Fetching, 1, "from "+host(location(e.text(1)))
	case typeFetchTree, typeUnknown:
		for _, verb := range []string{"fetching ", "unpacking "} {
			if rest, ok := strings.CutPrefix(e.Text, verb); ok {
				if _, what, quoted := strings.Cut(rest, "'"); quoted {
					rest, _, _ = strings.Cut(what, "'")
				}
				a.phase, a.rank, a.name = Fetching, 3, location(rest)
			}
		}
	}
	if len(a.name) > maxName {
		a.name = strings.ToValidUTF8(a.name[:maxName], "") + "…"
	}
}

func (l *Log) total(kind int) *total {
	switch kind {
	case typeCopyPath, typeFileTransfer, typeCopyPaths, typeBuilds:
	default:
		return &total{} // nobody asks
	}
	if l.totals[kind] == nil {
		l.totals[kind] = &total{}
	}
	return l.totals[kind]
}

func (l *Log) stop(id uint64) {
	a := l.running[id]
	if a == nil {
		return
	}
	delete(l.running, id)
	l.total(a.kind).done += a.done
	for kind, n := range a.awaited {
		l.total(kind).awaited -= n
	}
}

func (l *Log) result(e Event) []string {
	a := l.running[e.ID]
	switch e.Type {
	case resultBuildLine, resultPostBuildLine:
		name, mark := "unnamed", "> "
		if a != nil && a.kind == typeBuild {
			name = packageName(a.name)
		}
		if e.Type == resultPostBuildLine {
			mark = " (post)> "
		}
		return strings.Split(name+mark+StripColour(e.text(0)), "\n")
	case resultProgress:
		if a != nil {
			a.done, a.expected = e.number(0), e.number(1)
		}
	case resultExpected:
		kind := e.number(0)
		if a == nil || kind > math.MaxInt32 {
			break
		}
		if a.awaited == nil {
			a.awaited = map[int]uint64{}
		}
		t := l.total(int(kind))
		t.awaited -= a.awaited[int(kind)]
		if len(a.awaited) < 100 {
			a.awaited[int(kind)] = e.number(1)
		}
		t.awaited += a.awaited[int(kind)]
	}
	return nil
}

// Progress says how far nix is. Between two steps it is still at the first.
func (l *Log) Progress() Progress {
	var shown *activity
	for _, a := range l.running {
		if a.phase == "" {
			continue
		}
		if shown == nil || a.rank > shown.rank || a.rank == shown.rank && a.order > shown.order {
			shown = a
		}
	}
	switch {
	case shown != nil:
		l.last.Phase, l.last.What = shown.phase, shown.name
	case l.last.Phase != Building:
		l.last.Phase, l.last.What = Evaluating, l.Source
	}
	p := &l.last
	p.Done, p.Expected, p.Bytes, p.ExpectedBytes = 0, 0, 0, 0
	switch p.Phase {
	case Building:
		p.Done, p.Expected = l.counts(typeBuilds)
	case Fetching:
		p.Done, p.Expected = l.counts(typeCopyPaths)
		done, expected := l.sum(typeCopyPath)
		if expected == 0 {
			done, expected = l.sum(typeFileTransfer)
		}
		p.Bytes, p.ExpectedBytes = clamp(done), clamp(expected)
	default:
		p.Done = l.files
	}
	return l.last
}

// sum adds up what has been done and what is to be done in all of one type.
func (l *Log) sum(kind int) (done, expected uint64) {
	t := l.total(kind)
	done, expected = t.done, t.done
	for _, a := range l.running {
		if a.kind == kind {
			done += a.done
			expected += a.expected
		}
	}
	return done, max(expected, t.awaited)
}

func (l *Log) counts(kind int) (done, expected int) {
	d, e := l.sum(kind)
	return int(min(d, math.MaxInt32)), int(min(e, math.MaxInt32))
}

func clamp(n uint64) int64 { return int64(min(n, math.MaxInt64)) }
