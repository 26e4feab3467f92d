package main

import (
	"context"
	"regexp"
	"strings"

	"github.com/hbohlen/devsh/shell/session"
)

// marks tells, in sequences that terminals ignore, where a command's output
// begins, and where it ends and in which directory. It comes last, so that
// what devsh says at a prompt is before the end.
const marks = `
function __tour_begin --on-event fish_preexec; printf '\e]7777;begin\a'; end
function __tour_end --on-event fish_prompt; printf '\e]7777;end %s\a' (prompt_pwd --dir-length=0); end
function fish_prompt; echo '> '; end
function fish_right_prompt; end
function fish_title; end
set -g fish_autosuggestion_enabled 0`

var (
	firstPrompt = regexp.MustCompile(`\x1b\]7777;end ([^\x07]*)\x07`)
	command     = regexp.MustCompile(`(?s)\x1b\]7777;begin\x07(.*?)\x1b\]7777;end ([^\x07]*)\x07`)
	escapes     = regexp.MustCompile(`\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b\[[0-9;?<=>]*[ -/]*[@-~]|\x1b[ -/]*[0-~]`)
)

// shell is a fish that waits for the next line.
type shell struct {
	session *session.Session
	where   string // its directory, as a prompt shows it
	mark    session.Mark
}

func start(ctx context.Context, environ []string) (*shell, error) {
	s, err := session.Start(session.Command{
		Argv: []string{"fish", "--init-command", marks}, Env: environ, Answer: true,
		Size: session.Size{Rows: 50, Cols: 200},
	})
	if err != nil {
		return nil, err
	}
	sh := &shell{session: s}
	m, err := sh.wait(ctx, firstPrompt)
	if err != nil {
		sh.close()
		return nil, err
	}
	sh.where = string(m.Groups[1])
	return sh, nil
}

func (s *shell) close() { _ = s.session.Close() } // it has nothing left to say

// run types a line and returns what the terminal shows of it.
func (s *shell) run(ctx context.Context, line string) (string, error) {
	if err := s.session.Type(line + "\r"); err != nil {
		return "", err
	}
	m, err := s.wait(ctx, command)
	if err != nil {
		return "", err
	}
	s.where = string(m.Groups[2])
	return plain(string(m.Groups[1])), nil
}

func (s *shell) wait(ctx context.Context, pattern *regexp.Regexp) (session.Match, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	m, err := s.session.WaitFor(ctx, pattern, s.mark)
	s.mark = m.End
	return m, err
}

// plain is what stays on the screen: without escape sequences, and without
// what was written over.
func plain(text string) string {
	lines := strings.Split(strings.ReplaceAll(escapes.ReplaceAllString(text, ""), "\r\n", "\n"), "\n")
	for i, l := range lines {
		l = strings.TrimRight(l, "\r")
		lines[i] = strings.TrimRight(l[strings.LastIndexByte(l, '\r')+1:], " ")
	}
	// Fish's sign that the output ended without a newline, which it writes over
	// where it did not.
	return strings.TrimSuffix(strings.Join(lines, "\n"), "⏎")
}
