package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxStdout = 64 << 20
	maxStderr = 256 << 10
	killAfter = 2 * time.Second // between asking a process group to end and killing it
)

// Command is another program that does something for a tool.
type Command struct {
	// Doing is what for, as in [Error].
	Doing string
	Path  string
	Args  []string
	Dir   string
	Env   map[string]string
	Limit time.Duration
	// Reason finds in what the program wrote the line that says what is wrong,
	// and a hint; both may be empty.
	Reason func(stdout, stderr string) (reason, hint string)
	// Warned finds in what a program wrote that ended well what is wrong all the
	// same; nil finds nothing.
	Warned func(stderr string) (reason, hint string)
}

// Run runs it and returns what it printed. The error is a [*Error], or the
// context's.
func (c Command) Run(ctx context.Context) ([]byte, error) {
	limit, cancel := context.WithTimeout(ctx, c.Limit)
	defer cancel()
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Dir = c.Dir
	for k, v := range c.Env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	stdout, stderr := &head{limit: maxStdout}, &head{limit: maxStderr}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := runGroup(limit, cmd)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", c.Doing, context.Cause(ctx))
	case limit.Err() != nil:
		return nil, &Error{
			Doing: c.Doing, Err: limit.Err(), Reason: fmt.Sprintf("%s took longer than %s", filepath.Base(c.Path), c.Limit),
			Hint: "is the network slow, or does a registry not answer? Try again: what was downloaded is kept",
		}
	case stdout.over:
		return nil, &Error{Doing: c.Doing, Reason: filepath.Base(c.Path) + " printed more than 64 MiB"}
	case err == nil:
		if c.Warned != nil {
			if reason, hint := c.Warned(stderr.data.String()); reason != "" {
				return nil, &Error{Doing: c.Doing, Reason: reason, Hint: hint}
			}
		}
		return stdout.data.Bytes(), nil
	}
	e := &Error{Doing: c.Doing, Err: err}
	if c.Reason != nil {
		e.Reason, e.Hint = c.Reason(stdout.data.String(), stderr.data.String())
	}
	if e.Reason == "" {
		e.Reason = filepath.Base(c.Path) + ": " + err.Error()
		if line := firstLine(stderr.data.String()); line != "" {
			e.Reason += ": " + line
		}
	}
	return stdout.data.Bytes(), e
}

// firstLine is the first line that is not blank.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// head keeps the beginning of what is written.
type head struct {
	data  bytes.Buffer
	limit int
	over  bool
}

func (h *head) Write(p []byte) (int, error) {
	room := h.limit - h.data.Len()
	if len(p) > room {
		h.over = true
	}
	h.data.Write(p[:min(len(p), room)])
	return len(p), nil
}

// runGroup runs cmd in a session of its own, with nothing to read, until it or
// ctx ends; then everything that is left of its process group is killed. Where
// devsh itself is killed, the system kills the program.
func runGroup(ctx context.Context, cmd *exec.Cmd) error {
	// To the system the parent is the thread that forks, and Go ends threads.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = killAfter
	if err := cmd.Start(); err != nil {
		return err
	}
	group := -cmd.Process.Pid
	ended, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-ended:
			return
		case <-ctx.Done():
		}
		_ = syscall.Kill(group, syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(killAfter):
			_ = syscall.Kill(group, syscall.SIGKILL)
		}
	}()
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	close(ended)
	<-watched
	// The process is not yet reaped, so its group is still this group.
	_ = syscall.Kill(group, syscall.SIGKILL)
	return cmd.Wait()
}

// LookPath finds a program in the absolute directories of path, "" if it is in
// none.
func LookPath(path, program string) string {
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

// Scrub returns those of the environment's variables that keep lets.
func Scrub(environ map[string]string, keep func(name string) bool) map[string]string {
	out := map[string]string{}
	for k, v := range environ {
		if general(k) || keep(k) {
			out[k] = v
		}
	}
	return out
}

// general are variables that any program may need that uses the network in the
// user's name.
func general(name string) bool {
	switch strings.ToUpper(name) {
	case "HOME", "USER", "LOGNAME", "PATH", "TMPDIR", "LANG", "TZ",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "NIX_SSL_CERT_FILE",
		"XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "SSH_AUTH_SOCK":
		return true
	}
	return strings.HasPrefix(name, "LC_")
}
