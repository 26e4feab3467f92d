package faulttest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hbohlen/devsh/cmd/internal/fishtest"
)

// change makes the project's .env another, later than any file before.
func (b *bed) change(value string) {
	b.t.Helper()
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(b.Write(b.p+"/.env", "B="+value+"\n"), later, later); err != nil {
		b.t.Fatal(err)
	}
}

func see(t *testing.T, f *fishtest.Fish, want string) {
	t.Helper()
	if got := strings.TrimSpace(f.OK(`echo "$A;$B"`)); got != want {
		t.Errorf("the shell has %q, want %q", got, want)
	}
}

// Promise 3: the program disappears under a running shell: one line, once, and
// what was active stays; when it is back, all goes on.
func TestProgramDeleted(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	f := fishtest.Start(t, b.Bed, fishtest.Options{})
	f.OK("cd " + b.p)
	see(t, f, "a;1")
	link := b.Tmp + "/bin/devsh"
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	b.change("2")
	var shown strings.Builder
	for range 3 {
		shown.WriteString(f.OK("true"))
		shown.WriteString(f.OK("cd .."))
		shown.WriteString(f.OK("cd " + b.p))
	}
	see(t, f, "a;1")
	from := f.Session.Mark()
	f.OK("true")
	if text := fishtest.Plain(f.Session.Output(from)); strings.Contains(text, "missing") {
		t.Errorf("said again: %s", text)
	}
	if all := fishtest.Plain(f.Session.Output(0)); strings.Count(all, "is missing: the environment stays as it is") != 1 {
		t.Errorf("not said once: %s", all)
	}
	if err := os.Symlink(devshBinary, link); err != nil {
		t.Fatal(err)
	}
	f.OK("cd ..")
	f.OK("cd " + b.p)
	see(t, f, "a;2")
}

// Promise 3: a program that crashes, or writes where it should not, is told of
// and does no harm.
func TestProgramCrashes(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"killed":          "kill -SEGV $$",
		"noise":           "echo garbage; cat; exit 1",
		"success, untrue": "exit 0",
		"unknown code":    "exit 42",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			b.visit(b.p)
			b.change("2")
			crashing := b.Write(b.Tmp+"/bin/crashing", "#!/bin/sh\n"+script+"\n")
			if err := os.Chmod(crashing, 0o755); err != nil {
				t.Fatal(err)
			}
			b.ConfigFish("", "set -g __devsh_bin "+crashing)
			if inside, _, stderr := b.visit(b.p); inside != "A=a;B=1" {
				t.Errorf("inside %s, %s", inside, stderr)
			}
		})
	}
}

// Promise 3: devsh was upgraded under a running shell: the shell is told once,
// and keeps what it has.
func TestProgramUpgraded(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	// The hook of before, which shares the state's place with today's program.
	path := b.Home + "/config/fish/config.fish"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(data), "devsh hook fish | source", "devsh hook fish | string replace -- '--abi $__devsh_abi' '--abi 0' | source", 1)
	if edited == string(data) {
		t.Fatal("the hook is loaded in another way now")
	}
	b.visit(b.p)
	b.Write(path, edited)
	f := fishtest.Start(t, b.Bed, fishtest.Options{})
	f.OK("cd " + b.p)
	see(t, f, "a;1")
	b.change("2")
	for range 3 {
		f.OK("true")
		f.OK("cd ..")
		f.OK("cd " + b.p)
	}
	see(t, f, "a;1")
	if all := fishtest.Plain(f.Session.Output(0)); strings.Count(all, "«exec fish» brings them together") != 1 {
		t.Errorf("not told once: %s", all)
	}
	b.Write(path, string(data))
	f.OK("exec fish")
	see(t, f, "a;2")
}

// Promise 3: the state goes away under a running shell.
func TestStateDeletedUnderShell(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	f := fishtest.Start(t, b.Bed, fishtest.Options{})
	f.OK("cd " + b.p)
	see(t, f, "a;1")
	if err := os.RemoveAll(b.state()); err != nil {
		t.Fatal(err)
	}
	f.OK("true")
	see(t, f, ";") // the permission is gone, and so is what it allowed
	f.OK("cd /")
	see(t, f, ";")
	b.Allow(t, b.p)
	f.OK("cd " + b.p)
	see(t, f, "a;1")
}

const evil = "[env]\nA = \"evil\"\n[hooks]\nenter = \"set -g EVIL yes\"\n"

