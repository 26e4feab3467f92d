package activation

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// usage is what running shells noted: the directories of the generations they
// have entered, each between newlines.
type usage []string

func (u usage) holds(dir string) bool {
	return slices.ContainsFunc(u, func(notes string) bool { return strings.Contains(notes, "\n"+dir+"\n") })
}

// below reports whether a shell uses anything in a directory.
func (u usage) below(dir string) bool {
	return slices.ContainsFunc(u, func(notes string) bool { return strings.Contains(notes, "\n"+dir+"/") })
}

// live returns what running shells use, and the notes of shells that have ended.
func (s Store) live() (used usage, ended []string) {
	shells, err := os.ReadDir(s.Shells())
	if err != nil {
		return nil, nil
	}
	for _, sh := range shells {
		pid, err := strconv.Atoi(sh.Name())
		if err != nil {
			continue
		}
		file := filepath.Join(s.Shells(), sh.Name())
		if hasEnded(pid, file) {
			ended = append(ended, file)
		} else if data, err := readOwn(file); err == nil {
			used = append(used, "\n"+string(data))
		}
	}
	return used, ended
}

// reuseSlack is how much later than its notes a process must have been started
// to be another one with the same number: clocks are set while machines run.
const reuseSlack = 10 * time.Minute

// hasEnded reports whether the shell that wrote the file has ended. Where that
// cannot be told, it has not.
func hasEnded(pid int, file string) bool {
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err != nil {
		return os.IsNotExist(err)
	}
	started, err := startTime(pid)
	if err != nil {
		return false
	}
	notes, err := os.Lstat(file)
	return err == nil && started.After(notes.ModTime().Add(reuseSlack))
}

// ticks is how many units a second has in /proc/PID/stat: the same on all Linux.
const ticks = 100

// startTime returns when a process was started.
func startTime(pid int) (time.Time, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return time.Time{}, err
	}
	// The second field is the program's name in parentheses, which may hold
	// anything; the start is the 22nd.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 20 {
		return time.Time{}, fmt.Errorf("read /proc/%d/stat: %d fields", pid, len(fields))
	}
	since, err := strconv.ParseInt(fields[19], 10, 64)
	if err != nil {
		return time.Time{}, err
	}
	system, err := os.ReadFile("/proc/stat")
	if err != nil {
		return time.Time{}, err
	}
	for line := range strings.Lines(string(system)) {
		if boot, ok := strings.CutPrefix(line, "btime "); ok {
			at, err := strconv.ParseInt(strings.TrimSpace(boot), 10, 64)
			return time.Unix(at, 0).Add(time.Duration(since) * time.Second / ticks), err
		}
	}
	return time.Time{}, fmt.Errorf("read /proc/stat: no btime")
}
