package faulttest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Promise 10, where it is the machine that stops: what a rename publishes is on
// the disk before it, and the rename before anything else is published.
func TestWhatIsPublishedIsDurable(t *testing.T) {
	t.Parallel()
	in := newInjection(t)
	digest := digestOf(t, in.bed)
	if err := os.RemoveAll(in.state()); err != nil {
		t.Fatal(err)
	}
	in.dotenv("2", in.after)
	d := durability{unsynced: map[string]bool{}}
	for _, args := range [][]string{{"allow", "--digest", digest, in.p}, {"enter", "--abi", "1", "--", in.p}} {
		log := filepath.Join(in.Tmp, "strace")
		cmd := in.command("strace", append([]string{"-f", "-y", "-s", "4096", "-o", log, "-e", "signal=none",
			"-e", "trace=openat,write,mkdirat,symlinkat,renameat,fsync", devshBinary}, args...)...)
		if r := in.run(cmd); r.code != 0 {
			t.Fatalf("%q: %+v", args, r)
		}
		data, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		d.read(string(data))
		d.rename("(the end)", "")
	}
	for _, problem := range d.problems {
		t.Error(problem)
	}
	for _, name := range []string{"/trust/", "/settings/settings.fish", "/@devsh/g-", "/enter.fish", "/@devsh/e_", "/entry.gob", "/@devsh/current"} {
		if !slices.ContainsFunc(d.published, func(path string) bool { return strings.Contains(path, name) }) {
			t.Errorf("nothing like %s was published by a rename: %q", name, d.published)
		}
	}
}

// durability follows what is not on the disk yet: contents of files, and the
// names in directories.
type durability struct {
	unsynced  map[string]bool
	pending   string // the directory of the last rename, until it is synced
	published []string
	problems  []string
}

// What strace -y writes of a call that succeeded, and the two halves of one
// during which another thread called.
var (
	callLine   = regexp.MustCompile(`^(\d+) +([a-z]+)\((.*)\) += \d+(?:<.*>)?$`)
	unfinished = regexp.MustCompile(`^(\d+) +(.*) <unfinished \.\.\.>$`)
	resumed    = regexp.MustCompile(`^(\d+) +<\.\.\. [a-z]+ resumed>(.*)$`)
	descriptor = regexp.MustCompile(`^\d+<([^>]*)>`)
	quoted     = regexp.MustCompile(`"([^"]*)"`)
)

func (d *durability) read(trace string) {
	halves := map[string]string{} // by thread
	for line := range strings.SplitSeq(trace, "\n") {
		if m := unfinished.FindStringSubmatch(line); m != nil {
			halves[m[1]] = m[2]
			continue
		}
		if m := resumed.FindStringSubmatch(line); m != nil {
			line = m[1] + " " + halves[m[1]] + m[2]
		}
		if m := callLine.FindStringSubmatch(line); m != nil {
			d.call(m[2], m[3])
		}
	}
}

func (d *durability) call(name, args string) {
	file := ""
	if m := descriptor.FindStringSubmatch(args); m != nil {
		file = m[1]
	}
	var paths []string
	for _, m := range quoted.FindAllStringSubmatch(args, -1) {
		paths = append(paths, m[1])
	}
	switch name {
	case "write":
		d.unsynced[file] = true
	case "fsync":
		delete(d.unsynced, file)
		if d.pending == file {
			d.pending = ""
		}
	case "openat":
		if strings.Contains(args, "O_CREAT") {
			d.unsynced[filepath.Dir(paths[0])] = true
		}
	case "mkdirat", "symlinkat":
		d.unsynced[filepath.Dir(paths[len(paths)-1])] = true
	case "renameat":
		d.rename(paths[0], paths[1])
	}
}

func (d *durability) rename(from, to string) {
	if d.pending != "" {
		d.problems = append(d.problems, fmt.Sprintf("%s was not synced before the rename of %s", d.pending, from))
	}
	for _, path := range slices.Sorted(maps.Keys(d.unsynced)) {
		if path == from || strings.HasPrefix(path, from+"/") {
			d.problems = append(d.problems, fmt.Sprintf("%s was not synced before it was renamed to %s", path, to))
		}
		// A record can be gone with a directory that it lies in.
		if strings.Contains(to, "/trust/") && strings.HasPrefix(to, path+"/") && path != filepath.Dir(to) {
			d.problems = append(d.problems, fmt.Sprintf("%s was not synced before %s was written", path, to))
		}
	}
	d.pending = ""
	if to != "" {
		d.pending = filepath.Dir(to)
		d.published = append(d.published, to)
		d.unsynced[d.pending] = true
	}
}
