package fishtest

import (
	"fmt"
	"strings"
	"testing"
)

// TestNamesOfTheHook: a project's variables may have the names that the hook's
// functions use themselves (promise 2).
func TestNamesOfTheHook(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	names := strings.Fields(`from to name value before after alone old made intact ours changed kept element elements
		side text flags i d g known entry generation kind state note level asked again was dir file key result turns id p
		what n loaded by said`)
	var toml, lists, unset, setup strings.Builder
	for n, name := range names {
		switch n % 3 {
		case 0:
			fmt.Fprintf(&toml, "%s = \"inside\"\n", name)
		case 1:
			fmt.Fprintf(&lists, "[lists.%s]\nprepend = [\"/in\"]\n", name)
		default:
			fmt.Fprintf(&unset, "%q, ", name)
		}
		fmt.Fprintf(&setup, "set -g%s %s before a%d\n", []string{"x", "u"}[n%2], name, n)
	}
	dir := b.Allowed("names", "[env]\nunset = ["+unset.String()+"]\n"+toml.String()+lists.String())
	f := Start(t, b, Options{})
	f.Source(setup.String())
	before := f.Snapshot()
	visit(t, b, f, before, dir, deltaOf(t, b, dir))
	// Changed meanwhile, each by the slow way: what the user set stays.
	f.OK("cd " + Quote(dir))
	f.OK("set -g from mine; set -g name mine; set -ga to /mine; cd " + Quote(b.Home))
	f.OK(`test "$from" = mine; and test "$name" = mine; and contains -- /mine $to; and test "$d" = "before a19"`)
}
