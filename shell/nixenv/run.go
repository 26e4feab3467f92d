package nixenv

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/program"
)

const maxStdout = 64 << 20 // bytes of an environment as JSON

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
	if path := program.Find(e["PATH"], "nix"); path != "" {
		return path, nil
	}
	return "", &Error{
		Kind:    NixMissing,
		Message: "nix is not on PATH",
		Hint:    "install it (https://nixos.org/download), or set [shell] nix = false in devsh.toml",
	}
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

// runGroup is [program.Run], with what fills out as an error. nix is asked by a
// SIGINT, so that it ends its builders; where devsh itself is killed, nix is as
// well, and has arranged that for its builders: a signal that asks it would wait
// for the end of a long computation.
func runGroup(ctx context.Context, cmd *exec.Cmd, out *limited) error {
	err := program.Run(ctx, cmd, syscall.SIGINT)
	if out != nil && out.over {
		return errTooLong
	}
	return err
}
