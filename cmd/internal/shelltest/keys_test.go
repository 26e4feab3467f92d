package shelltest

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hbohlen/devsh/shell/session"
)

// each runs a test with each shell, which takes commands already.
func each(t *testing.T, test func(t *testing.T, shell string, s *screen)) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := newBed(t).start(t, shellLine(shell))
			s.ready()
			test(t, shell, s)
		})
	}
}

// TestEnvironment: the shell is in the project, with its environment.
func TestEnvironment(t *testing.T) {
	each(t, func(t *testing.T, _ string, s *screen) {
		if got := s.ask("echo $A $PWD"); got != "from p "+s.ask("echo $P") {
			t.Errorf("the shell says %q", got)
		}
		if got := s.ask("/usr/bin/printenv DEVSH_PROJECT"); got != s.ask("echo $P") {
			t.Errorf("DEVSH_PROJECT is %q", got)
		}
		s.enter("exit")
		s.end(0)
	})
}

// TestDirectoryByItsName: a link to a project stays one.
func TestDirectoryByItsName(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		b := newBed(t)
		link := b.Dev + "/link"
		if err := os.Symlink(b.dir, link); err != nil {
			t.Fatal(err)
		}
		s := b.start(t, "cd dev; devsh shell --shell "+shell+" link")
		s.ready()
		if got := s.ask("echo $A $PWD"); got != "from p "+link {
			t.Errorf("%s says %q, want %q", shell, got, link)
		}
	}
}

// TestWindowSize: the size is right from the start and follows, and what runs
// in the foreground is told.
func TestWindowSize(t *testing.T) {
	each(t, func(t *testing.T, _ string, s *screen) {
		if got := s.ask("stty size"); got != "33 111" {
			t.Errorf("stty size says %q at first", got)
		}
		if err := s.Resize(session.Size{Rows: 44, Cols: 99}); err != nil {
			t.Fatal(err)
		}
		s.enter(`sh -c 'until test "$(stty size)" = "44 99"; do :; done; trap "stty size; exit" WINCH; echo w""aiting; while :; do sleep 0.05; done'`)
		s.expect("waiting")
		if err := s.Resize(session.Size{Rows: 50, Cols: 101}); err != nil {
			t.Fatal(err)
		}
		s.expect(`50 101`)
		s.ready()
	})
}

// TestCtrlC: it ends what runs in the foreground, not the shell and not devsh.
func TestCtrlC(t *testing.T) {
	each(t, func(t *testing.T, shell string, s *screen) {
		pid := s.pid(shell)
		s.enter(`sh -c 'trap "echo int""errupted; exit 1" INT; echo w""aiting; while :; do sleep 0.05; done'`)
		s.expect("waiting")
		s.press("\x03")
		s.expect("interrupted")
		s.expect("inner> ")
		s.ready()
		if now := s.pid(shell); now != pid {
			t.Errorf("another shell: %d, not %d", now, pid)
		}
	})
}

// TestJobs: Ctrl-Z stops what runs in the foreground, fg and bg continue it,
// and Ctrl-\ ends it.
func TestJobs(t *testing.T) {
	each(t, func(t *testing.T, _ string, s *screen) {
		jobs := func(want string) {
			t.Helper()
			got := s.ask("jobs | tr -d '<>'")
			if said := strings.ReplaceAll(strings.ToLower(got), "suspended", "stopped"); !strings.Contains(said, want) {
				t.Errorf("jobs says %q, want %s", got, want)
			}
		}
		s.enter(`sh -c 'echo w""aiting; exec cat'`)
		s.expect("waiting")
		s.key("\x1a")
		jobs("stopped")
		s.enter("fg")
		s.expect("exec cat")
		// With \n, which ends a line whether or not the shell has left the terminal yet.
		s.press("words\n")
		s.expect(`(?s)words\r\n.*words\r\n`)
		s.key("\x04")
		s.enter(`sh -c 'echo w""aiting; exec sleep 1000'`)
		s.expect("waiting")
		s.key("\x1a")
		jobs("stopped")
		s.enter("bg")
		s.expect("exec sleep")
		jobs("running")
		s.enter(`sh -c 'echo w""aiting; exec sleep 1000'`)
		s.expect("waiting")
		s.key("\x1c")
		s.ready()
		s.expect("inner> ") // a bash whose terminal closes while it runs PROMPT_COMMAND leaves its jobs alone
	})
}

