package nixenv

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/nixenv/nixlog"
	"github.com/hbohlen/devsh/shell/program"
)

const (
	maxHookOutput = 64 << 10 // bytes that are kept
	maxReport     = 16 << 20 // bytes
)

// loadHook returns what the hook did when it was run for this directory. Where
// there is no hook, it did nothing.
func (e *evaluation) loadHook(s *shellEnv) (*hookResult, bool) {
	if strings.TrimSpace(s.hook()) == "" {
		return &hookResult{}, true
	}
	stored := &hookResult{}
	if err := readJSON(e.hookFile(), stored); err != nil || stored.Format != hookFormat {
		return nil, false
	}
	stored.run = e.hookRun(s)
	return stored, true
}

// hookRun is how the hook, or a command of it, is run later.
func (e *evaluation) hookRun(s *shellEnv) hookRun {
	return hookRun{
		bash: e.bash(s), dir: e.req.Source.Dir, everyEntry: e.req.HookEveryEntry,
		program: script(s, s.derivation(e.rules)), // the rest is in the environment by then
	}
}

// hookFile is where the capture is stored: what a hook does depends on where
// it is run, while equal evaluations are shared by several directories.
func (e *evaluation) hookFile() string {
	sum := sha256.Sum256([]byte(e.req.Source.Dir))
	return filepath.Join(e.slot, hookPrefix+hex.EncodeToString(sum[:16])+".json")
}

// capture runs the shellHook and stores what it did. A hook that misbehaves is
// told in the result's warnings; the error is one of devsh's own, or says that
// the caller gave up.
func (e *evaluation) capture(ctx context.Context, s *shellEnv) (*hookResult, error) {
	if strings.TrimSpace(s.hook()) == "" {
		return &hookResult{}, nil
	}
	e.progress(Progress{Phase: hooking, What: "the shellHook"})
	result := &hookResult{Format: hookFormat, run: e.hookRun(s)}
	if result.run.bash == "" {
		result.Warnings = []string{"there is no bash to run the shellHook: what it sets is missing"}
		return result, nil // not stored: bash may appear
	}
	if e.req.MayHook != nil {
		if err := e.req.MayHook(); err != nil {
			return nil, err
		}
	}
	ran, err := e.runHook(ctx, result.run.bash, s)
	if ctx.Err() != nil {
		return nil, canceled(context.Cause(ctx))
	}
	if err != nil {
		return nil, err
	}
	result.Output = ran.output.String()
	if err := result.read(s, e.rules, ran.report, ran.ended); err != nil {
		return nil, err
	}
	if !errors.Is(ran.ended, errHookTime) { // else nothing was meant to stay
		result.Left = sorted(append(result.Left, ran.escaped...))
	}
	if errors.Is(ran.ended, exec.ErrWaitDelay) && len(result.Left) == 0 {
		result.Warnings = append(result.Warnings, "what the shellHook started goes on, and keeps its output open")
	}
	if ran.output.dropped {
		result.Warnings = append(result.Warnings, "the shellHook printed more than 64 KiB; the rest was dropped")
	}
	return result, writeJSON(e.hookFile(), result)
}

func sorted(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// bash returns the shell's own bash, else the user's, else "".
func (e *evaluation) bash(s *shellEnv) string {
	own := s.Vars["BASH"]
	if filepath.IsAbs(own) && filepath.Base(own) == "bash" {
		if found, err := exec.LookPath(own); err == nil {
			return found
		}
	}
	return program.Find(e.env["PATH"], "bash")
}

// ranHook is what came of a run.
type ranHook struct {
	report  []byte
	output  *hookOutput
	escaped []string // programs that it left running in another session
	ended   error    // how it ended badly
}

// runHook runs bash. The error says that it could not be run at all. No time
// passes for its limit while the machine is asleep (CLOCK_MONOTONIC).
func (e *evaluation) runHook(ctx context.Context, bash string, s *shellEnv) (*ranHook, error) {
	limit, cancel := context.WithTimeoutCause(ctx, e.req.HookTimeout, errHookTime)
	defer cancel()
	run, err := prepare(bash, script(s, s.environment(e.rules, basePath(e.env))), e.req.Source.Dir)
	if err != nil {
		return nil, err
	}
	defer run.close()
	mark := hookMark + "=" + rand.Text()
	run.cmd.Env = append(hookEnv(e.env, e.req.Source.Dir), mark)
	ran := &ranHook{output: &hookOutput{}}
	run.cmd.Stdout, run.cmd.Stderr = ran.output, ran.output
	ran.ended = runGroup(limit, run.cmd, nil)
	ran.escaped = endMarked(mark)
	if errors.Is(context.Cause(limit), errHookTime) {
		ran.ended = fmt.Errorf("%w of %v", errHookTime, e.req.HookTimeout)
	}
	if run.cmd.ProcessState == nil {
		return nil, fmt.Errorf("run the shellHook: %w", ran.ended)
	}
	ran.report, err = run.read()
	return ran, err
}

var errHookTime = errors.New("it took longer than its limit")

// hookVars are what a hook sees of the user's environment: who the user is,
// the language, and where certificates are, since hooks download. Nothing of
// the session at a terminal is among them, so the capture holds in every one.
var hookVars = []string{"HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LOCALE_ARCHIVE", "SSL_CERT_FILE", "NIX_SSL_CERT_FILE"}

func hookEnv(user env.Env, dir string) []string {
	out := env.Env{env.Path: basePath(user), "PWD": dir}
	for _, name := range hookVars {
		if value, ok := user[name]; ok {
			out[name] = value
		}
	}
	return out.List()
}

// basePath is the search path behind the shell's own: the system's, not the
// session's. None of it is stored.
func basePath(user env.Env) string {
	dirs := []string{"/run/wrappers/bin"}
	if name := user["USER"]; env.IsIdentifier(name) {
		dirs = append(dirs, "/etc/profiles/per-user/"+name+"/bin")
	}
	return strings.Join(append(dirs, "/run/current-system/sw/bin", "/nix/var/nix/profiles/default/bin",
		"/usr/local/bin", "/usr/bin", "/bin"), ":")
}

// hookOutput keeps the beginning of what a hook prints, and takes in the rest.
type hookOutput struct {
	mu      sync.Mutex
	data    []byte
	dropped bool
}

func (o *hookOutput) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	room := maxHookOutput - len(o.data)
	o.data = append(o.data, p[:min(room, len(p))]...)
	o.dropped = o.dropped || len(p) > room
	return len(p), nil
}

func (o *hookOutput) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return nixlog.StripColour(string(o.data))
}
