package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/hbohlen/devsh/cmd/internal/cli"
	"github.com/hbohlen/devsh/toolchains/toolstest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"devsh": main})
}

// TestScripts runs the real program in a scratch home. Each script says in its
// first lines which promise it holds.
func TestScripts(t *testing.T) {
	modules := goModules(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			// Where the scripts run, links have to be resolved already: devsh shows resolved paths.
			work, err := filepath.EvalSymlinks(e.WorkDir)
			if err != nil {
				return err
			}
			home := filepath.Join(work, "home")
			e.Setenv("HOME", home)
			e.Setenv("DEV", filepath.Join(home, "dev"))
			e.Setenv("STATE", filepath.Join(home, ".local/state/devsh/v1"))
			e.Setenv("ESC", "\x1b")
			e.Setenv("PATH", e.Getenv("PATH"))
			for k, v := range modules {
				e.Setenv(k, v)
			}
			return os.MkdirAll(filepath.Join(home, "dev"), 0o755)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"await": await, "code": code, "trust": trustCommand, "raw": raw, "jsonkeys": jsonKeys, "chown": chown, "rename": rename, "mkfifo": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(ts.Exec("mkfifo", args...))
			},
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, errors.New("unknown condition " + cond)
		},
	})
}

// goModules serves a module with the programs a and b, and returns the variables
// by which go finds it, and nothing else.
func goModules(t *testing.T) map[string]string {
	t.Helper()
	r := toolstest.NewGo(t)
	for version, at := range map[string]time.Time{"v1.0.0": time.Unix(1e9, 0), "v1.1.0": time.Unix(1e9, 0), "v1.2.0": time.Now()} {
		r.Publish(t, at, "example.test/tools", version, "1.21", map[string]string{
			"cmd/a/main.go": "package main\n\nfunc main() { println(\"a " + version + "\") }\n",
			"cmd/b/main.go": "package main\n\nfunc main() { println(\"b " + version + "\") }\n",
		})
	}
	env := r.Environ(t)
	delete(env, "PATH")
	delete(env, "HOME")
	return env
}

// code runs a command without a terminal and demands exactly an exit code:
// code N COMMAND [ARG...].
func code(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	// In a session of its own a process has no controlling terminal.
	err = ts.Exec("setsid", append([]string{"-w"}, args[1:]...)...)
	var exit *exec.ExitError
	got := 0
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%q: exit code %d, want %d\n%s", args[1:], got, want, ts.ReadFile("stderr"))
	}
}

// await waits for a file to be there, and to hold a text: await FILE [TEXT].
func await(ts *testscript.TestScript, _ bool, args []string) {
	limit := time.After(time.Minute)
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		data, err := os.ReadFile(ts.MkAbs(args[0]))
		if (err == nil || errors.Is(err, syscall.EISDIR)) && strings.Contains(string(data), strings.Join(args[1:], " ")) {
			return
		}
		select {
		case <-limit:
			ts.Fatalf("there is no %s", args[0])
		case <-tick.C:
		}
	}
}

// trustCommand allows a directory by the digest that status shows: trust DIR.
// ! says that it is allowed but fails.
func trustCommand(ts *testscript.TestScript, neg bool, args []string) {
	_ = ts.Exec("devsh", "status", "--json", "--dir", args[0]) // 1: it is not allowed yet
	var status struct{ Trust struct{ Digest string } }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &status))
	want := "0"
	if neg {
		want = "1"
	}
	code(ts, false, []string{want, "devsh", "allow", "--digest", status.Trust.Digest, args[0]})
}

// raw demands that neither output of the last command holds a character that
// a terminal would obey, nor bytes that are no text.
func raw(ts *testscript.TestScript, _ bool, _ []string) {
	for _, name := range []string{"stdout", "stderr"} {
		text := ts.ReadFile(name)
		i := strings.IndexFunc(text, func(r rune) bool {
			return r < 0x20 && r != '\n' && r != '\t' || 0x7f <= r && r < 0xa0 || 0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069 || r == 0xfffd
		})
		if i >= 0 {
			ts.Fatalf("%s is not fit for a terminal at %d: %q", name, i, text)
		}
	}
}