// Promise 1: no way around the permission, in a shell that watches.
func TestTrustEvaded(t *testing.T) {
	for name, c := range map[string]struct {
		evade func(t *testing.T, b *bed) (dir string)
		want  string
	}{
		"a name that begins so":   {func(t *testing.T, b *bed) string { return b.Project("p-evil", evil) }, ";"},
		"the same name elsewhere": {func(t *testing.T, b *bed) string { return b.Project("x/p", evil) }, ";"},
		"changed after it was allowed": {func(t *testing.T, b *bed) string {
			b.Write(b.p+"/devsh.toml", evil)
			return b.p
		}, "a;1"},
		"changed, size and time put back": {func(t *testing.T, b *bed) string {
			file := b.p + "/devsh.toml"
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(file, evil[:20]+strings.Repeat(" ", len(project)-20))
			if err := os.Chtimes(file, info.ModTime(), info.ModTime()); err != nil {
				t.Fatal(err)
			}
			return b.p
		}, "a;1"},
		"replaced by a link to another project": {func(t *testing.T, b *bed) string {
			other := b.Project("other", evil)
			if err := os.Rename(b.p, b.p+".was"); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(other, b.p); err != nil {
				t.Fatal(err)
			}
			return b.p
		}, ";"},
		"replaced by another directory": {func(t *testing.T, b *bed) string {
			if err := os.Rename(b.p, b.p+".was"); err != nil {
				t.Fatal(err)
			}
			b.Project("p", evil)
			return b.p
		}, "a;1"}, // changed, as by git pull: the last good one
		"a directory above replaced by a link": {func(t *testing.T, b *bed) string {
			in := b.Allowed("up/in", "[env]\nA = \"in\"\n")
			b.visit(in)
			b.Project("fake/in", evil)
			if err := os.Rename(b.Dev+"/up", b.Dev+"/was"); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("fake", b.Dev+"/up"); err != nil {
				t.Fatal(err)
			}
			return in
		}, ";"},
		"devsh.toml is a link to an allowed one": {func(t *testing.T, b *bed) string {
			dir := b.Project("q", "")
			if err := os.Remove(dir + "/devsh.toml"); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(b.p+"/devsh.toml", dir+"/devsh.toml"); err != nil {
				t.Fatal(err)
			}
			return dir
		}, ";"},
		"a project within the allowed one": {func(t *testing.T, b *bed) string {
			return b.Project("p/vendor/dep", evil)
		}, "a;1"}, // the allowed parent's
		"one within that stands alone": {func(t *testing.T, b *bed) string {
			return b.Project("p/vendor/dep", "inherit = false\n"+evil)
		}, "a;1"},
		"variables that lead devsh elsewhere": {func(t *testing.T, b *bed) string {
			fake := b.Home + "/fake/devsh/v1"
			b.Write("dev/q/devsh.toml", evil)
			if err := os.MkdirAll(filepath.Dir(fake), 0o700); err != nil {
				t.Fatal(err)
			}
			leads := b.Project("leads", "[env]\nXDG_STATE_HOME = \""+b.Home+"/fake\"\n")
			if out, code := b.TryAllow(t, leads); code != 1 || !strings.Contains(out, "a project cannot change it") {
				t.Errorf("allow: exit code %d\n%s", code, out)
			}
			return b.Dev + "/q"
		}, ";"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			b.visit(b.p)
			f := fishtest.Start(t, b.Bed, fishtest.Options{})
			dir := c.evade(t, b)
			if strings.HasPrefix(name, "variables") {
				f.OK("cd " + b.Dev + "/leads")
			}
			for range 2 {
				f.OK("cd " + dir)
				f.OK("true")
				see(t, f, c.want)
				if got := strings.TrimSpace(f.OK(`echo "<$EVIL>"`)); got != "<>" {
					t.Errorf("its code ran: %s", got)
				}
				f.OK("cd /")
			}
			if r := b.devsh("exec", "--dir", dir, "--", "printenv", "A"); strings.Contains(r.stdout, "evil") {
				t.Errorf("exec: %+v", r)
			}
		})
	}
}

// Promise 1: what is evaluated is what was judged, also when the file changes
// while nix is at work, and again and again.
func TestChangedDuringEvaluation(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.Write(b.p+"/devsh.toml", "")
	b.Write(b.p+"/flake.nix", "{ outputs = _: { }; } # good\n")
	b.Write(b.p+"/flake.lock", "{}\n")
	log := b.Tmp + "/nix.log"
	nix := "#!/bin/sh\ncase \"$*\" in *print-dev-env*) ;; *) echo 'nix (Nix) 2.8.0'; exit;; esac\ncat " + b.p + "/flake.nix >>" + log +
		"\necho '# evil' >>" + b.p + "/flake.nix\n" +
		`printf '%s' '{"bashFunctions":{},"variables":{"A":{"type":"exported","value":"from nix"}}}'` + "\n"
	if err := os.WriteFile(b.Write(b.Tmp+"/bin/nix", nix), []byte(nix), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(b.Tmp+"/bin/nix", 0o755); err != nil {
		t.Fatal(err)
	}
	r := b.devsh("allow", "--digest", digestOf(t, b), b.p)
	t.Logf("%+v", r)
	b.devsh("exec", "--dir", b.p, "--", "true") // waits until it is evaluated
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "evil") {
		t.Errorf("nix was given what nobody allowed:\n%s", data)
	}
	if inside, _, stderr := b.visit(b.p); inside != "A=a;B=1" || !strings.Contains(stderr, "changed") {
		t.Errorf("%s, %s", inside, stderr)
	}
	if data, _ := os.ReadFile(log); strings.Contains(string(data), "evil") {
		t.Errorf("nix was given what nobody allowed:\n%s", data)
	}
}
