package scripttest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInstall: what is left to do is said in full, so that what devsh says at
// its first prompt can be typed.
func TestInstall(t *testing.T) {
	const (
		path   = "    fish_add_path 'DIR'\n"
		hook   = "    devsh hook fish | source\n"
		loaded = "loads the hook already"
	)
	tests := []struct {
		name   string
		onPath bool
		config string
		fish   string // its version
		want   []string
		not    []string
	}{
		{name: "on PATH", onPath: true, fish: "3.6.0", want: []string{path + hook}, not: []string{"note"}},
		{name: "not on PATH", fish: "4.0.2", want: []string{path + hook}},
		{name: "hook loaded", onPath: true, fish: "10.0", config: "devsh hook fish | source\n", want: []string{loaded}, not: []string{hook, "fish_add_path", "note"}},
		{name: "hook commented out", onPath: true, fish: "3.7", config: "# devsh hook fish | source\n", want: []string{hook}},
		{
			name: "hook loaded, not on PATH", fish: "3.6", config: "~/x/devsh hook fish | source\n",
			want: []string{path}, not: []string{hook},
		},
		{name: "an old fish", fish: "3.3.1", want: []string{hook, "note: fish 3.3.1 is too old: devsh needs fish 3.6"}},
		{name: "no fish", want: []string{hook, "note: there is no fish here"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBed(t)
			b.real("mkdir", "mktemp", "rm", "cp", "chmod", "mv", "grep", "dirname", "sh", "sort", "head")
			if test.fish != "" {
				b.program("fish", "echo fish, version "+test.fish)
			}
			home := filepath.Join(t.TempDir(), "a home")
			dir := filepath.Join(home, ".local/bin")
			config := filepath.Join(home, ".config/fish/config.fish")
			if err := os.MkdirAll(filepath.Dir(config), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(config, []byte(test.config), 0o644); err != nil {
				t.Fatal(err)
			}
			program := filepath.Join(home, "devsh")
			if err := os.WriteFile(program, []byte("it"), 0o644); err != nil {
				t.Fatal(err)
			}
			environ := []string{"HOME=" + home}
			if test.onPath {
				environ = append(environ, "PATH="+b.bin+":"+dir)
			}

			said, code := b.run(nil, environ, "install.sh", program, dir)
			if code != 0 {
				t.Fatalf("exit code %d: %s", code, said)
			}
			if info, err := os.Stat(filepath.Join(dir, "devsh")); err != nil || info.Mode().Perm() != 0o755 {
				t.Errorf("installed: %v, %v", info, err)
			}
			for _, want := range test.want {
				if want = strings.ReplaceAll(want, "DIR", dir); !strings.Contains(said, want) {
					t.Errorf("said\n%s, without\n%s", said, want)
				}
			}
			for _, not := range test.not {
				if strings.Contains(said, not) {
					t.Errorf("said\n%s, with %q", said, not)
				}
			}
		})
	}
}
