package faulttest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hbohlen/devsh/cmd/internal/fishtest"
)

// litter makes in the state one piece of each kind of garbage: what gc has to
// remove.
func (in *injection) litter() {
	in.t.Helper()
	for _, name := range []string{"gone", "in/gone"} {
		dir := in.Project(name, "[env]\nA = \"x\"\n")
		if r := in.devsh("enter", "--abi", "1", "--", dir); r.code != 0 {
			in.t.Fatalf("%+v", r)
		}
		if err := os.RemoveAll(dir); err != nil {
			in.t.Fatal(err)
		}
	}
	in.Write(filepath.Join(in.p, "../in/beside"), "")
	old := time.Now().Add(-48 * time.Hour)
	evaluation := in.state() + "/nix/" + strings.Repeat("ab", 32)
	for _, file := range []string{
		in.state() + "/shells/4194305", evaluation + "/env.json", in.state() + "/tree/home/x/y/",
		in.state() + "/trust/.tmp-x", in.state() + "/trash/.tmp-x/@devsh/e_x/y",
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			in.t.Fatal(err)
		}
		if !strings.HasSuffix(file, "/") {
			in.Write(file, "x")
		}
		for path := filepath.Dir(file) + "/."; path != in.state(); path = filepath.Dir(path) {
			if err := errors.Join(os.Chtimes(file, old, old), os.Chtimes(path, old, old)); err != nil {
				in.t.Fatal(err)
			}
		}
	}
}

// Promise 10: gc killed, or kept from it, at any system call that changes
// something leaves to the next one no less, and to shells all that they need.
func TestFaultWhileCollecting(t *testing.T) {
	if testing.Short() {
		t.Skip("some hundred runs under strace")
	}
	t.Parallel()
	in := newInjection(t)
	in.reset(true)
	if r := in.enter(); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	in.litter()
	if r := in.devsh("gc", "--gone-for", "0"); r.code != 0 || strings.Count(r.stdout, "\n") != 7 {
		t.Fatalf("undisturbed: %+v", r)
	}
	want := in.look()
	total := 0
	for _, fault := range []string{"signal=KILL", "error=EIO"} {
		for _, call := range []string{"openat", "flock", "unlinkat", "rmdir", "renameat", "mkdirat", "utimensat"} {
			for n := 1; ; n++ {
				in.litter()
				log := filepath.Join(in.Tmp, "strace")
				cmd := in.command("strace", "-f", "-o", log, "-e", "trace="+call, "-e", fmt.Sprintf("inject=%s:%s:when=%d", call, fault, n),
					devshBinary, "gc", "--gone-for", "0")
				cmd.Env = append(cmd.Env, "GOMAXPROCS=1")
				in.run(cmd)
				data, err := os.ReadFile(log)
				if err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(string(data), "(INJECTED)") && !strings.Contains(string(data), "killed by SIGKILL") {
					break
				}
				total++
				if inside, _, stderr := in.visit(in.p); inside != "A=a;B=2" || stderr != "" {
					t.Errorf("%s, %s number %d: the next shell: inside %s, said %q", fault, call, n, inside, stderr)
				}
				if r := in.devsh("gc", "--gone-for", "0"); r.code != 0 {
					t.Errorf("%s, %s number %d: again: %+v", fault, call, n, r)
				}
				if got := in.look(); got != want {
					t.Fatalf("%s, %s number %d: left:\n%s\n\nwant\n%s", fault, call, n, got, want)
				}
			}
		}
	}
	t.Logf("%d faults", total)
	if total < 100 {
		t.Errorf("only %d faults: is this still how devsh collects?", total)
	}
}

// Collecting starts by itself once a day, and whoever starts it does not wait,
// nor does it hold anything that its caller was given.
func TestHousekeeping(t *testing.T) {
	b := newBed(t)
	b.Write(b.p+"/.env", "B=0\n")
	b.visit(b.p)
	stamp, rubbish := b.state()+"/gc", b.state()+"/shells/4194305"
	if info, err := os.Stat(stamp); err != nil || time.Since(info.ModTime()) > time.Hour {
		t.Fatalf("a new state is not to be collected at once: %v, %v", info, err)
	}
	b.Write(rubbish, "x")
	b.Write(b.p+"/.env", "B=2\n")
	b.visit(b.p)
	if _, err := os.Stat(rubbish); err == nil {
		t.Fatal("what is collected on resolving needs no collection: find another test")
	}
	rubbish = filepath.Join(b.state(), "trash/.tmp-x")
	b.Write(rubbish, "x")
	old := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(stamp, old, old); err != nil {
		t.Fatal(err)
	}
	lock, err := os.Open(stamp)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	b.Write(b.p+"/.env", "B=3\n")
	r, w, err := os.Pipe() // as an editor's, which waits for its end
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := b.command(devshBinary, "enter", "--abi", "1", "--", b.p)
	cmd.ExtraFiles = []*os.File{w}
	if got := b.run(cmd); got.code != 0 || got.stderr != "" { // also: its outputs have come to an end
		t.Errorf("%+v", got)
	}
	w.Close()
	if err := r.SetReadDeadline(time.Now().Add(fishtest.Limit())); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("somebody holds the pipe: %v", err)
	}
	collector := collectors(b)
	if len(collector) != 1 {
		t.Fatalf("%d collect: %q", len(collector), collector)
	}
	await(t, "it gives way", func() bool { return strings.Fields(after(collector[0], ") "))[16] == "19" }, func() { collector = collectors(b) })
	if _, err := os.Stat(rubbish); err != nil {
		t.Fatal("it did not wait for another one")
	}
	b.Write(b.p+"/.env", "B=4\n")
	if got := b.devsh("enter", "--abi", "1", "--", b.p); got.code != 0 || len(collectors(b)) != 1 {
		t.Errorf("it is not time again: %+v", got)
	}
	lock.Close()
	await(t, "it collects", func() bool { _, err := os.Stat(rubbish); return err != nil }, func() {})
	await(t, "it ends", func() bool { return len(collectors(b)) == 0 }, func() {})
	if inside, _, stderr := b.visit(b.p); inside != "A=a;B=4" || stderr != "" {
		t.Errorf("afterwards: %s, %s", inside, stderr)
	}
}

// collectors are the contents of /proc/PID/stat of those that collect in the
// background for the bed.
func collectors(b *bed) (stats []string) {
	b.t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		b.t.Fatal(err)
	}
	for _, file := range files {
		line, _ := os.ReadFile(file)
		environ, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "environ"))
		if strings.Contains(string(line), "\x00gc\x00--auto") && strings.Contains("\x00"+string(environ), "\x00HOME="+b.Home+"\x00") {
			if stat, err := os.ReadFile(filepath.Join(filepath.Dir(file), "stat")); err == nil && !strings.Contains(string(stat), ") Z ") {
				stats = append(stats, string(stat))
			}
		}
	}
	return stats
}

func after(s, sep string) string { return s[strings.LastIndex(s, sep)+len(sep):] }

// await waits until something is so, looking again before each try.
func await(t *testing.T, what string, so func() bool, look func()) {
	t.Helper()
	deadline := time.After(fishtest.Limit())
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-deadline:
			t.Fatalf("it did not come to it: %s", what)
		case <-tick.C:
			look()
		}
	}
}
