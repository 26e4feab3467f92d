package noprocess

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Phase is what a shell and all that it started asked of the kernel between
// two marks.
type Phase struct {
	// Processes are the calls that made a process or ran a program. A thread
	// is none.
	Processes []string
	// Calls counts the system calls of the thread that made the marks, by
	// name, without the housekeeping of threads and memory, which happens when
	// it happens.
	Calls map[string]int

	thread string
}

// Total is how many calls were counted.
func (p Phase) Total() int {
	n := 0
	for _, c := range p.Calls {
		n += c
	}
	return n
}

// The marks are paths that a shell looks for: that shows in the trace and
// starts nothing.
const markDir = "/devsh-noprocess"

var (
	// line is what strace -f writes: the thread, the call, its arguments. The
	// second half of a call that another thread interrupted says "resumed".
	line = regexp.MustCompile(`^(\d+) +([a-z0-9_]+)\((.*)$`)
	mark = regexp.MustCompile(`"` + markDir + `/(begin|end)-([a-z0-9-]+)"`)
)

// housekeeping are calls whose number depends on the machine's mood.
var housekeeping = map[string]bool{
	"futex": true, "brk": true, "mmap": true, "munmap": true, "mremap": true, "madvise": true, "mprotect": true,
	"rt_sigprocmask": true, "rt_sigaction": true, "rt_sigreturn": true, "restart_syscall": true, "clock_gettime": true,
	"set_robust_list": true, "rseq": true, "sched_yield": true, "sched_getaffinity": true, "sigaltstack": true,
	"exit": true, "gettid": true, "prctl": true,
}

// ReadTrace reads what strace -f -o writes and returns the phases by name. A
// phase that is begun again is continued.
func ReadTrace(r io.Reader) (map[string]*Phase, error) {
	phases := map[string]*Phase{}
	var current *Phase
	name := ""
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		if m := mark.FindStringSubmatch(scanner.Text()); m != nil {
			if begin := m[1] == "begin"; begin == (current != nil) || !begin && m[2] != name {
				return nil, fmt.Errorf("the trace has the mark %s-%s within the phase %q", m[1], m[2], name)
			}
			name = m[2]
			if m[1] == "end" {
				current, name = nil, ""
				continue
			}
			if current = phases[name]; current == nil {
				current = &Phase{Calls: map[string]int{}}
				phases[name] = current
			}
			current.thread, _, _ = strings.Cut(scanner.Text(), " ")
			continue
		}
		if current != nil {
			current.add(scanner.Text())
		}
	}
	if current != nil {
		return nil, fmt.Errorf("the trace ends within the phase %q", name)
	}
	return phases, scanner.Err()
}

func (p *Phase) add(text string) {
	m := line.FindStringSubmatch(text)
	if m == nil {
		return // a signal, an exit, or the second half of a call
	}
	switch call := m[2]; {
	case call == "clone" || call == "clone3":
		if !strings.Contains(m[3], "CLONE_THREAD") {
			p.Processes = append(p.Processes, text)
		}
	case call == "fork" || call == "vfork" || call == "execve" || call == "execveat":
		p.Processes = append(p.Processes, text)
	case m[1] == p.thread && !housekeeping[call]:
		p.Calls[call]++
	}
}
