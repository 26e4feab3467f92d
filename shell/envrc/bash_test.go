package envrc

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/manifest"
)

// library is as much of direnv's as the scripts below use, by its manual.
const library = `
path_add() {
	local name=$1 new= dir; shift
	for dir; do
		[[ $dir == /* ]] || dir=$PWD/${dir#./}
		dir=${dir%/.}
		new+=$dir:
	done
	export "$name=$new${!name-}"
	[[ ${!name} != *: ]] || export "$name=${!name%:}"
}
PATH_add() { path_add PATH "$@"; }
`

// around is what the scripts run in.
var surroundings = env.Env{"HOME": "/h", "PATH": "/usr/bin:/bin", "X": "outer x", "L_PATH": "/l1:/l2", "E": ""}

// byBash runs a script as direnv would and returns its variables.
func byBash(t *testing.T, bash, printer, dir, script string) env.Env {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), bash, "--norc", "--noprofile", "-c", library+"\n"+script+"\nexec "+printer+" -0")
	cmd.Dir = dir
	cmd.Env = append(surroundings.List(), "PWD="+dir)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v", script, err)
	}
	e := env.FromList(strings.Split(string(out), "\x00"))
	for _, own := range []string{"PWD", "OLDPWD", "SHLVL", "_"} {
		delete(e, own)
	}
	return e
}

// byDevsh does what the translation says.
func byDevsh(t *testing.T, dir, toml string) env.Env {
	t.Helper()
	m, err := manifest.Parse("devsh.toml", []byte(toml))
	if err != nil {
		t.Fatal(err)
	}
	d, err := m.Delta(manifest.Base{Dir: dir, Home: surroundings["HOME"], EvalSymlinks: func(p string) (string, error) { return p, nil }}, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, toml)
	}
	e := env.Enter(surroundings, d, "", "")
	maps.DeleteFunc(e, func(name, _ string) bool { return strings.HasPrefix(name, "DEVSH_") })
	return e
}

// same compares two environments. In lists, an entry counts where it is first,
// and a colon at an end, which devsh does not make, does not.
func same(a, b env.Env) bool {
	for _, e := range []env.Env{a, b} {
		for name, v := range e {
			v = strings.Trim(v, ":")
			e[name] = v
			if strings.HasSuffix(name, "PATH") || name == "X" {
				entries := strings.Split(v, ":")
				for i, p := range entries {
					entries[i] = filepath.Clean(p)
				}
				e[name] = strings.Join(firsts(entries), ":")
			}
		}
	}
	return maps.Equal(a, b)
}

// TestMeansTheSameAsInBash runs random scripts through bash and through the
// translation. The seed is fixed, so that a failure can be repeated.
func TestMeansTheSameAsInBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	printer, err := exec.LookPath("env")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	compared := 0
	for range 400 {
		script := randomScript(r)
		res, err := Translate(".envrc", []byte(script), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Left) > 0 {
			continue
		}
		compared++
		want, got := byBash(t, bash, printer, dir, script), byDevsh(t, dir, res.TOML)
		if !same(got, want) {
			t.Fatalf("%s\n\nbash:  %q\ndevsh: %q\n%s", script, want, got, res.TOML)
		}
	}
	if compared < 100 {
		t.Errorf("only %d scripts were translated in full", compared)
	}
}

func randomScript(r *rand.Rand) string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	name := func() string { return pick("A", "B", "C", "D", "X", "E", "s_1") }
	value := func() string {
		var b strings.Builder
		for range 1 + r.IntN(3) {
			b.WriteString(pick("a", "'b $c'", `"d $A e"`, "$X", "${B}", `\ `, `"\$\x\\"`, "$'\\t\\x41\\''", "~/f", ":", ":~", "$PWD",
				"$(pwd)/g", "$E", "$s_1", "é", "''", `"${C}"`, "*", "a=b", "#", "{", `"q\`+"\n"+`r"`, "$HOME", `"$"`, "%", "http://h/?i"))
		}
		return b.String()
	}
	dir := func() string {
		return pick("bin", `"$PWD/x"`, "/opt/y", "~/z", `"$HOME"/w`, "'a b'", "./c", `"$A"`, "$D/bin", ".", "'${v}'")
	}
	statement := func() string {
		switch r.IntN(9) {
		case 0, 1, 2:
			return "export " + name() + "=" + value()
		case 3:
			return "export " + name() + "=" + value() + " " + name() + "=" + value()
		case 4:
			return pick("A", "s_1", "D") + "=" + pick("/v", value())
		case 5:
			return pick("unset ", "export ") + name()
		case 6:
			return "PATH_add " + dir()
		case 7:
			return "path_add " + pick("L_PATH", "N_PATH", "X") + " " + dir() + " " + dir()
		}
		return fmt.Sprintf(pick("export PATH=%[1]s:$PATH", "PATH=$PATH:%[1]s", "L_PATH+=:%[1]s; export L_PATH", `export L_PATH="/j:${L_PATH}:%.0s/k"`),
			pick("/p", `"$PWD/q"`, "~/r", "$HOME/s"))
	}
	var lines []string
	for range 1 + r.IntN(5) {
		lines = append(lines, statement())
	}
	return strings.Join(lines, pick("\n", "; ", " && "))
}

func TestBashAgreesWithTheTable(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	printer, _ := exec.LookPath("env")
	dir, _ := filepath.EvalSymlinks(t.TempDir())
	for _, script := range []string{
		"export A='a'\\''b' B=\"c\nd\" C=$'e\\nf'",
		"export A=~/x:~/y B=\"~\" C=a:~ D='':~ X=\\:~",
		"A=1; B=$A; export B C=$B$A; A=2; export A",
		"export A=1; export B=$A; export A=2; export C=$A$B",
		"export X=\"$X a\"; export A=$X; export X=\"b $X\"; export C=$X",
		"unset X; export A=\"[$X]\"; export X=1",
		"export A=`pwd`/x$(pwd)",
		"export X=a; path_add X b; path_add X /c; export B=$X",
		"unset N_PATH; path_add N_PATH x; export N_PATH=$N_PATH:/y",
		"export 'A=$X' \"B=$X\" C=$X",
		"A+=a; export A+=b$A; export E+=c",
	} {
		res, err := Translate(".envrc", []byte(script), nil)
		if err != nil || len(res.Left) > 0 {
			t.Errorf("%q: %+v %v", script, res.Left, err)
			continue
		}
		want, got := byBash(t, bash, printer, dir, script), byDevsh(t, dir, res.TOML)
		if !same(got, want) {
			names := slices.Sorted(maps.Keys(want))
			t.Errorf("%q\nbash:  %q\ndevsh: %q\n%v", script, want, got, names)
		}
	}
}
