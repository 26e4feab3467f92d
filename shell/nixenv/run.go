package nixenv

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hbohlen/devsh/shell/env"
)

const (
	maxStdout = 64 << 20        // bytes of an environment as JSON
	killAfter = 2 * time.Second // between asking a process group to end and killing it
)

// errTooLong says that a program wrote more than it may.
var errTooLong = errors.New("the output is too long")

// options are given to every nix. They keep the evaluation from asking,
// from trusting what the flake says about nix's own configuration, and from
// writing into the project.
//
// Of downloads there are two attempts: a substituter that cannot be reached
// costs 0.3-0.5 s, instead of the 4-5 s of nix's five, and one hiccup is
// survived, which with a single attempt (0.1 s) would fail a build. The
// connect timeout is for networks that drop packets, which nix would wait for
// until curl's five minutes are over; away.go does the rest.
//
// The evaluation cache is off because it hides which files were read, and
// repeats failures; what it would save, this package's own cache saves.
var options = []string{
	"--extra-experimental-features", "nix-command flakes",
	"--option", "accept-flake-config", "false",
	"--option", "download-attempts", "2",
	"--option", "connect-timeout", "3",
	"--option", "eval-cache", "false",
	"--option", "warn-dirty", "false",
	// Of the levels of verbosity, the first tells which files are evaluated
	// and the second which are copied to the store.
	"--log-format", "internal-json", "-vv",
}

// arguments returns the command line, without the program, that evaluates s
// and makes profile a root of the result, and the directory to run it in. More
// options have the last word.
func arguments(s Source, profile, stateDir string, more []string) (args []string, dir string) {
	args = slices.Concat([]string{"print-dev-env", "--json", "--profile", profile}, options, more)
	switch {
	case s.Ref != "":
		return append(args, "--no-write-lock-file", "--", s.Ref), stateDir
	case s.isFlake():
		// With an input that is not pinned, another day would give another
		// result under the same key: this makes it an error, before anything
		// is written. Given --no-write-lock-file as well, nix only warns.
		args = append(args, "--no-update-lock-file")
		// The directory is given as "." and by the working directory, since a
		// path with # or ? in it is no flake reference.
		ref := "."
		if s.Attr != "" {
			ref += "#" + s.Attr
		}
		return append(args, "--", ref), s.flakeDir()
	}
	args = append(args, "--file", "./"+filepath.Base(s.File))
	if s.Attr != "" {
		args = append(args, "--", s.Attr)
	}
	return args, s.flakeDir()
}

// findNix returns the nix on the PATH of the request.
func findNix(e env.Env) (string, error) {
	if path := lookPath(e["PATH"], "nix"); path != "" {
		return path, nil
	}
	return "", &Error{
		Kind:    NixMissing,
		Message: "nix is not on PATH",
		Hint:    "install it (https://nixos.org/download), or set [shell] nix = false in devsh.toml",
	}
}

// lookPath finds a program in the absolute directories of path.
func lookPath(path, program string) string {
	for dir := range strings.SplitSeq(path, ":") {
		if !filepath.IsAbs(dir) {
			continue
		}
		// With a slash in the name LookPath asks only whether it can be run.
		if found, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			return found
		}
	}
	return ""
}

// print runs nix, with more options, and returns the environment as JSON. The
// error is a [*Error] unless nix could not be started.
func (e *evaluation) print(ctx context.Context, profile string, more ...string) ([]byte, error) {
	nix, err := findNix(e.env)
	if err != nil {
		return nil, err
	}
	args, dir := arguments(e.req.Source, profile, e.req.StateDir, more)
	cmd := exec.Command(nix, args...)
	cmd.Dir = dir
	environ := e.env.Clone()
	environ["PWD"] = dir
	if !e.req.Source.isFlake() {
		environ["IN_NIX_SHELL"] = "impure" // as nix-shell does; lib.inNixShell reads it
	}
	cmd.Env = environ.List()
	out := &limited{limit: maxStdout}
	cmd.Stdout = out
	cmd.Stderr = e.stderr
	ended := func(error) {}
	if e.req.AdoptOrphans {
		ended = adoptOrphans()
	}
	err = runGroup(ctx, cmd, out)
	ended(err)
	e.stderr.flush()
	switch {
	case ctx.Err() != nil:
		return nil, canceled(context.Cause(ctx))
	case errors.Is(err, errTooLong):
		return nil, &Error{Kind: Other, Message: "nix printed an environment of more than 64 MiB"}
	case err != nil:
		return nil, e.classify(err)
	}
	return out.data.Bytes(), nil
}

// limited keeps what is written up to a limit, beyond which it fails.
type limited struct {
	data  bytes.Buffer
	limit int
	over  bool
}

func (l *limited) Write(p []byte) (int, error) {
	if l.data.Len()+len(p) > l.limit {
		l.over = true
		return 0, errTooLong
	}
	return l.data.Write(p)
}

// runGroup runs cmd in a session of its own, without a terminal and with
// nothing to read, until it ends, ctx does, or out is full; then everything
// that is left of the session's process group is killed. On cancelling, nix
// is first asked, so that it ends its builders. Where devsh itself is killed,
// the system kills the program, which nix in turn has arranged for its builders;
// a signal that asks nix would wait for the end of a long computation.
func runGroup(ctx context.Context, cmd *exec.Cmd, out *limited) error {
	// To the system the parent is the thread that forks, and Go ends threads:
	// this one is kept until the child has ended.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = killAfter
	if err := cmd.Start(); err != nil {
		return err
	}
	group := -cmd.Process.Pid
	ended := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-ended:
			return
		case <-ctx.Done():
		}
		_ = syscall.Kill(group, syscall.SIGINT)
		select {
		case <-ended:
		case <-time.After(killAfter):
			_ = syscall.Kill(group, syscall.SIGKILL)
		}
	}()
	awaitExit(cmd.Process.Pid)
	close(ended)
	<-watched
	// The process is not yet reaped, so its group is still this group.
	_ = syscall.Kill(group, syscall.SIGKILL)
	err := cmd.Wait()
	if out != nil && out.over {
		return errTooLong
	}
	return err
}

// awaitExit waits until a child has ended and leaves it to be reaped.
func awaitExit(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, syscall.EINTR) {
			return
		}
	}
}
