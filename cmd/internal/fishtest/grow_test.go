package fishtest

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestNothingGrows: a shell that lives through many generations of a project,
// and walks through many directories, has no more functions, variables,
// elements of the hook's variables and open files than after the first ones.
func TestNothingGrows(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	manifest := func(n int) string {
		return fmt.Sprintf("[env]\nN = \"%d\"\n[aliases]\nhi = \"echo %d\"\n[hooks]\nenter = \"true %d\"\n", n, n, n)
	}
	dir := b.Allowed("p", manifest(0))
	other := b.Allowed("q", "[env]\nQ = \"1\"\n")
	f := Start(t, b, Options{})
	f.Source(`function figures
	set -l n 0
	for v in (set -gn | string match '__devsh_*')
		set n (math $n + (count $$v))
	end
	echo (functions -an | count) (set -gn | count) $n (count /proc/$fish_pid/fd/*)
end`)
	count := func() string { return f.OK("cd; cd " + dir + "; figures") }
	f.OK("cd " + dir)
	var after string
	changes := max(24, int(number(t, "DEVSH_TEST_N", 100)))
	for n := range changes {
		b.Write(dir+"/devsh.toml", manifest(n+1))
		switch n % 3 { // seen at the prompt, at the second look, and on coming back
		case 0:
			b.Allow(t, dir)
			f.OK("true")
		case 1:
			f.OK("true")
			b.Allow(t, dir)
			f.OK("true")
		default:
			f.OK("cd " + other)
			b.Allow(t, dir)
			sub := fmt.Sprintf("%s/src/%d", dir, n)
			b.Write(sub+"/file", "")
			f.OK("cd " + sub + "; cd ..; cd " + dir)
		}
		if got, want := f.OK("echo $N; hi"), fmt.Sprintf("%d\n%[1]d\n", n+1); got != want {
			t.Fatalf("change %d: the environment is %q, want %q", n+1, got, want)
		}
		if n == 11 {
			after = count()
		}
	}
	if now := count(); now != after {
		t.Errorf("functions, variables, elements, open files: %s after 12 changes, %s after %d:\n%s", strings.TrimSpace(after), strings.TrimSpace(now), changes,
			f.OK("for v in (set -gn | string match '__devsh_*'); echo $v (count $$v); end | string match -v '* 0' | string match -v '* 1'; functions -an | string match '__devsh_*' | tail -50"))
	}
	if info, err := os.Stat(b.Home + "/state/devsh/v1/shells/" + f.PID()); err != nil || info.Size() > 1<<20 {
		t.Errorf("what the shell noted: %v, %v", info, err)
	}
}
