package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hbohlen/devsh/cmd/internal/sample"
)

// The contenders.
const (
	bare      = "bare fish"
	devsh     = "devsh"
	devshMany = "devsh, many projects"
	direnv    = "direnv"
	mise      = "mise"
	devshNix  = "devsh, flake"
	nixDirenv = "nix-direnv, flake"
)

// tool is a contender: a program, or none, and how it is set up in a home.
type tool struct {
	name    string
	program string // a path; empty for none
	files   func(project string) map[string]string
	hook    string     // what is written into config.fish
	allow   [][]string // commands that make the project trusted
	exec    []string   // runs a program in the project's environment
	script  []string   // prints the hook
	crowd   int        // how many other projects it is to know
	nix     bool       // it gets a nix store of its own
	config  string     // its settings, in devsh's config.toml
	daemon  []string   // starts and stops its daemon, with a word more
}

// tools returns the contenders that there are, and what is said of the others.
func tools(o options) (found []tool, notes []string) {
	ours := func(project string) map[string]string { return map[string]string{"devsh.toml": sample.DevshToml()} }
	found = []tool{
		{name: bare},
		{name: devsh, program: o.devsh, files: ours},
		{name: devshMany, program: o.devsh, files: ours, crowd: o.crowd},
	}
	if o.direnv != "" {
		found = append(found, tool{name: direnv, program: o.direnv,
			files: func(project string) map[string]string { return map[string]string{".envrc": sample.Envrc(project)} }})
	} else {
		notes = append(notes, "direnv is not measured: it is not installed")
	}
	if o.mise != "" {
		found = append(found, tool{name: mise, program: o.mise,
			files: func(project string) map[string]string {
				return map[string]string{"mise.toml": sample.MiseToml(project)}
			}})
	} else {
		notes = append(notes, "mise is not measured: it is not installed, and could not be")
	}
	flake := func(project string) map[string]string { return map[string]string{"flake.nix": sample.Flake(project)} }
	if _, err := exec.LookPath("nix"); err != nil {
		notes = append(notes, "flakes are not measured: there is no nix")
	} else {
		// Its changes are allowed beforehand: that is not what is measured.
		found = append(found, tool{name: devshNix, program: o.devsh, nix: true, files: flake, config: "[trust]\nroots = [\"~/dev\"]\n"})
		if o.nixDirenv == "" || o.direnv == "" {
			notes = append(notes, "nix-direnv is not measured: it needs direnv, and NIX_DIRENV has to name a checkout of it")
		} else {
			found = append(found, tool{name: nixDirenv, program: o.direnv, nix: true, files: func(project string) map[string]string {
				files := flake(project)
				files[".envrc"] = fmt.Sprintf("source '%s/direnvrc'\nuse flake\n", o.nixDirenv)
				return files
			}})
		}
	}
	for i := range found {
		found[i].commands()
	}
	return found, notes
}

// commands fills in how a program is called.
func (t *tool) commands() {
	switch filepath.Base(t.program) {
	case "devsh":
		t.script = []string{"devsh", "hook", "fish"}
		t.exec = []string{"devsh", "exec", "--"}
		t.daemon = []string{"devsh", "daemon"}
	case "direnv":
		t.script = []string{"direnv", "hook", "fish"}
		t.exec = []string{"direnv", "exec", "."}
		t.allow = [][]string{{"direnv", "allow", "."}}
	case "mise":
		t.script = []string{"mise", "activate", "fish"}
		t.exec = []string{"mise", "exec", "--"}
		t.allow = [][]string{{"mise", "trust", "mise.toml"}}
	default:
		return
	}
	t.hook = strings.Join(t.script, " ") + " | source"
}

// bed is a scratch home with a tool, and the project in it.
type bed struct {
	tool
	tmp, home, project string
	environ            []string
	changes            int // of the flake
}

