package install

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/semver"

	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// Wanted is a tool that somebody asked for.
type Wanted struct {
	// Name is what it is called here, Package what the backend calls it.
	Name, Package string
	// Want is the constraint on its version as it is written in the lock, and
	// Allows what it lets; nil lets all.
	Want   string
	Allows func(version string) bool
	// Scripts are packages whose install scripts may be run.
	Scripts []string
	// With are packages that are installed beside it, with their versions.
	With map[string]string
	// Static are variables that choose a static build, as in the lock.
	Static map[string]string
	// MinAge is how long a version must have been published before Now.
	MinAge time.Duration
	Now    time.Time
}

// Phase is what is being done, for people.
type Phase string

// The phases, in the order in which they come.
const (
	Resolving  Phase = "choosing a version"
	Locking    Phase = "reading what it depends on"
	Installing Phase = "downloading"
	Scripting  Phase = "running its install scripts"
	Building   Phase = "downloading and building"
	Compiling  Phase = "building"
	Checking   Phase = "checking"
)

// Progress is told what is being done; it may be nil.
type Progress func(Phase)

// Tell says what is being done.
func (p Progress) Tell(phase Phase) {
	if p != nil {
		p(phase)
	}
}

// Binding is what an installation is bound to on this machine: it is made anew
// where something else is there.
type Binding struct {
	Bound []string
	// Needs are the programs that it cannot run without.
	Needs []string
}

// Backend installs tools from one place.
type Backend interface {
	// Available reports why it cannot be used: the error is a [*Unavailable].
	Available(context.Context) error
	// Bind says what an installation of the tool is bound to.
	Bind(context.Context, lockfile.Tool) (Binding, error)
	// Resolve chooses the newest version that is old enough and can run here.
	Resolve(context.Context, Wanted, Progress) (lockfile.Tool, error)
	// Install puts exactly what the lock says into dir, which will lie at final,
	// and returns its programs, by what they run in the end: see store.Built.
	Install(ctx context.Context, tool lockfile.Tool, dir, final string, p Progress) (map[string]string, error)
}

// Unavailable says that the program a backend needs is not there.
type Unavailable struct{ Program, Hint string }

func (u *Unavailable) Error() string { return u.Program + " is not on PATH" }

// Error says what failed, for which tool, and what the program that failed said.
type Error struct {
	// Doing is what was tried: "install prettier from npm".
	Doing, Reason, Hint string
	Err                 error
}

func (e *Error) Error() string {
	if e.Reason == "" {
		return e.Doing + ": " + e.Err.Error()
	}
	return e.Doing + ": " + e.Reason
}

func (e *Error) Unwrap() error { return e.Err }

// Candidate is a version that may be chosen.
type Candidate struct {
	Version   string
	Published time.Time // zero if it is not known
}

// Names reports whether a version was asked for by itself, "=1.2.3".
func (w Wanted) Names(version string) bool {
	return strings.TrimPrefix(w.Want, "=") == strings.TrimPrefix(version, "v")
}

// Young reports whether a version is too young.
func (w Wanted) Young(published time.Time) bool {
	return w.MinAge > 0 && (published.IsZero() || w.Now.Sub(published) < w.MinAge)
}

// None is the error where no version can be taken, with the reason for each of
// the first ones that were looked at.
func (w Wanted) None(source string, reasons []string) error {
	e := &Error{Doing: fmt.Sprintf("choose a version of %s from %s", w.Package, source)}
	switch {
	case len(reasons) > 0:
		e.Reason = strings.Join(reasons[:min(3, len(reasons))], "; ")
		if strings.Contains(e.Reason, "ago") {
			e.Hint = "name an older version, or --min-age 0 to take it all the same"
		}
	case w.Want != "":
		e.Reason = "no version is " + w.Want
	default:
		e.Reason = "it has no versions"
	}
	return e
}

// TooYoung is the reason why a version is not taken.
func (w Wanted) TooYoung(version string, published time.Time) string {
	if published.IsZero() {
		return fmt.Sprintf("%s: nobody knows how long ago it appeared", version)
	}
	return fmt.Sprintf("%s appeared %s ago, and must have been there for %s", version, Age(w.Now.Sub(published)), Age(w.MinAge))
}

// Age is a time span in words.
func Age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// Compare compares two versions as semver has it, with or without a v.
func Compare(a, b string) int { return semver.Compare(withV(a), withV(b)) }

// Prerelease reports whether a version comes before a release, or is none.
func Prerelease(version string) bool {
	v := withV(version)
	return !semver.IsValid(v) || semver.Prerelease(v) != ""
}

func withV(version string) string { return "v" + strings.TrimPrefix(version, "v") }
