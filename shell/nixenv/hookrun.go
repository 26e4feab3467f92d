package nixenv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/program"
)

// prepared is a bash that is about to run a hook's program. What it reports is
// in memory alone: there may be secrets in it.
type prepared struct {
	cmd          *exec.Cmd
	report, code *os.File
}

func prepare(bash, program, dir string) (*prepared, error) {
	p := &prepared{cmd: exec.Command(bash, "--noprofile", "--norc", "/dev/fd/4")}
	p.cmd.Dir = dir
	var err error
	if p.report, err = inMemory("report", ""); err != nil {
		return nil, err
	}
	if p.code, err = inMemory("shellHook", program); err != nil {
		p.report.Close()
		return nil, err
	}
	p.cmd.ExtraFiles = []*os.File{p.report, p.code} // descriptors 3 and 4
	return p, nil
}

func (p *prepared) read() ([]byte, error) {
	data, err := io.ReadAll(io.NewSectionReader(p.report, 0, maxReport))
	if err != nil {
		return nil, fmt.Errorf("read the shellHook's report: %w", err)
	}
	return bytes.Clone(data), nil
}

func (p *prepared) close() {
	p.report.Close()
	p.code.Close()
}

// inMemory makes a file that is on no disk.
func inMemory(name, content string) (*os.File, error) {
	fd, err := unix.MemfdCreate("devsh-"+name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("prepare the shellHook: %w", err)
	}
	f := os.NewFile(uintptr(fd), name)
	_, err = io.Copy(f, strings.NewReader(content))
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("prepare the shellHook: %w", err)
	}
	return f, nil
}

// Entry is a run of a shellHook on entering.
type Entry struct {
	Hook    env.ShellHook
	Program string    // of the delta's scripts
	Environ []string  // of the shell, the project's environment included
	Output  io.Writer // what it prints; a file is given to it as it is
	Limit   time.Duration
}

// RunEntry runs a shellHook where somebody enters, and returns those of its
// variables that it set. It has nothing to read and no terminal to take over;
// what it starts and leaves running stays. The error says how it ended badly;
// what it had set by then is returned all the same.
func RunEntry(ctx context.Context, e Entry) (map[string]string, error) {
	limit, cancel := context.WithTimeoutCause(ctx, e.Limit, errHookTime)
	defer cancel()
	run, err := prepare(e.Hook.Bash, e.Program, e.Hook.Dir)
	if err != nil {
		return nil, err
	}
	defer run.close()
	set := env.FromList(e.Environ)
	set["PWD"], set[env.ProjectVar] = e.Hook.Dir, e.Hook.Dir // whatever place governs
	run.cmd.Env = set.List()
	run.cmd.Stdout, run.cmd.Stderr = e.Output, e.Output
	run.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	run.cmd.WaitDelay = program.KillAfter
	if err := run.cmd.Start(); err != nil {
		return nil, fmt.Errorf("run the shellHook: %w", err)
	}
	group := -run.cmd.Process.Pid
	// Whoever ends before its limit is not ended: the stop is taken back.
	stop := context.AfterFunc(limit, func() { _ = syscall.Kill(group, syscall.SIGKILL) })
	program.AwaitExit(run.cmd.Process.Pid)
	stop()
	ended := run.cmd.Wait()
	if cause := context.Cause(limit); errors.Is(cause, errHookTime) {
		ended = fmt.Errorf("%w of %v", errHookTime, e.Limit)
	} else if cause != nil {
		return nil, cause
	}
	report, err := run.read()
	if err != nil {
		return nil, err
	}
	return e.result(report, ended)
}

func (e Entry) result(report []byte, ended error) (map[string]string, error) {
	vars := map[string]string{}
	_, after, mark := parseReport(report)
	if after == nil {
		if ended == nil {
			ended = errors.New("it did not come back")
		}
		return nil, fmt.Errorf("the shellHook: %w", ended)
	}
	for _, name := range e.Hook.Vars {
		if value, ok := after.exported[name]; ok && env.CheckName(name) == nil {
			vars[name] = value
		}
	}
	if _, status, _ := strings.Cut(mark, " "); status != "0" {
		return vars, fmt.Errorf("the shellHook ended with status %s", status)
	}
	return vars, nil
}
