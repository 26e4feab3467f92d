package fishtest

import (
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
)

// TestSettingsApart: shells with other DEVSH_* share what is published, and
// neither takes the other's environment; how much is said is each one's own.
func TestSettingsApart(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Allowed("p", "[env]\nA = \"1\"\n[watch]\nfiles = [\"w\"]\n")
	b.Write(dir+"/w", "1")
	one := Start(t, b, Options{Env: env.Env{"DEVSH_LAYERS_OFF": "devsh.toml", "DEVSH_MESSAGE": "quiet"}})
	two := Start(t, b, Options{})
	for _, f := range []*Fish{one, two} {
		f.OK("cd " + Quote(dir))
		f.OK("test $A = 1")
	}
	was := two.OK("echo $DEVSH_GENERATION (path resolve $__devsh_current)")
	one.OK("devsh exec -- sh -c 'test -z \"$A\"'")
	one.OK("devsh env >/dev/null")
	for range 3 {
		one.OK("true")
		two.OK("true")
	}
	if is := two.OK("echo $DEVSH_GENERATION (path resolve $__devsh_current)"); is != was {
		t.Errorf("the other shell has %s, and had %s", is, was)
	}
	before := one.OK("echo $DEVSH_GENERATION")
	b.Write(dir+"/w", "other")
	for _, f := range []*Fish{one, two} { // the first one asks
		f.OK("cd ..")
		f.OK("cd " + Quote(dir))
		f.OK("test $A = 1")
		if after := f.OK("echo $DEVSH_GENERATION"); after == before {
			t.Errorf("the change was not seen: %s", after)
		}
	}
	if text := Plain(one.Session.Output(0)); strings.Contains(text, "devsh: p (") {
		t.Errorf("it was to be quiet: %s", text)
	}
	if text := Plain(two.Session.Output(0)); !strings.Contains(text, "devsh: p (") {
		t.Errorf("it said nothing: %s", text)
	}
}
