package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
)

// Limit is how many bytes of output a session keeps; older ones are dropped.
const Limit = 4 << 20

// ErrEnded says that the program will write no more.
var ErrEnded = errors.New("the terminal was closed")

// Mark is a place in the output of a session: the number of bytes before it.
type Mark int64

// transcript is the output so far.
type transcript struct {
	mu      sync.Mutex
	kept    []byte
	dropped Mark
	ended   bool
	changed chan struct{} // closed and replaced on every change
}

func newTranscript() *transcript {
	return &transcript{changed: make(chan struct{})}
}

func (t *transcript) add(b []byte) {
	if len(b) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	// Twice the limit before dropping, so that moving the rest is rare.
	if len(t.kept) > 2*Limit {
		drop := len(t.kept) - Limit
		t.kept = append([]byte(nil), t.kept[drop:]...)
		t.dropped += Mark(drop)
	}
	t.wake()
}

func (t *transcript) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	t.wake()
}

func (t *transcript) wake() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// since returns a copy of what came after from, or of what is left of it.
func (t *transcript) since(from Mark) (text []byte, start Mark) {
	start = min(max(from, t.dropped), t.dropped+Mark(len(t.kept)))
	return bytes.Clone(t.kept[start-t.dropped:]), start
}

// Mark returns the end of the output so far.
func (s *Session) Mark() Mark {
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	return s.out.dropped + Mark(len(s.out.kept))
}

// Output returns what the program wrote after from, as the terminal got it:
// with escape sequences, and with \r\n for \n.
func (s *Session) Output(from Mark) []byte {
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	text, _ := s.out.since(from)
	return text
}

// Match is where in the output a pattern was found.
type Match struct {
	Groups [][]byte // the match and its parenthesised parts
	Before []byte   // the output between the mark given and the match
	End    Mark     // just after the match
}

// WaitError says that a pattern did not come.
type WaitError struct {
	Pattern string
	Seen    []byte // the output in which it was looked for
	Err     error  // that of the context, or [ErrEnded]
}

func (e *WaitError) Error() string {
	seen := e.Seen
	if len(seen) > 2000 {
		seen = seen[len(seen)-2000:]
	}
	return fmt.Sprintf("session: wait for %q: %v; the output ends with %q", e.Pattern, e.Err, seen)
}

func (e *WaitError) Unwrap() error { return e.Err }

// WaitFor waits until pattern matches the output after from. The error is a
// [*WaitError].
func (s *Session) WaitFor(ctx context.Context, pattern *regexp.Regexp, from Mark) (Match, error) {
	for {
		s.out.mu.Lock()
		text, start := s.out.since(from)
		changed, ended := s.out.changed, s.out.ended
		s.out.mu.Unlock()

		if loc := pattern.FindSubmatchIndex(text); loc != nil {
			return newMatch(text, start, loc), nil
		}
		if ended {
			return Match{}, &WaitError{Pattern: pattern.String(), Seen: text, Err: ErrEnded}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Match{}, &WaitError{Pattern: pattern.String(), Seen: text, Err: ctx.Err()}
		}
	}
}

func newMatch(text []byte, start Mark, loc []int) Match {
	m := Match{Before: text[:loc[0]], End: start + Mark(loc[1])}
	for i := 0; i < len(loc); i += 2 {
		if loc[i] < 0 {
			m.Groups = append(m.Groups, nil)
			continue
		}
		m.Groups = append(m.Groups, text[loc[i]:loc[i+1]])
	}
	return m
}
