package lsp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/hbohlen/devsh/shell/program"
)

// process is a server that runs, in a process group of its own: many start
// others, which have to end with it.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout io.ReadCloser
	stderr head
	ended  chan struct{} // closed when it has ended
	state  string        // how it ended
}

func start(s Server, dir string) (*process, error) {
	if len(s.Argv) == 0 {
		return nil, errors.New("start the server: it has no command")
	}
	cmd := exec.Command(s.Argv[0], s.Argv[1:]...)
	cmd.Dir, cmd.Env = dir, s.Env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = endWait // for those who keep its standard error
	p := &process{cmd: cmd}
	cmd.Stderr = &p.stderr
	var err1, err2 error
	p.stdin, err1 = cmd.StdinPipe()
	p.stdout, err2 = cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	p.ended = make(chan struct{})
	go p.watch()
	return p, nil
}

// watch ends what the server started when the server ends: these may keep its
// standard output, and nobody would hear that no more comes.
func (p *process) watch() {
	defer close(p.ended)
	// Not reaped yet, its number is nobody else's: then the group can be ended.
	program.AwaitExit(p.cmd.Process.Pid)
	p.kill()
}

// end ends the server's whole group, at once or when the server has had the
// time to end by itself, and waits until it has.
func (p *process) end(c *conn, patient bool) {
	p.stdin.Close()
	if !patient {
		p.kill()
	}
	kill := time.AfterFunc(endWait, p.kill)
	hangUp := time.AfterFunc(2*endWait, func() { p.stdout.Close() }) // somebody else may hold it
	c.drain()
	<-p.ended
	kill.Stop()
	hangUp.Stop()
	if err := p.cmd.Wait(); err != nil {
		p.state = err.Error()
	}
}

func (p *process) kill() {
	// ESRCH: all have ended.
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
}

// explain adds what the server said on standard error, and how it ended.
func (p *process) explain(err error) error {
	if errors.Is(err, errEnded) && p.state != "" {
		err = fmt.Errorf("%w (%s)", err, p.state)
	}
	if line := firstLine(p.stderr.String()); line != "" {
		err = fmt.Errorf("%w; it says: %.300s", err, line)
	}
	return err
}

// head keeps the beginning of what is written to it.
type head struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

const maxHead = 16 << 10 // bytes

func (h *head) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.buf.Write(p[:min(len(p), maxHead-h.buf.Len())])
	return len(p), nil
}

func (h *head) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.buf.String()
}