// jsonKeys compares the keys of the object that the last command printed, or
// of that at a path of keys: jsonkeys PATH KEY...
func jsonKeys(ts *testscript.TestScript, _ bool, args []string) {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
	for _, key := range strings.FieldsFunc(args[0], func(r rune) bool { return r == '.' }) {
		if i, err := strconv.Atoi(key); err == nil {
			list, ok := v.([]any)
			if !ok || i >= len(list) {
				ts.Fatalf("no element %d in %v", i, v)
			}
			v = list[i]
			continue
		}
		object, _ := v.(map[string]any)
		v = object[key]
	}
	object, ok := v.(map[string]any)
	if !ok {
		ts.Fatalf("%s is no object: %v", args[0], v)
	}
	for _, key := range args[1:] {
		if _, ok := object[key]; !ok {
			ts.Fatalf("%s has no %q: %v", args[0], key, object)
		}
		delete(object, key)
	}
	if len(object) > 0 {
		ts.Fatalf("%s has more: %v", args[0], object)
	}
}

// chown gives a file to another user: chown UID FILE...
func chown(ts *testscript.TestScript, _ bool, args []string) {
	uid, err := strconv.Atoi(args[0])
	ts.Check(err)
	for _, file := range args[1:] {
		ts.Check(os.Lchown(ts.MkAbs(file), uid, uid))
	}
}

// rename renames a file to a name written in Go's way: rename FILE "NAME".
func rename(ts *testscript.TestScript, _ bool, args []string) {
	name, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	old := ts.MkAbs(args[0])
	ts.Check(os.Rename(old, filepath.Join(filepath.Dir(old), name)))
}

// Every command says what it is for, with an example.
func TestHelp(t *testing.T) {
	reference := run(t, 0, "reference")
	commands := regexp.MustCompile(`(?m)^## devsh (\w+)`).FindAllStringSubmatch(reference, -1)
	if len(commands) < 10 {
		t.Fatalf("the reference has %d commands", len(commands))
	}
	for _, c := range commands {
		if help := run(t, 0, c[1], "--help"); !strings.Contains(help, "\nExamples:\n  ") || !strings.Contains(help, "devsh "+c[1]) {
			t.Errorf("devsh %s --help has no example:\n%s", c[1], help)
		}
		_, section, _ := strings.Cut(reference, c[0])
		if section, _, _ = strings.Cut(section, "\n## "); !strings.Contains(section, "```sh\n") {
			t.Errorf("the reference has no example of %s", c[1])
		}
	}
}

// unwritable is an output that takes nothing.
type unwritable struct{ err error }

func (u unwritable) Write([]byte) (int, error) { return 0, u.err }

// A reader that has seen enough is told nothing; any other failure to write is.
func TestOutputFails(t *testing.T) {
	for _, line := range []string{"", "--help", "help gc", "--version", "version", "reference", "completion fish", "completion bash", "hook fish", "status --all --json", "gc --json", "no-such-command"} {
		for _, cause := range []error{syscall.ENOSPC, syscall.EPIPE} {
			var said strings.Builder
			e := cli.System()
			e.Args, e.Stdout, e.Stderr, e.Stdin = strings.Fields(line), unwritable{cause}, &said, strings.NewReader("")
			e.Environ = []string{"HOME=" + t.TempDir(), "PATH=/usr/bin:/bin"}
			code, want, words := cli.Run(t.Context(), e), 1, "devsh: "+cause.Error()+"\n"
			switch {
			case line == "no-such-command":
				want, words = 2, "there is no command"
			case cause == syscall.EPIPE:
				words = ""
			}
			about, _, _ := strings.Cut(line, " ") // gc tells people on standard error what it did
			if got := said.String(); code != want || !strings.Contains(got, words) || words == "" && about != "gc" && got != "" {
				t.Errorf("devsh %s, which cannot write: %v: exit code %d, said %q", line, cause, code, got)
			}
		}
	}
}

// run runs the program in this process and returns what it printed.
func run(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out strings.Builder
	e := cli.System()
	e.Args, e.Stdout, e.Stderr, e.Stdin = args, &out, io.Discard, strings.NewReader("")
	e.Environ = []string{"HOME=" + t.TempDir(), "PATH=/usr/bin:/bin"}
	if got := cli.Run(t.Context(), e); got != want {
		t.Errorf("devsh %q: exit code %d, want %d", args, got, want)
	}
	return out.String()
}
