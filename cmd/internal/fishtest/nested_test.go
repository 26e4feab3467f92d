package fishtest

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
)

const nestedProject = `[env]
A = "inside"
B = "inside b"
C = "${C}+"
ML = "in\nside"
unset = ["U"]
[path]
prepend = ["bin", "/opt/two"]
append = ["/zz"]
[lists.LD_LIBRARY_PATH]
prepend = ["/l1"]
[lists.NEWLIST]
append = ["/l1"]
[aliases]
hi = "echo inside"
`

const nestedSetup = `
set -gx A before 'a b'
set -gx C before
set -gx ML one\ntwo\n\n
set -gx U before
set -g UNEXPORTED x
set -gx LD_LIBRARY_PATH /x /y
set -Ux UNIX universal
`

// configs are what users have in config.fish: code before the hook's line and
// after it.
var configs = []struct{ name, before, after string }{
	{"plain", "", ""},
	{"prepend before", "set -gx PATH /config $PATH", ""},
	{"prepend after", "", "set -gx PATH /config $PATH"},
	{"append after", "", "set -gx PATH $PATH /config"},
	{"fish_add_path before", "fish_add_path -gP $HOME", ""},
	{"fish_add_path after", "", "fish_add_path -gP $HOME"},
	{"fish_add_path --move after", "", "fish_add_path -gPm /usr/bin"},
	{"universal fish_user_paths after", "", "set -U fish_user_paths /user"},
	{"fixed before", "set -gx PATH $HOME/bin {$HOME}/../bin /usr/bin /bin", ""},
	{"fixed after", "", "set -gx PATH $HOME/bin {$HOME}/../bin /usr/bin /bin"},
	{"variable before", "set -gx A config; set -gx U config; set -gx B config", ""},
	{"variable after", "", "set -gx A config; set -gx U config; set -gx B config"},
	{"list before", "set -gx LD_LIBRARY_PATH /config $LD_LIBRARY_PATH", ""},
	{"list after", "", "set -gx LD_LIBRARY_PATH /config $LD_LIBRARY_PATH"},
	{"function before", "function hi; echo config; end", ""},
	{"function after", "", "function hi; echo config; end"},
	{"hook twice", "devsh hook fish | source", ""},
}

// TestNestedShells: a shell started inside a project knows how to leave it,
// whatever its config.fish does, and the shell around it is not disturbed.
// What is right is seen in shells started the same way outside.
func TestNestedShells(t *testing.T) {
	t.Parallel()
	for _, config := range configs {
		t.Run(config.name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			b.ConfigFish(config.before, config.after)
			dir := b.Allowed("nested", nestedProject)
			d := deltaOf(t, b, dir)
			f := Start(t, b, Options{})
			f.Source(nestedSetup)

			before := f.Snapshot()
			visit(t, b, f, before, dir, d) // also for the outermost shell
			f.OK("fish")
			want := f.Snapshot()
			if _, status := f.Run("exit"); status != 0 {
				t.Fatalf("the nested fish failed with %d", status)
			}

			f.OK("cd " + Quote(dir))
			around := f.Snapshot()
			f.OK("fish")
			inside := f.Snapshot()
			want = like(want, inside)
			checkInside(t, want, inside, dir, d)
			f.OK("cd " + Quote(b.Home))
			checkSame(t, "after leaving in the nested shell", want, f.Snapshot())
			f.OK("cd " + Quote(dir))
			checkInside(t, want, f.Snapshot(), dir, d)
			f.Run("exit")
			checkSame(t, "in the shell around", around, f.Snapshot())

			// A shell that finds itself outside although its parent is inside.
			f.OK("fish -C 'cd " + b.Home + "'")
			left := f.Snapshot()
			checkSame(t, "in a nested shell that left while it started", like(want, left), left)
			f.Run("exit")
			f.OK("cd " + Quote(b.Home))
			checkSame(t, "in the end", before, f.Snapshot())
		})
	}
}

// TestDeeplyNested: three shells, each of which leaves by itself.
func TestDeeplyNested(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Allowed("nested", nestedProject)
	d := deltaOf(t, b, dir)
	f := Start(t, b, Options{})
	f.Source(nestedSetup)
	var want []State
	for range 3 {
		want = append(want, f.Snapshot())
		f.OK("fish")
	}
	for range 3 {
		f.Run("exit")
	}
	f.OK("cd " + Quote(dir))
	for i := range want {
		inside := f.Snapshot()
		want[i] = like(want[i], inside)
		checkInside(t, want[i], inside, dir, d)
		if i < len(want)-1 {
			f.OK("fish")
		}
	}
	for i := len(want) - 1; i >= 0; i-- {
		f.OK("cd " + Quote(b.Home))
		checkSame(t, fmt.Sprintf("in the shell at depth %d", i), want[i], f.Snapshot())
		if i > 0 {
			f.Run("exit")
		}
	}
}

