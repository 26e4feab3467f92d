package fishtest

import (
	"strings"
	"testing"
)

// TestToldOnce: what allow and reload say of a project that fails, the shell
// that they were typed in does not say again; another one does.
func TestToldOnce(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Project("p", "[env]\nA = \n")
	f := Start(t, b, Options{})
	f.OK("cd " + Quote(dir))
	said := func(line string, status int) {
		t.Helper()
		from := f.Session.Mark()
		if _, got := f.Run(line); got != status {
			t.Errorf("%s: status %d, want %d", line, got, status)
		}
		f.OK("true")
		f.OK("cd ..")
		f.OK("cd " + Quote(dir))
		if text := Plain(f.Session.Output(from)); strings.Count(text, "devsh.toml:2") != 1 {
			t.Errorf("%s: not said once:\n%s", line, text)
		}
	}
	said("devsh allow", 1)
	said("devsh reload", 1)
	other := Start(t, b, Options{})
	other.OK("cd " + Quote(dir))
	other.OK("true")
	if text := Plain(other.Session.Output(0)); strings.Count(text, "devsh.toml:2") != 1 {
		t.Errorf("the other shell did not say it once:\n%s", text)
	}
}

// TestNotesOfAnother: a shell does not take for its own what one with the same
// number noted before: it says what that one was told.
func TestNotesOfAnother(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Project("p", "[env]\nA = 1\n")
	f := Start(t, b, Options{})
	f.OK("cd " + Quote(dir))
	f.OK("string replace -rf '.*/id=(e_[^=]*)=.*' 'told $1' -- " + b.Home + "/state/devsh/v1/tree" + dir + "/@devsh/current/id=* >~/state/devsh/v1/shells/$fish_pid")
	from := f.Session.Mark()
	f.OK("exec fish")
	f.OK("true")
	if text := Plain(f.Session.Output(from)); strings.Count(text, "not allowed yet") != 1 {
		t.Errorf("not said once:\n%s", text)
	}
}
