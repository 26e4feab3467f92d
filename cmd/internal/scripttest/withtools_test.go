package scripttest

import (
	"cmp"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// TestWithTools: what is missing is taken from where it can be had, in the
// words that the package manager knows, or named.
func TestWithTools(t *testing.T) {
	const install = "apt-get|install|-q|-y|--no-install-recommends|"
	tests := []struct {
		name     string
		programs []string
		uid      string // 1000 when empty
		broken   string // a program that fails
		tools    []string
		terminal bool
		want     []string // calls
		says     string
		fails    bool
	}{
		{
			name: "nothing is missing", programs: []string{"aa", "apt-get", "nix"}, tools: []string{"aa"},
			want: []string{"command|a b|c"},
		},
		{
			name: "root", programs: []string{"aa", "apt-get", "sudo", "nix"}, uid: "0", tools: []string{"aa", "bb", "gcc"},
			want: []string{"apt-get|update|-q", install + "bb|gcc|libc6-dev", "command|a b|c"},
			says: "installing with apt-get: bb gcc libc6-dev\n",
		},
		{
			name: "sudo, and nobody there", programs: []string{"apt-get", "sudo"}, tools: []string{"bb"},
			want: []string{
				"sudo|-n|apt-get|update|-q",
				"sudo|-n|env|DEBIAN_FRONTEND=noninteractive|" + install + "bb", "command|a b|c",
			},
			says: "installing with sudo -n apt-get: bb\n",
		},
		{
			name: "sudo, and who knows the password", programs: []string{"apt-get", "sudo"}, tools: []string{"bb"},
			terminal: true,
			want: []string{
				"sudo|apt-get|update|-q",
				"sudo|env|DEBIAN_FRONTEND=noninteractive|" + install + "bb", "command|a b|c",
			},
			says: "installing with sudo apt-get: bb\n",
		},
		{
			name: "nix alone", programs: []string{"aa", "nix", "sudo"}, tools: []string{"aa", "bb", "gcc"},
			want: []string{
				"nix|--extra-experimental-features|nix-command flakes|shell|nixpkgs#bb|nixpkgs#gcc|--command|command|a b|c",
			},
			says: "taking from nixpkgs for this command: bb gcc\n",
		},
		{
			name: "nix, and apt-get without sudo", programs: []string{"apt-get", "nix"}, tools: []string{"bb"},
			want: []string{"nix|--extra-experimental-features|nix-command flakes|shell|nixpkgs#bb|--command|command|a b|c"},
		},
		{
			name: "no sudo", programs: []string{"apt-get"}, tools: []string{"bb", "nix"}, fails: true,
			says: "error: missing: bb nix. Install them with your package manager (Debian, as root: apt-get install bb nix-bin)",
		},
		{
			name: "apt fails", programs: []string{"apt-get"}, uid: "0", broken: "apt-get", tools: []string{"bb"}, fails: true,
			want: []string{"apt-get|update|-q"},
			says: "error: missing: bb. Install them",
		},
		{
			name: "no package manager", tools: []string{"bb"}, fails: true,
			says: "error: missing: bb. Install them",
		},
		{
			name: "an old Go", broken: "go", fails: true,
			says: "error: this go cannot build devsh: install Go 1.26 or later, from https://go.dev/dl or nixpkgs#go (go version go1.19",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBed(t)
			b.real("env")
			b.program("go", "[ $1 != version ] || echo go version go1.19")
			b.program("id", "echo "+cmp.Or(test.uid, "1000"))
			b.noting("command")
			b.noting(test.programs...)
			switch test.broken {
			case "":
			case "go":
				b.program("go", "[ $1 = version ] && echo go version go1.19")
			default:
				b.program(test.broken, note(b, test.broken)+"; exit 1")
			}
			var stdin *os.File
			if test.terminal {
				stdin = terminal(t)
			}
			args := append(slices.Clone(test.tools), "--", "command", "a b", "c")
			said, code := b.run(stdin, nil, "with-tools.sh", args...)
			if (code != 0) != test.fails || !strings.Contains(said, test.says) {
				t.Errorf("exit code %d, said %q; want to fail: %t, and %q", code, said, test.fails, test.says)
			}
			if got := b.called(); !slices.Equal(got, test.want) {
				t.Errorf("called\n%q, want\n%q", got, test.want)
			}
		})
	}
}

func TestWithToolsWithoutGo(t *testing.T) {
	b := newBed(t)
	b.noting("command")
	said, code := b.run(nil, nil, "with-tools.sh", "--", "command")
	if want := "error: go is missing: install Go 1.26"; code == 0 || !strings.HasPrefix(said, want) || b.called() != nil {
		t.Errorf("exit code %d, said %q, called %q; want it to fail with %q", code, said, b.called(), want)
	}
}

// terminal is a terminal to read from, at which nobody types.
func terminal(t *testing.T) *os.File {
	t.Helper()
	ptmx, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = ptmx.Close() // nothing was written
		_ = tty.Close()
	})
	return tty
}