// TestExecFish: the shell replaces itself while inside.
func TestExecFish(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"exec fish", "exec fish -l", "exec fish; exec fish"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			dir := b.Allowed("nested", nestedProject)
			d := deltaOf(t, b, dir)
			f := Start(t, b, Options{})
			f.Source(nestedSetup)
			f.OK(how)
			want := f.Snapshot() // unexported variables are gone, lists are strings
			f.OK("cd " + Quote(dir))
			for range 2 {
				f.OK(how)
				checkInside(t, want, f.Snapshot(), dir, d)
			}
			f.OK("cd " + Quote(b.Home))
			checkSame(t, "after leaving", want, f.Snapshot())
		})
	}
}

// TestStartedInside: the first shell of a terminal that opens in the project.
func TestStartedInside(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Allowed("nested", nestedProject)
	want := Start(t, b, Options{})
	f := Start(t, b, Options{Dir: dir, Env: map[string]string{"PWD": dir}})
	before := like(want.Snapshot(), f.Snapshot())
	checkInside(t, before, f.Snapshot(), dir, deltaOf(t, b, dir))
	f.OK("cd " + Quote(b.Home))
	checkSame(t, "after leaving", before, f.Snapshot())
}

// like returns a with what is different in any two shells taken from b.
func like(a, b State) State {
	for _, name := range []string{"FISHTEST_FIFO", "TMUX", "TMUX_PANE"} {
		if v, ok := b.Env[name]; ok {
			a.Env[name] = v
		}
		if v, ok := b.Globals[name]; ok {
			a.Globals[name] = v
		}
	}
	a.Globals["fish_pid"] = b.Globals["fish_pid"]
	return a
}

// TestTmux: a pane opened inside the project, in a server started there, where
// the shell left.
func TestTmux(t *testing.T) {
	t.Parallel()
	tmux, err := exec.LookPath("tmux")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"", "fish -i"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			dir := b.Allowed("nested", nestedProject)
			d := deltaOf(t, b, dir)
			outside := tmuxPane(t, b, tmux, b.Home, command)
			inside := tmuxPane(t, b, tmux, dir, command)
			want := like(outside.Snapshot(), inside.Snapshot())
			checkInside(t, want, inside.Snapshot(), dir, d)
			inside.OK("cd " + Quote(b.Home))
			checkSame(t, "after leaving in the pane", want, inside.Snapshot())
			inside.OK("cd " + Quote(dir))
			checkInside(t, want, inside.Snapshot(), dir, d)
		})
	}
}

// tmuxPane starts fish, goes to dir and opens a tmux server with a pane there.
func tmuxPane(t *testing.T, b *Bed, tmux, dir, command string) *Fish {
	t.Helper()
	f := Start(t, b, Options{})
	f.Source(nestedSetup)
	f.OK("cd " + Quote(dir))
	socket := filepath.Join(f.dir, "tmux")
	f.Blind(true)
	t.Cleanup(func() { stopTmux(tmux, socket) })
	line := fmt.Sprintf("%s -S %s -f /dev/null new-session", tmux, socket)
	if command != "" {
		line += " '" + command + "'"
	}
	f.OK(line)
	return f
}

// stopTmux ends a server; its panes would otherwise outlive the test.
func stopTmux(tmux, socket string) {
	_ = exec.Command(tmux, "-S", socket, "kill-server").Run() // it may have ended with its last pane
}

// TestExecFishInOddHome: a shell that «devsh exec» starts knows how to leave,
// however the directories of the user are written.
func TestExecFishInOddHome(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Allowed("p", nestedProject)
	for name, value := range map[string]string{"XDG_STATE_HOME": b.Home + "/state/", "XDG_CONFIG_HOME": b.Home + "//config/."} {
		f := Start(t, b, Options{Env: env.Env{name: value, "A": "before"}})
		f.Run("devsh exec --dir " + Quote(dir) + " -- fish") // which stands in the home, outside of p
		f.OK(`test "$A" = before; and not contains ` + Quote(dir+"/bin") + ` $PATH; and not set -q DEVSH_PROJECT`)
	}
}
