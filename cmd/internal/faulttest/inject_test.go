package faulttest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"
)

// The system calls by which devsh changes anything on disk.
var calls = []string{"openat", "write", "mkdirat", "renameat", "symlinkat", "fsync", "fchmod", "utimensat", "flock", "unlinkat"}

// others are those by which a program could change something, too. A test looks
// that devsh uses none of them.
var others = []string{
	"open", "creat", "openat2", "pwrite64", "writev", "pwritev", "pwritev2", "sendfile", "copy_file_range", "splice",
	"truncate", "ftruncate", "fallocate", "mkdir", "rename", "renameat2", "link", "linkat", "symlink", "fdatasync",
	"sync_file_range", "chmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown", "fchownat", "utime", "utimes", "futimesat",
	"unlink", "rmdir", "mknod", "mknodat", "setxattr", "lsetxattr", "fsetxattr",
}

// injection is one published place that is broken again and again.
type injection struct {
	*bed
	before, after time.Time // times of the two .env files
}

func newInjection(t *testing.T) *injection {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal("strace is missing (on Debian: apt-get install strace)")
	}
	b := newBed(t)
	if r := b.run(b.command(strace, "-f", "-o", "/dev/null", "-e", "inject=fsync:error=EIO:when=1", "/bin/true")); r.code != 0 {
		t.Skipf("strace cannot trace here: %s", r.stderr)
	}
	// It was just collected, so no process goes on with that in the background.
	b.Write(filepath.Join(b.state(), "gc"), "")
	now := time.Now()
	return &injection{bed: b, before: now.Add(-time.Hour), after: now.Add(-time.Minute)}
}

// dotenv makes .env one of two files, which differ in a variable that needs no
// permission.
func (in *injection) dotenv(b string, at time.Time) {
	in.t.Helper()
	file := in.Write(in.p+"/.env", "B="+b+"\n")
	if err := os.Chtimes(file, at, at); err != nil {
		in.t.Fatal(err)
	}
}

func (in *injection) enter() result {
	in.t.Helper()
	return in.devsh("enter", "--abi", "1", "--", in.p)
}

// reset makes the state what it was before the run that is broken: nothing but
// the permission, or also the generation of the file of before.
func (in *injection) reset(warm bool) {
	in.t.Helper()
	for _, dir := range []string{"tree", "settings", "shells"} {
		if err := os.RemoveAll(filepath.Join(in.state(), dir)); err != nil {
			in.t.Fatal(err)
		}
	}
	if warm {
		in.dotenv("1", in.before)
		if r := in.enter(); r.code != 0 || r.stderr != "" {
			in.t.Fatalf("undisturbed: %+v", r)
		}
	}
	in.dotenv("2", in.after)
}

// look describes what is in the state: names, kinds, modes, contents, and the
// times where these are content. Left out is what tells when and by whom.
func (in *injection) look() string {
	in.t.Helper()
	var lines []string
	err := filepath.WalkDir(in.state(), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := strings.TrimPrefix(path, in.state())
		if strings.HasPrefix(rel, "/shells/") || strings.HasPrefix(rel, "/trust/") {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content := ""
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			content, err = os.Readlink(path)
		case info.Mode().IsRegular() && !strings.HasSuffix(rel, ".gob"): // an entry holds its time
			var data []byte
			data, err = os.ReadFile(path)
			sum := sha256.Sum256(data)
			content = hex.EncodeToString(sum[:6])
		}
		if err != nil {
			return err
		}
		if strings.Contains(rel, "/e_") && len(filepath.Base(rel)) < 4 && info.Mode().IsRegular() {
			content += info.ModTime().String() // a stamp
		}
		lines = append(lines, fmt.Sprintf("%s %v %s", rel, info.Mode(), content))
		return nil
	})
	if err != nil {
		in.t.Fatal(err)
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// broken runs devsh enter with a fault at the nth such call; false when there
// were fewer. A fault is what strace injects, such as "error=ENOSPC".
func (in *injection) broken(call, fault string, n int) (r result, fired bool) {
	in.t.Helper()
	log := filepath.Join(in.Tmp, "strace")
	cmd := in.command("strace", "-f", "-o", log, "-e", "trace="+call, "-e", fmt.Sprintf("inject=%s:%s:when=%d", call, fault, n),
		devshBinary, "enter", "--abi", "1", "--", in.p)
	// With one processor Go stays on one thread, whose calls strace counts.
	cmd.Env = append(cmd.Env, "GOMAXPROCS=1")
	r = in.run(cmd)
	data, err := os.ReadFile(log)
	if err != nil {
		in.t.Fatal(err)
	}
	text := string(data)
	return r, strings.Contains(text, "(INJECTED)") || strings.Contains(text, "killed by SIGKILL")
}

// Promises 3, 4, 9 and 10: with a full disk, or killed, at any system call, the
// shell gets the old environment or the new one, and after the next run all is
// as if nothing had happened.
func TestFaultAtEverySystemCall(t *testing.T) {
	if testing.Short() {
		t.Skip("some hundred runs under strace")
	}
	for _, fault := range []string{"error=ENOSPC", "signal=KILL"} {
		for _, warm := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/warm=%t", fault, warm), func(t *testing.T) {
				t.Parallel()
				in := newInjection(t)
				in.reset(warm)
				if r := in.enter(); r.code != 0 || r.stderr != "" {
					t.Fatalf("undisturbed: %+v", r)
				}
				want := in.look()
				total := 0
				for _, call := range calls {
					n := 1
					for ; in.once(call, fault, n, warm, want); n++ {
						if t.Failed() {
							t.Fatalf("at the call %s number %d", call, n)
						}
					}
					if n == 1 && !warm {
						t.Errorf("devsh makes the call %s no more", call)
					}
					total += n - 1
				}
				t.Logf("%d faults", total)
				if total < 20 {
					t.Errorf("only %d faults: is this still how devsh writes?", total)
				}
			})
		}
	}
}

