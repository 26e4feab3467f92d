package nixenv

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/hbohlen/devsh/shell/project"
)

// exitBuild is nix's exit status for a failed build.
const exitBuild = 100

// symptom recognises a failure by nix's words (2.8 to 2.30). The first that
// matches is taken.
type symptom struct {
	kind  Kind
	words *regexp.Regexp
}

var noRoom = regexp.MustCompile(`No space left on device|database or disk is full|Disk quota exceeded|lack of free disk space`)

var symptoms = []symptom{
	{DiskFull, noRoom},
	{Daemon, regexp.MustCompile(`cannot (connect|open connection) to (socket|daemon|remote store)|[Nn]ix daemon disconnected|(?m)^error: (unexpected end-of-file|writing to file: Broken pipe|read(ing)? .*: Connection reset by peer)$`)},
	{NoLock, regexp.MustCompile(`requires lock file changes but they're not allowed`)},
	{NotAShell, regexp.MustCompile(`only works on derivations that use 'bash'|is not a derivation|to be a derivation|did not evaluate to a derivation|not a derivation or path`)},
	{Offline, regexp.MustCompile(`unable to download|[Cc]ould(n't| not) connect|[Cc]ould not resolve host|unable to access '|Failed to connect|Connection (refused|timed out)|Network is unreachable`)},
}

// untracked matches the ways in which nix says that a file of a git
// repository is not in the store copy.
var untracked = regexp.MustCompile(`(?:getting status of|path|access to(?: absolute)? path|opening file) '[^']*/[^/']+-source/([^']+)'(?:: No such file or directory| does not exist)|[Pp]ath '([^']+)' in the repository .* is not tracked by [Gg]it`)

// derivation is the path of one, with its name as $1.
var derivation = regexp.MustCompile(`'[^']*/[0-9a-z]{32}-([^'/]+)\.drv'`)

// classify turns a failed run of nix into an error for people.
func (e *evaluation) classify(run error) error {
	text := e.stderr.text()
	reason, detail := realError(text)
	status := 1
	var exit *exec.ExitError
	if errors.As(run, &exit) {
		status = exit.ExitCode()
	} else {
		return fmt.Errorf("run nix: %w", run)
	}
	out := &Error{Kind: Evaluation, Detail: detail, cause: run}
	switch file := e.untrackedFile(text); {
	case file != "":
		out.Kind = Untracked
		out.Message = file + " is not in git's index, so nix does not see it"
		out.Hint = "git add -N " + quote(file)
		return out
	case noRoom.MatchString(text) && (status == exitBuild || strings.HasPrefix(reason, "builder for")):
		out.Kind, reason = DiskFull, noRoom.FindString(text) // in the build's log, or nix's guess
	case status == exitBuild:
		out.Kind = Build
		reason = derivation.ReplaceAllString(reason, "$1") // the log has it in full
	case e.oddPath(text, reason):
		out.Kind = BadPath
	case reason == "":
		out.Kind = Other
		reason = run.Error()
	default:
		complaint := complaints(text)
		for _, s := range symptoms {
			if s.words.MatchString(complaint) {
				out.Kind = s.kind
				break
			}
		}
	}
	out.Message, out.Hint = words(out.Kind, e.req.Source, reason)
	return out
}

// words returns the message and the hint for a kind of failure.
func words(kind Kind, s Source, reason string) (message, hint string) {
	switch kind {
	case NoLock:
		return s.String() + " has inputs that flake.lock does not pin", "nix flake lock"
	case NotAShell:
		return fmt.Sprintf("%s is not a shell: %s", s, reason), "make it a pkgs.mkShell, or name another attribute: [shell] nix = \".#attribute\""
	case Build:
		return fmt.Sprintf("building the shell of %s failed: %s", s, reason), "«devsh log» shows the build's output"
	case Offline:
		return fmt.Sprintf("fetching for %s failed: %s", s, reason), "check the network, then «devsh reload»"
	case Daemon:
		return "nix's daemon went away, or is not there: " + reason, "start it (systemctl restart nix-daemon), then «devsh reload»"
	case DiskFull:
		return "there is no room for " + s.String() + ": " + reason, "free some («nix store gc» removes what is not in use), then «devsh reload»"
	case BadPath:
		return fmt.Sprintf("this nix cannot read a git repository in %s: %s", s.Dir, reason), "rename the directory to plain letters, or use nix 2.20 or later"
	case Evaluation:
		return fmt.Sprintf("evaluating %s failed: %s", s, reason), "«devsh log» shows where"
	}
	return fmt.Sprintf("nix failed for %s: %s", s, reason), "«devsh log» shows what nix wrote"
}

// realError finds the line that says why nix failed. Since 2.20 the outermost
// "error:" is empty or says where, and the innermost says why; of failed
// builds the first is the one that the others follow from.
func realError(text string) (reason, detail string) {
	start := -1
	offset := 0
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if after, ok := strings.CutPrefix(trimmed, "error:"); ok {
			if start < 0 {
				start = offset
			}
			if after = strings.TrimSpace(after); after != "" && !strings.HasPrefix(reason, "builder for") && !strings.HasPrefix(reason, "Cannot build") {
				reason = strings.TrimSuffix(after, ";")
			}
		}
		offset += len(line)
	}
	if start < 0 {
		return "", ""
	}
	detail = text[start:]
	if len(detail) > maxDetail {
		detail = detail[:maxDetail] + "\n…"
	}
	return reason, strings.TrimRight(detail, "\n")
}

// complaints returns the lines of errors, without warnings: a substituter that
// is away is one, and is not why an evaluation fails.
func complaints(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, "error:") || strings.HasPrefix(trimmed, "fatal:") {
			b.WriteString(trimmed + "\n")
		}
	}
	return b.String()
}

// untrackedFile returns the file, relative to where the user types the hint,
// that exists and that nix did not find in its copy of a git repository.
func (e *evaluation) untrackedFile(text string) string {
	repo := project.WorkTree(e.req.Source.Dir)
	if !e.req.Source.isFlake() || repo == "" {
		return ""
	}
	for _, m := range untracked.FindAllStringSubmatch(complaints(text), -1) {
		rel := m[1] + m[2]
		if !filepath.IsLocal(rel) {
			continue
		}
		abs := filepath.Join(repo, rel)
		if _, err := os.Lstat(abs); err != nil {
			continue
		}
		if shown, err := filepath.Rel(e.req.Source.Dir, abs); err == nil {
			return shown
		}
	}
	return ""
}

// oddPath reports whether nix failed because it takes the directory's name for
// part of a URL, as versions before 2.20 do in git repositories.
func (e *evaluation) oddPath(text, reason string) bool {
	repo := project.WorkTree(e.req.Source.Dir)
	switch {
	case !e.req.Source.isFlake() || repo == "":
		return false
	case strings.HasPrefix(reason, "'file://"):
		return strings.Contains(text, "is not a valid URL")
	}
	return strings.HasPrefix(reason, "program 'git' failed") && strings.ContainsAny(repo, "#?")
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_./+][A-Za-z0-9_./+-]*$`)

// quote makes a file name fit to be typed in fish.
func quote(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	if strings.HasPrefix(name, "-") {
		name = "./" + name
	}
	name = strings.ReplaceAll(name, `\`, `\\`)
	return "'" + strings.ReplaceAll(name, "'", `\'`) + "'"
}