// TestModes: the shell finds the modes that the terminal had, UTF-8 and the
// person's erase character among them.
func TestModes(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	s := b.start(t, `stty iutf8 erase ^H; devsh shell --shell bash "$P"`)
	s.ready()
	if got := s.ask("stty -a | tr -d '<>'"); !strings.Contains(got, " iutf8") || !strings.Contains(got, "erase = ^H") {
		t.Errorf("stty -a says %q", got)
	}
}

// TestEverythingArrives: no byte is lost or changed on the way, in either
// direction, also right before the end.
func TestEverythingArrives(t *testing.T) {
	each(t, func(t *testing.T, _ string, s *screen) {
		s.enter(`stty raw -echo; echo '<''<'; head -c 100000 | cksum; stty sane; echo '>''>'`)
		s.expect("<<")
		var text strings.Builder
		for text.Len() < 100000 {
			text.WriteString("every byte but one: \x03\x04\x11\x13\x1a\x1c\x7f\x80\xff\r\n\t ")
		}
		sent := text.String()[:100000]
		if err := s.Type(sent); err != nil {
			t.Fatal(err)
		}
		if got := s.expect(`(\d+ 100000)`)[1]; got != cksum(t, sent) {
			t.Errorf("the program read something else: %s, not %s", got, cksum(t, sent))
		}
		s.expect(">>")
		s.ready()
		from := s.Mark()
		s.enter("exec seq 200000")
		s.end(0)
		if out := s.rest(from); !strings.HasSuffix(out, "\r\n199999\r\n200000\r\n") || !strings.Contains(out, "\r\n77777\r\n77778\r\n") {
			t.Errorf("%d bytes came; they end with %q", len(out), out[max(0, len(out)-100):])
		}
	})
}

// TestSlowTerminal: what a shell wrote before it ended is shown also where the
// terminal takes it only later.
func TestSlowTerminal(t *testing.T) {
	each(t, func(t *testing.T, shell string, s *screen) {
		pid := s.pid(shell)
		s.expect("inner> ")
		from := s.Mark()
		pause(t, s.PID(), true)
		s.enter("exec seq 2000")
		gone(t, pid)
		<-time.After(500 * time.Millisecond) // nothing is waited for: so slow is the terminal
		pause(t, s.PID(), false)
		s.end(0)
		if out := s.rest(from); !strings.HasSuffix(out, "\r\n1999\r\n2000\r\n") {
			t.Errorf("%d bytes came; they end with %q", len(out), out[max(0, len(out)-100):])
		}
	})
}

// TestSuspend: a shell that stops itself gives the terminal back to the one it
// was started from, and goes on with fg.
func TestSuspend(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	s := b.startArgv(t, []string{"bash", "--norc", "-i"})
	s.enter(shellLine("bash"))
	s.ready()
	inner := s.pid("bash")
	for range 2 {
		s.enter("suspend")
		s.expect(`outer> `)
		if got := s.ask("jobs | tr -d '<>'"); !strings.Contains(got, "Stopped") || s.pid("bash") == inner {
			t.Errorf("in the outer shell jobs says %q", got)
		}
		if err := s.Resize(session.Size{Rows: 20, Cols: 77}); err != nil {
			t.Fatal(err)
		}
		s.enter("fg")
		s.ready()
		if s.pid("bash") != inner {
			t.Fatal("fg did not continue the shell")
		}
		if got := s.ask("stty size"); got != "20 77" {
			t.Errorf("continued, stty size says %q", got)
		}
		// The keys are the inner shell's again.
		s.enter(`sh -c 'trap "echo int""errupted; exit 1" INT; echo w""aiting; while :; do sleep 0.05; done'`)
		s.expect("waiting")
		s.press("\x03")
		s.expect("interrupted")
		s.expect("inner> ")
		// The same from outside.
		kill(t, parent(t, inner), syscall.SIGTSTP)
		s.expect(`outer> `)
		s.enter("fg")
		s.ready()
	}
	s.enter("exit 7")
	s.expect(`outer> `)
	s.enter("exit $?")
	s.end(7)
}

// TestSuspendedByNobody: where no shell is around that could continue it, it
// goes on by itself.
func TestSuspendedByNobody(t *testing.T) {
	t.Parallel()
	s := newBed(t).start(t, shellLine("bash"))
	s.ready()
	s.enter("suspend")
	s.ready()
}