// Nothing that devsh does on disk is left out above.
func TestEveryCallIsBroken(t *testing.T) {
	t.Parallel()
	in := newInjection(t)
	for _, warm := range []bool{false, true} {
		data := in.otherCalls(warm)
		for range 3 {
			// strace has let go of a thread that ended before it could say what it called: that is no answer.
			if !bytes.Contains(data, []byte("???( <detached ...>")) {
				break
			}
			data = in.otherCalls(warm)
		}
		if len(data) > 0 {
			t.Errorf("devsh changes something by other calls:\n%s", data)
		}
	}
}

// otherCalls is what strace tells of the calls that are not broken.
func (in *injection) otherCalls(warm bool) []byte {
	in.t.Helper()
	in.reset(warm)
	log := filepath.Join(in.Tmp, "strace")
	// What this machine's kernel or strace does not have, it does not trace.
	names := "?" + strings.Join(others, ",?")
	if r := in.run(in.command("strace", "-f", "-qq", "-o", log, "-e", "trace="+names, "-e", "signal=none", devshBinary, "enter", "--abi", "1", "--", in.p)); r.code != 0 {
		in.t.Fatalf("%+v", r)
	}
	data, err := os.ReadFile(log)
	if err != nil {
		in.t.Fatal(err)
	}
	return data
}

func (in *injection) once(call, fault string, n int, warm bool, want string) (fired bool) {
	t := in.t
	t.Helper()
	in.reset(warm)
	r, fired := in.broken(call, fault, n)
	if !fired {
		return false
	}
	if r.stdout != "" {
		t.Errorf("standard output: %q", r.stdout)
	}
	if strings.Contains(r.stderr, "panic") || strings.Contains(r.stderr, "goroutine ") {
		t.Errorf("it crashed: %s", r.stderr)
	}
	if fault != "signal=KILL" && r.code != 0 && r.stderr == "" && call != "write" {
		t.Errorf("failed without a word: %+v", r)
	}
	if warm {
		// Before anything mends it: what is in force is whole.
		if target, err := os.Readlink(in.state() + "/tree" + in.p + "/@devsh/current"); err != nil {
			t.Errorf("nothing is in force: %v", err)
		} else if _, err := os.Stat(in.state() + "/tree" + in.p + "/@devsh/" + target + "/check.fish"); err != nil {
			t.Errorf("what is in force is not whole: %v", err)
		}
	}
	if inside, _, stderr := in.visit(in.p); inside != "A=a;B=2" || stderr != "" {
		t.Errorf("the next shell: inside %s, said %q", inside, stderr)
	}
	if r := in.enter(); r.code != 0 || r.stderr != "" {
		t.Errorf("the next run: %+v", r)
	}
	got := in.look()
	if got = in.withoutTemporary(got); got != want {
		t.Errorf("it is not as if nothing had happened:\n%s\n\nwant\n%s", got, want)
	}
	return true
}

// withoutTemporary takes away what waits for collection in the directories
// that are written without a lock, and nowhere else.
func (in *injection) withoutTemporary(look string) string {
	var kept []string
	for _, line := range strings.Split(look, "\n") {
		if !strings.HasPrefix(line, "/settings/.tmp-") && !strings.HasPrefix(line, "/trust/.tmp-") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// The same for allowing: the permission is there, or it is not, and a second
// try is a success.
func TestFaultWhileAllowing(t *testing.T) {
	if testing.Short() {
		t.Skip("some hundred runs under strace")
	}
	t.Parallel()
	in := newInjection(t)
	digest := digestOf(t, in.bed)
	for _, fault := range []string{"error=ENOSPC", "signal=KILL"} {
		for _, call := range []string{"openat", "write", "renameat", "fsync", "fchmod", "mkdirat"} {
			for n := 1; ; n++ {
				if err := errors.Join(os.RemoveAll(in.state())); err != nil {
					t.Fatal(err)
				}
				log := filepath.Join(in.Tmp, "strace")
				cmd := in.command("strace", "-f", "-o", log, "-e", "trace="+call, "-e", fmt.Sprintf("inject=%s:%s:when=%d", call, fault, n),
					devshBinary, "allow", "--digest", digest, in.p)
				cmd.Env = append(cmd.Env, "GOMAXPROCS=1")
				in.run(cmd)
				data, err := os.ReadFile(log)
				if err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(string(data), "(INJECTED)") && !strings.Contains(string(data), "killed by SIGKILL") {
					break
				}
				r := in.devsh("status", "--json", "--dir", in.p)
				if strings.Contains(r.stderr, "trust record") || !strings.Contains(r.stdout, `"state": "allowed"`) && !strings.Contains(r.stdout, `"state": "not allowed"`) {
					t.Fatalf("%s, %s number %d: %+v", fault, call, n, r)
				}
				if r := in.devsh("allow", "--digest", digest, in.p); r.code != 0 {
					t.Fatalf("%s, %s number %d: again: %+v", fault, call, n, r)
				}
				if r := in.devsh("exec", "--dir", in.p, "--", "printenv", "A"); r.stdout != "a\n" {
					t.Fatalf("%s, %s number %d: exec: %+v", fault, call, n, r)
				}
			}
		}
	}
}
