package main

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/hbohlen/devsh/shell/session"
)

//go:embed bench.fish
var harness string

// shell is an interactive fish on a terminal, in a bed.
type shell struct {
	bed     *bed
	session *session.Session
	fifo    *os.File // what it tells
	start   *os.File // where it waits for the start
	lines   chan line
	limit   time.Duration
	// begin is when the last measurement began, arrived when the environment
	// came last.
	begin, arrived time.Time
}

// line is what the shell told, and when.
type line struct {
	text string
	at   time.Time
}

// startShell starts a fish and waits for its first prompt.
func startShell(ctx context.Context, b *bed, limit time.Duration) (*shell, error) {
	s := &shell{bed: b, lines: make(chan line, 64), limit: limit}
	var err error
	if s.fifo, err = makeFIFO(b.fifo()); err != nil {
		return nil, err
	}
	if s.start, err = makeFIFO(b.fifo() + ".go"); err != nil {
		s.fifo.Close()
		return nil, err
	}
	s.session, err = session.Start(session.Command{Argv: []string{"fish"}, Env: b.environ, Dir: b.home, Answer: true})
	if err != nil {
		s.fifo.Close()
		s.start.Close()
		return nil, err
	}
	go s.listen()
	_, err = s.await(ctx, "prompt")
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func makeFIFO(path string) (*os.File, error) {
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return nil, err
	}
	// Open for both, so that neither side waits for the other to open it.
	return os.OpenFile(path, os.O_RDWR, 0)
}

func (s *shell) close() {
	_ = s.session.Close() // it has nothing left to say
	s.fifo.Close()
	s.start.Close()
}

// listen notes when each line came, until the FIFO is closed.
func (s *shell) listen() {
	scanner := bufio.NewScanner(s.fifo)
	for scanner.Scan() {
		s.lines <- line{scanner.Text(), time.Now()}
	}
}

// await waits for a line that begins with the word.
func (s *shell) await(ctx context.Context, word string) (line, error) {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	for {
		select {
		case l := <-s.lines:
			if strings.HasPrefix(l.text, "arrived ") && strings.Contains(l.text, s.bed.mark()) {
				s.arrived = l.at // and not what was there before the last change
			}
			if l.text == word || strings.HasPrefix(l.text, word+" ") {
				return l, nil
			}
		case <-s.session.Done():
			return line{}, fmt.Errorf("%s: fish ended", s.bed.name)
		case <-ctx.Done():
			return line{}, fmt.Errorf("%s: no answer within %v; its terminal shows: %q", s.bed.name, s.limit, s.tail())
		}
	}
}

func (s *shell) tail() string {
	out := s.session.Output(0)
	return string(out[max(0, len(out)-300):])
}

// do types a command and waits for the prompt after it.
func (s *shell) do(ctx context.Context, command string) error {
	if err := s.session.Type(" " + command + "\r"); err != nil {
		return err
	}
	_, err := s.await(ctx, "prompt")
	return err
}

// times has the shell do a step n times and returns how long that took, from
// telling it to start until hearing that it is done.
func (s *shell) times(ctx context.Context, step string, n int) (time.Duration, error) {
	if err := s.session.Type(fmt.Sprintf(" __bench_times %s %d\r", step, n)); err != nil {
		return 0, err
	}
	if _, err := s.await(ctx, "ready"); err != nil {
		return 0, err
	}
	s.begin = time.Now()
	if _, err := s.start.WriteString("go\n"); err != nil {
		return 0, err
	}
	end, err := s.await(ctx, "end")
	if err != nil {
		return 0, err
	}
	_, err = s.await(ctx, "prompt")
	return end.at.Sub(s.begin), err
}

// look returns the number of the project's entries on PATH, and the value of
// its last variable.
func (s *shell) look(ctx context.Context) (string, error) {
	if err := s.session.Type(" __bench_look\r"); err != nil {
		return "", err
	}
	l, err := s.await(ctx, "look")
	if err != nil {
		return "", err
	}
	_, err = s.await(ctx, "prompt")
	return strings.TrimPrefix(l.text, "look "), err
}
