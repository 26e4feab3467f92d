package nixenv

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
)

// TestMain also is the process that evaluates a directory, for the test that
// kills it.
func TestMain(m *testing.M) {
	if dir := os.Getenv("DEVSH_TEST_EVALUATE"); dir != "" {
		os.Exit(evaluateMain(dir))
	}
	os.Exit(m.Run())
}

func evaluateMain(dir string) int {
	req, err := request(&nixtest.Bed{State: os.Getenv("DEVSH_TEST_STATE")}, dir, "auto")
	if err == nil {
		req.Env, req.AdoptOrphans = os.Environ(), true
		_, err = Evaluate(context.Background(), req)
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// Where devsh is killed during an evaluation, nothing that it started goes on.
func TestKilled(t *testing.T) {
	for name, c := range map[string]struct {
		shell func(pids string) nixtest.Shell
	}{
		"building": {func(pids string) nixtest.Shell {
			return nixtest.Shell{Builder: "echo $$ >" + pids + "; read -t 600 <> <(:)"}
		}},
		"evaluating": {func(string) nixtest.Shell {
			// Some minutes of adding.
			return nixtest.Shell{Nix: map[string]string{"SUM": `let many = builtins.genList (x: x) 30000; sum = builtins.foldl' builtins.add 0;
				in toString (builtins.foldl' (a: b: a + sum many) 0 many)`}}
		}},
		"in the hook": {func(pids string) nixtest.Shell {
			return nixtest.Shell{Hook: "echo $$ >" + pids + "; read -t 600 <> <(:)"}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			bed := nixtest.New(t)
			dir, pids := newProject(t, bed, "p"), filepath.Join(bed.Dir, "pids")
			nixtest.Flake(t, dir, c.shell(pids))
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(bed.Env(), "DEVSH_TEST_EVALUATE="+dir, "DEVSH_TEST_STATE="+bed.State)
			var said strings.Builder
			cmd.Stderr = &said
			cmd.WaitDelay = time.Second
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			started := await(t, func() []string {
				if name == "evaluating" {
					return evaluators(bed)
				}
				text, _ := os.ReadFile(pids)
				return strings.Fields(string(text))
			})
			started = append(started, evaluators(bed)...)
			t.Cleanup(func() {
				for _, pid := range started {
					if n, err := strconv.Atoi(pid); err == nil && t.Failed() {
						_ = syscall.Kill(n, syscall.SIGKILL)
					}
				}
			})
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // killed
			for _, pid := range started {
				gone(t, pid)
			}
			if said.Len() > 0 {
				t.Errorf("it had ended by itself: %s", said.String())
			}
		})
	}
}

// Where nix is killed, as it is for want of memory, nothing of what it was
// building goes on.
func TestNixKilled(t *testing.T) {
	bed := nixtest.New(t)
	dir, pids := newProject(t, bed, "p"), filepath.Join(bed.Dir, "pids")
	nixtest.Flake(t, dir, nixtest.Shell{Builder: "PATH=/usr/bin:/bin; (echo $BASHPID >>" + pids + "; exec sleep 600) & " +
		"setsid sh -c 'echo $$ >>" + pids + "; sleep 600 & echo $! >>" + pids + "; wait' & " +
		"until [[ $(wc -l <" + pids + ") = 3 ]]; do sleep 0.02; done; echo $$ >>" + pids + "; wait"})
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(bed.Env(), "DEVSH_TEST_EVALUATE="+dir, "DEVSH_TEST_STATE="+bed.State)
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	started := await(t, func() []string {
		text, _ := os.ReadFile(pids)
		if found := strings.Fields(string(text)); len(found) == 4 {
			return found
		}
		return nil
	})
	t.Cleanup(func() {
		for _, pid := range started {
			if n, err := strconv.Atoi(pid); err == nil && t.Failed() {
				_ = syscall.Kill(n, syscall.SIGKILL)
			}
		}
	})
	for _, pid := range evaluators(bed) {
		n, err := strconv.Atoi(pid)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(n, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(said.String(), "killed") {
		t.Errorf("%v: %s", err, said.String())
	}
	for _, pid := range started {
		gone(t, pid)
	}
}

// evaluators are the running processes of nix that use the bed's store.
func evaluators(bed *nixtest.Bed) []string {
	names, _ := filepath.Glob("/proc/[0-9]*/environ")
	var pids []string
	for _, name := range names {
		environ, _ := os.ReadFile(name)
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(name), "cmdline"))
		if strings.Contains(string(environ), "NIX_STORE_DIR="+bed.Dir+"/") && strings.Contains(string(line), "\x00print-dev-env\x00") {
			pids = append(pids, filepath.Base(filepath.Dir(name)))
		}
	}
	return pids
}

// await returns what look finds, as soon as that is something.
func await(t *testing.T, look func() []string) []string {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if found := look(); len(found) > 0 {
			return found
		}
		select {
		case <-deadline:
			t.Fatal("it did not come to it")
		case <-tick.C:
		}
	}
}
