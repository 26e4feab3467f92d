package fishtest

import (
	"os"
	"testing"
)

// TestOuterHookAmongStrangers: an allowed place's hooks mean their own place by
// DEVSH_PROJECT, also where one within it governs that nobody has allowed: what
// lies there is not run (promise 1).
func TestOuterHookAmongStrangers(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	outer := b.Project("work", "[env]\nA = \"1\"\n[hooks]\nenter = \"source $DEVSH_PROJECT/hook.fish\"\nleave = \"source $DEVSH_PROJECT/hook.fish\"\n")
	b.Write(outer+"/hook.fish", "set -g RAN $RAN good\n")
	b.Write(outer+"/clone/hook.fish", "set -g RAN $RAN evil\n")
	b.Write(outer+"/clone/.git/HEAD", "ref: refs/heads/main\n")
	b.Write(outer+"/declared/hook.fish", "set -g RAN $RAN evil\n")
	b.Write(outer+"/declared/devsh.toml", "")
	b.Allow(t, outer)
	f := Start(t, b, Options{})
	for _, name := range []string{"clone", "declared"} {
		dir := outer + "/" + name
		f.OK("set -e RAN; cd " + Quote(dir) + `; test "$A" = 1`)
		f.OK("cd ~; not set -q A; and not set -q DEVSH_PROJECT")
		f.OK(`test "$RAN" = "good good"`)
	}
}

// TestOuterAliasAmongStrangers: the same for its aliases. What they start in its
// turn knows the environment all the same, and can leave it.
func TestOuterAliasAmongStrangers(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	outer := b.Project("work", "[env]\nA = \"1\"\n[aliases]\nt = \"source $DEVSH_PROJECT/t.fish\"\nsub = \"fish\"\ngo = \"cd ~; and printenv A DEVSH_PROJECT\"\n")
	b.Write(outer+"/t.fish", "echo good $argv\n")
	inner := outer + "/clone"
	b.Write(inner+"/t.fish", "echo evil\n")
	b.Write(inner+"/devsh.toml", "")
	b.Allow(t, outer)
	f := Start(t, b, Options{})
	f.OK("cd " + Quote(inner) + `; test "$A" = 1; and test "$DEVSH_PROJECT" = ` + Quote(inner))
	if got := f.OK("t x"); got != "good x\n" {
		t.Errorf("the alias of the place around ran %q", got)
	}
	f.OK(`test "$DEVSH_PROJECT" = ` + Quote(inner))
	f.OK("sub")
	f.OK(`test "$A" = 1; and test "$DEVSH_PROJECT" = ` + Quote(inner))
	f.OK(`cd ~; not set -q A; and not set -q DEVSH_PROJECT`)
	f.Run("exit")
	f.Run("go")
	f.OK(`test $PWD = ~; and not set -q A; and not set -q DEVSH_PROJECT`)
}

// TestReferencesToFish: what fish makes up itself is in no environment, and so
// is not handed to programs either: the history, for one (promise 7).
func TestReferencesToFish(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Allowed("p", "[env]\nA = \"x${history}y\"\nB = \"${version}${status}${fish_pid}\"\nC = \"${SHLVL}\"\n")
	f := Start(t, b, Options{})
	f.OK("echo a line to remember")
	f.OK("cd " + Quote(dir) + `; test "$A/$B" = xy/; and test -n "$C"`)
	f.OK("cd ~; not set -q A")
}

// TestCompletionsNobodySaw: completions that lie in a project are run neither
// on cd nor by a key: they may be other ones than when it was allowed (promise 1).
func TestCompletionsNobodySaw(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := b.Project("p", "[env]\nA = \"1\"\n[path]\nprepend = [\"tools/bin\", \"linked/bin\"]\n[lists.XDG_DATA_DIRS]\nprepend = [\"data\"]\n")
	const completions = "/share/fish/vendor_completions.d/ls.fish"
	files := []string{b.Write(dir+"/tools"+completions, ""), b.Write(dir+"/data/fish/vendor_completions.d/ls.fish", "")}
	b.mkdir(dir+"/tools/bin", 0o755)
	if err := os.Symlink("tools", dir+"/linked"); err != nil {
		t.Fatal(err)
	}
	b.Allow(t, dir)
	f := Start(t, b, Options{})
	f.OK("cd " + Quote(dir) + `; test "$A" = 1; cd ~`)
	for _, file := range files {
		b.Write(file, "set -g PWNED yes\n")
	}
	f.OK("cd " + Quote(dir) + `; test "$A" = 1; and complete -C "ls -" >/dev/null; and not set -q PWNED`)
}
