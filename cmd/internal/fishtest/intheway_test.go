package fishtest

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPipeEnds: whoever reads from what started a worker sees its end while that
// goes on, on whichever descriptor.
func TestPipeEnds(t *testing.T) {
	t.Parallel()
	b := newBuilds(t)
	dir := b.flake("p")
	b.killWorker(dir)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command(b.bin, "enter", "--abi", "1", "--wait", "soon", "--", dir)
	cmd.Env, cmd.Dir = b.Env().List(), b.Home
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = w, w, w, []*os.File{w, w, w}
	err = cmd.Start()
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.SetReadDeadline(time.Now().Add(Limit())); err != nil {
		t.Fatal(err)
	}
	if out, err := io.ReadAll(r); err != nil || len(out) > 0 {
		t.Errorf("%q, %v", out, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if b.worker(dir) == 0 {
		t.Error("nothing is being built")
	}
	b.Devsh(t, "deny", dir) // ends it
}

// TestProgressInTheWay: where no progress can be told, it is built all the same.
func TestProgressInTheWay(t *testing.T) {
	t.Parallel()
	for name, put := range map[string]func(path string) error{
		"fifo":      func(p string) error { return syscall.Mkfifo(p, 0o600) },
		"directory": func(p string) error { return os.MkdirAll(p+"/d", 0o700) },
		"link":      func(p string) error { return os.Symlink("victim", p) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBuilds(t)
			dir := b.flake("p")
			b.Devsh(t, "deny", dir)
			place := b.Home + "/state/devsh/v1/tree" + dir + "/@devsh/"
			b.Write(place+"victim", "precious")
			if err := os.RemoveAll(place + "progress"); err != nil {
				t.Fatal(err)
			}
			if err := put(place + "progress"); err != nil {
				t.Fatal(err)
			}
			b.open()
			f := Start(t, b.Bed, Options{})
			arrived := b.onArrival(f)
			f.OK("cd " + dir)
			b.Allow(t, dir)
			awaitFile(t, arrived)
			if data, err := os.ReadFile(place + "victim"); err != nil || string(data) != "precious" {
				t.Errorf("%q, %v", data, err)
			}
		})
	}
}

// TestNotesInTheWay: what lies where a shell makes its notes, or where the lock
// is, costs no prompt.
func TestNotesInTheWay(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Allowed("p", "[env]\nA = \"1\"\n")
	b.Devsh(t, "exec", "--dir", dir, "--", "true")
	place := b.Home + "/state/devsh/v1/tree" + dir + "/@devsh/"
	for name, put := range map[string]string{
		"a FIFO":                "mkfifo NOTES",
		"a directory":           "mkdir NOTES",
		"a full disk":           "ln -s /dev/full NOTES",
		"a FIFO for a lock":     "rm -rf LOCK CURRENT; mkfifo LOCK",
		"a directory, likewise": "rm -rf LOCK CURRENT; mkdir LOCK",
	} {
		t.Run(name, func(t *testing.T) {
			f := Start(t, b, Options{})
			f.OK("rm -rf ~/state/devsh/v1/shells/$fish_pid; " + strings.NewReplacer("NOTES", "~/state/devsh/v1/shells/$fish_pid", "LOCK", place+"lock", "CURRENT", place+"current").Replace(put))
			for range 2 {
				if got := f.OK("cd " + dir + "; echo $A; cd ~"); !strings.HasSuffix(got, "1\n") {
					t.Errorf("%q", got)
				}
			}
		})
	}
}
