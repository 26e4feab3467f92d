package noprocess

import (
	"slices"
	"strings"
	"testing"
)

func TestReadTrace(t *testing.T) {
	const begin = `7 newfstatat(AT_FDCWD, "/devsh-noprocess/begin-a", 0x7ffe, 0) = -1 ENOENT (No such file or directory)` + "\n"
	const end = `7 access("/devsh-noprocess/end-a", F_OK) = -1 ENOENT (No such file or directory)` + "\n"
	tests := []struct {
		name      string
		trace     string
		processes []string
		total     int
		wrong     bool
	}{
		{"nothing", begin + end, nil, 0, false},
		{"calls", begin + "7 read(0, \"x\", 1) = 1\n7 futex(0x1) = 0\n12 read(0, \"\", 1) = 0\n7 read(0, \"\", 1) = 0\n" + end, nil, 2, false},
		{"outside", "7 execve(\"/bin/a\") = 0\n" + begin + end + "7 vfork() = 3\n", nil, 0, false},
		{"a thread", begin + "7 clone3({flags=CLONE_VM|CLONE_THREAD|CLONE_SETTLS, child_tid=0x7}) = 9\n" + end, nil, 0, false},
		{"a thread of old", begin + "7 clone(child_stack=0x7, flags=CLONE_VM|CLONE_THREAD) = 9\n" + end, nil, 0, false},
		{"fork", begin + "7 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = 9\n" + end, []string{"clone"}, 0, false},
		{"spawn", begin + "7 clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD}) = 9\n9 execve(\"/bin/true\", [\"true\"], 0x1) = 0\n" + end, []string{"clone3", "execve"}, 0, false},
		{"vfork, interrupted", begin + "7 vfork( <unfinished ...>\n9 read(3, <unfinished ...>\n7 <... vfork resumed>) = 9\n" + end, []string{"vfork"}, 0, false},
		{"signals and ends", begin + "7 --- SIGCHLD {si_signo=SIGCHLD} ---\n9 +++ exited with 0 +++\n" + end, nil, 0, false},
		{"begun twice", begin + begin + end, nil, 0, true},
		{"not ended", begin, nil, 0, true},
		{"not begun", end, nil, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			phases, err := ReadTrace(strings.NewReader(tt.trace))
			if tt.wrong || err != nil {
				if tt.wrong != (err != nil) {
					t.Errorf("error: %v", err)
				}
				return
			}
			p := phases["a"]
			var processes []string
			for _, text := range p.Processes {
				processes = append(processes, line.FindStringSubmatch(text)[2])
			}
			if !slices.Equal(processes, tt.processes) || p.Total() != tt.total {
				t.Errorf("got the processes %q and %d calls (%v), want %q and %d", processes, p.Total(), p.Calls, tt.processes, tt.total)
			}
		})
	}
}