// newBed sets a tool up below tmp.
func newBed(ctx context.Context, t tool, tmp string) (*bed, error) {
	b := &bed{tool: t, tmp: tmp, home: filepath.Join(tmp, "home")}
	b.project = filepath.Join(b.home, "dev", "rich")
	bin := filepath.Join(tmp, "bin")
	dirs := []string{bin, filepath.Join(b.home, ".config", "fish"), b.project}
	// Where these are missing, fish begins by reading all manual pages, in the
	// background, for minutes.
	for _, dir := range []string{".local/share", ".cache"} {
		dirs = append(dirs, filepath.Join(b.home, dir, "fish", "generated_completions"))
	}
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	if t.program != "" {
		if err := os.Symlink(t.program, filepath.Join(bin, filepath.Base(t.program))); err != nil {
			return nil, err
		}
	}
	b.environ = []string{
		"HOME=" + b.home, "USER=bench", "SHELL=/usr/bin/fish", "LANG=C.UTF-8", "TERM=xterm-256color",
		"PATH=" + bin + ":" + os.Getenv("PATH"), "BENCH_FIFO=" + b.fifo(),
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
	}
	config := "set -g fish_greeting\nset -g fish_autosuggestion_enabled 0\n" + t.hook + "\n" + harness
	if err := os.WriteFile(filepath.Join(b.home, ".config", "fish", "config.fish"), []byte(config), 0o644); err != nil {
		return nil, err
	}
	if t.config != "" {
		file := filepath.Join(b.home, ".config", "devsh", "config.toml")
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(file, []byte(t.config), 0o644); err != nil {
			return nil, err
		}
	}
	if t.nix {
		if err := b.makeStore(); err != nil {
			return nil, err
		}
	}
	var files map[string]string
	if t.files != nil {
		files = t.files(b.project)
	}
	if err := sample.Project(b.project, files); err != nil {
		return nil, err
	}
	return b, b.trust(ctx)
}

// mark is in the value of the last variable since the last change.
func (b *bed) mark() string {
	if b.changes == 0 {
		return ""
	}
	return fmt.Sprintf("change %d of", b.changes)
}

// change makes the flake another one.
func (b *bed) change() error {
	if !b.nix {
		return nil
	}
	b.changes++
	last := fmt.Sprintf("value %02d of", sample.Vars-1)
	text := strings.ReplaceAll(sample.Flake(b.project), last, b.mark())
	return os.WriteFile(filepath.Join(b.project, "flake.nix"), []byte(text), 0o644)
}

func (b *bed) fifo() string { return filepath.Join(b.tmp, "fifo") }

// makeStore gives the bed a nix store of its own, without network.
func (b *bed) makeStore() error {
	dir := filepath.Join(b.tmp, "nix")
	conf := fmt.Sprintf("experimental-features = nix-command flakes\nsandbox = false\nsubstituters =\nbuild-users-group =\nflake-registry = %s/registry.json\n", dir)
	if err := os.MkdirAll(filepath.Join(dir, "conf"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "registry.json"), []byte(`{"flakes":[],"version":2}`), 0o644); err != nil {
		return err
	}
	b.environ = append(b.environ, "NIX_STORE_DIR="+dir+"/store", "NIX_STATE_DIR="+dir+"/var", "NIX_LOG_DIR="+dir+"/log",
		"NIX_CONF_DIR="+dir+"/conf", "NIX_REMOTE=local")
	return os.WriteFile(filepath.Join(dir, "conf", "nix.conf"), []byte(conf), 0o644)
}

// trust has the tool allow the project.
func (b *bed) trust(ctx context.Context) error {
	for _, argv := range b.allow {
		if _, err := b.run(ctx, argv...); err != nil {
			return err
		}
	}
	if filepath.Base(b.program) != "devsh" {
		return nil
	}
	// Nobody is at a terminal here: devsh wants to be told what exactly.
	out, failed := b.run(ctx, "devsh", "status", "--json") // fails where something is not allowed
	var status struct{ Trust struct{ Digest string } }
	if err := json.Unmarshal(out, &status); err != nil {
		return fmt.Errorf("devsh status --json: %w", errors.Join(err, failed))
	}
	if _, err := b.run(ctx, "devsh", "allow", "--digest", status.Trust.Digest); err != nil {
		return err
	}
	return sample.Crowd(filepath.Join(b.home, ".local", "state"), b.project, b.crowd)
}

// command is a program that runs in the project.
func (b *bed) command(ctx context.Context, argv ...string) *exec.Cmd {
	path := argv[0]
	if path == filepath.Base(b.program) {
		path = b.program
	}
	cmd := exec.CommandContext(ctx, path, argv[1:]...)
	cmd.Dir, cmd.Env = b.project, b.environ
	return cmd
}

func (b *bed) run(ctx context.Context, argv ...string) ([]byte, error) {
	cmd := b.command(ctx, argv...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("%s: %s: %w\n%s", b.name, strings.Join(argv, " "), err, stderr.String())
	}
	return out, nil
}

// removeAll removes a tree in which nix made directories read-only.
func removeAll(dir string) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	_ = os.RemoveAll(dir) // it is in the directory for temporary files
}
