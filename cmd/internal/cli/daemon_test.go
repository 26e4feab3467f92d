package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hbohlen/devsh/shell/filelock"
)

// On battery the daemon makes nothing ahead, unless the settings say so. It
// reads both when it matters.
func TestDaemonOnBattery(t *testing.T) {
	home := t.TempDir()
	supplies := fstest.MapFS{"BAT0/type": {Data: []byte("Battery\n")}, "BAT0/status": {Data: []byte("Discharging\n")}}
	devsh := func(ctx context.Context, args ...string) (string, int) {
		var out strings.Builder
		e := System()
		e.Args, e.Stdout, e.Stderr, e.Stdin, e.PowerSupplies = args, &out, io.Discard, strings.NewReader(""), supplies
		e.Environ = []string{"HOME=" + home, "PATH=/usr/bin:/bin"}
		code := Run(ctx, e)
		return out.String(), code
	}
	ended := make(chan int, 1)
	go func() {
		_, code := devsh(t.Context(), "daemon", "run")
		ended <- code
	}()
	config := filepath.Join(home, ".config/devsh/config.toml")
	if err := os.MkdirAll(filepath.Dir(config), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		text string
		want bool
	}{{"", true}, {"[daemon]\non_battery = true\n", false}, {"[daemon]\non_battery = false\n", true}} {
		if err := os.WriteFile(config, []byte(tt.text), 0o644); err != nil {
			t.Fatal(err)
		}
		var r daemonReport
		for deadline := time.Now().Add(20 * time.Second); r.Shells+r.Directories == 0; {
			out, _ := devsh(t.Context(), "daemon", "status", "--json")
			if err := json.Unmarshal([]byte(out), &r); err != nil || time.Now().After(deadline) {
				t.Fatalf("%v: %s", err, out)
			}
		}
		if r.Waiting != tt.want {
			t.Errorf("%q: waiting %t", tt.text, r.Waiting)
		}
	}
	if _, code := devsh(t.Context(), "daemon", "stop"); code != exitOK {
		t.Errorf("stop: %d", code)
	}
	if code := <-ended; code != exitOK {
		t.Errorf("run: %d", code)
	}
}

// Who no longer waits for a daemon to end, by Ctrl-C, does not have it killed.
func TestDaemonStopInterrupted(t *testing.T) {
	home := t.TempDir()
	dir := filepath.Join(home, ".local/state/devsh/v1/daemon")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	lock, err := filelock.Try(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	deaf := exec.Command("cat")
	deaf.ExtraFiles = []*os.File{lock}
	in, err := deaf.StdinPipe()
	if err == nil {
		err = deaf.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintln(lock, deaf.Process.Pid); err != nil {
		t.Error(err)
	}
	lock.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e := System()
	e.Args, e.Stdout, e.Stderr, e.Stdin = []string{"daemon", "stop"}, io.Discard, io.Discard, strings.NewReader("")
	e.Environ = []string{"HOME=" + home, "PATH=/usr/bin:/bin"}
	if code := Run(ctx, e); code == exitOK {
		t.Error("it has ended")
	}
	if err := errors.Join(in.Close(), deaf.Wait()); err != nil {
		t.Error(err)
	}
}
