package nixenv

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/nixenv/nixlog"
)

const (
	maxHookOutput = 64 << 10 // bytes that are kept
	maxReport     = 16 << 20 // bytes of variables
)

// loadHook returns what the hook did when it was run for this directory. Where
// there is no hook, it did nothing.
func (e *evaluation) loadHook(s *shellEnv) (*hookResult, bool) {
	if strings.TrimSpace(s.hook()) == "" {
		return &hookResult{}, true
	}
	var stored hookResult
	if err := readJSON(e.hookFile(), &stored); err != nil || stored.Format != format {
		return nil, false
	}
	return &stored, true
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
	result := &hookResult{Format: format}
	bash := e.bash(s)
	if bash == "" {
		result.Warnings = []string{"there is no bash to run the shellHook: its variables are missing"}
		return result, nil // not stored: bash may appear
	}
	report, output, err := e.runHook(ctx, bash, s)
	if ctx.Err() != nil {
		return nil, canceled(context.Cause(ctx))
	}
	if report == nil {
		return nil, err
	}
	result.Output = raw(output.String())
	result.read(report, err)
	if output.dropped {
		result.Warnings = append(result.Warnings, "the shellHook printed more than 64 KiB; the rest was dropped")
	}
	return result, writeJSON(e.hookFile(), result)
}

// bash returns the shell's own bash, else the user's, else "".
func (e *evaluation) bash(s *shellEnv) string {
	own := s.Vars["BASH"]
	if filepath.IsAbs(own) && filepath.Base(own) == "bash" {
		if found, err := exec.LookPath(own); err == nil {
			return found
		}
	}
	return lookPath(e.env["PATH"], "bash")
}

// runHook runs bash and returns the report, nil where it could not be run at
// all. The error then says so; else it says how the hook ended badly.
func (e *evaluation) runHook(ctx context.Context, bash string, s *shellEnv) ([]byte, *hookOutput, error) {
	code, err := e.temp([]byte(script(e.rules, s, basePath(e.env))))
	if err != nil {
		return nil, nil, err
	}
	defer code.Close()
	report, err := e.temp(nil)
	if err != nil {
		return nil, nil, err
	}
	defer report.Close()
	limit, cancel := context.WithTimeoutCause(ctx, e.req.HookTimeout, errHookTime)
	defer cancel()
	cmd := exec.Command(bash, "--noprofile", "--norc", "/dev/fd/4")
	cmd.Dir = e.req.Source.Dir
	cmd.Env = hookEnv(e.env, cmd.Dir)
	cmd.ExtraFiles = []*os.File{report, code} // descriptors 3 and 4
	output := &hookOutput{}
	cmd.Stdout, cmd.Stderr = output, output
	ended := runGroup(limit, cmd, nil)
	if errors.Is(context.Cause(limit), errHookTime) {
		ended = fmt.Errorf("%w of %v", errHookTime, e.req.HookTimeout)
	}
	if cmd.ProcessState == nil {
		return nil, nil, fmt.Errorf("run the shellHook: %w", ended)
	}
	data, err := io.ReadAll(io.NewSectionReader(report, 0, maxReport))
	if err != nil {
		return nil, nil, fmt.Errorf("read the shellHook's report: %w", err)
	}
	return append([]byte{}, data...), output, ended
}

var errHookTime = errors.New("it took longer than its limit")

// temp makes a file without a name, in the evaluation's own directory.
func (e *evaluation) temp(content []byte) (*os.File, error) {
	f, err := os.CreateTemp(e.slot, tempPrefix)
	if err != nil {
		return nil, fmt.Errorf("prepare the shellHook: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, fmt.Errorf("prepare the shellHook: %w", err)
	}
	_, err = io.Copy(f, bytes.NewReader(content))
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("prepare the shellHook: %w", err)
	}
	return f, nil
}

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
