package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// treefmt is a contender at formatting alone.
const treefmt = "treefmt"

// contest is a thing that programs do without a shell, and its own preparation.
type contest struct {
	row
	// rounds bounds how often it is measured: each may take seconds.
	rounds int
	// network says that it may be out of reach, which is no fault of devsh's.
	network bool
	// prepare returns what is measured by contender, and what is to be told. None
	// for devsh is that the whole is not measured. The bare one is that without
	// devsh.
	prepare func(context.Context, *runner, *bed) (map[string]entry, []string, error)
}

// entry is one contender's way to do it.
type entry struct {
	before func(round int) error // not measured; may be nil
	dir    string
	env    []string
	argv   []string
	in     string
}

// contests are the measures of the toolchains.
var contests = []contest{
	{row: row{name: "a language server through devsh lsp", limit: 20 * time.Millisecond}, rounds: 25, prepare: serverContest},
	{row: row{name: "fmt, 10,000 files, nothing known", absolute: true}, rounds: 3, prepare: coldContest},
	{row: row{name: "fmt, 10,000 files, nothing changed", limit: 300 * time.Millisecond, absolute: true}, rounds: 9, prepare: warmContest},
	{row: row{name: "installing prettier, with empty caches", absolute: true}, rounds: 3, network: true, prepare: installContest},
}

// contest measures one, in rounds as [runner.row] does. Who fails is left out.
func (r *runner) contest(ctx context.Context, c contest) error {
	entries, notes, err := c.prepare(ctx, r, r.ours())
	r.report.Notes = append(r.report.Notes, notes...)
	if err != nil || entries[devsh].argv == nil {
		return err
	}
	results := map[string]*result{}
	names := []string{bare, devsh, treefmt, mise}
	for round := range min(r.rounds, c.rounds) + 1 {
		for i := range names {
			name := names[(i+round)%len(names)]
			e, ok := entries[name]
			if !ok {
				continue
			}
			took, err := e.run(ctx, r.limit, round)
			switch {
			case err != nil && !c.network && (name == devsh || name == bare):
				return err
			case err != nil:
				r.report.Notes = append(r.report.Notes, fmt.Sprintf("%s: %s is left out: %v", c.name, name, err))
				delete(entries, name)
				delete(results, name)
			case round > 0: // the first loads what is loaded once
				if results[name] == nil {
					results[name] = &result{}
				}
				results[name].times = append(results[name].times, took)
			}
		}
	}
	r.report.add(c.row, results)
	return nil
}

// ours is devsh's bed.
func (r *runner) ours() *bed {
	for _, s := range r.shells {
		if s.bed.name == devsh {
			return s.bed
		}
	}
	return nil // never: without it nothing is measured
}

func (e entry) run(ctx context.Context, limit time.Duration, round int) (time.Duration, error) {
	if e.before != nil {
		if err := e.before(round); err != nil {
			return 0, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, e.argv[0], e.argv[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdin = e.dir, e.env, strings.NewReader(e.in)
	var stderr strings.Builder
	cmd.Stdout, cmd.Stderr = io.Discard, &stderr
	begin := time.Now()
	err := cmd.Run()
	took := time.Since(begin)
	if err != nil {
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		return 0, fmt.Errorf("%s: %w: %s", strings.Join(e.argv, " "), err, strings.Join(lines[:min(3, len(lines))], "; "))
	}
	return took, nil
}

// serverContest has cat be a language server: it reads what the client says, and
// ends with it.
func serverContest(_ context.Context, r *runner, b *bed) (map[string]entry, []string, error) {
	cat, err := exec.LookPath("cat")
	if err != nil {
		return nil, nil, err
	}
	dir := filepath.Join(b.home, "dev", "served")
	server := filepath.Join(b.tmp, "bin", "bench-server")
	config := filepath.Join(b.home, ".config", "devsh")
	catalogue := "[tool.bench-server]\nfrom = { npm = 'bench-server' }\nserver = { command = ['bench-server'] }\n" +
		"[language.bench]\nfiles = ['bench.json']\n[[language.bench.server]]\ntool = 'bench-server'\ndefault = true\n"
	err = errors.Join(os.MkdirAll(dir, 0o755), os.MkdirAll(config, 0o755), os.Symlink(cat, server),
		os.WriteFile(filepath.Join(dir, "bench.json"), nil, 0o644), os.WriteFile(filepath.Join(config, "catalogue.toml"), []byte(catalogue), 0o644))
	message := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"processId":null,"rootUri":"file://%s","capabilities":{}}}`, dir)
	in := fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(message), message)
	return map[string]entry{
		bare:  {dir: dir, env: b.environ, argv: []string{server}, in: in},
		devsh: {dir: dir, env: b.environ, argv: []string{r.devsh, "lsp", "bench"}, in: in},
	}, nil, err
}

const (
	fmtDirs  = 100
	fmtFiles = 100 // in each
)

// coldContest formats a tree that nothing is known of, and that is formatted.
func coldContest(ctx context.Context, r *runner, b *bed) (map[string]entry, []string, error) {
	entries, notes, err := fmtEntries(ctx, r, b)
	if e, ok := entries[devsh]; ok {
		e.before = func(int) error { return os.RemoveAll(filepath.Join(b.home, ".cache", "devsh", "fmt")) }
		entries[devsh] = e
	}
	if e, ok := entries[treefmt]; ok {
		e.argv = append(e.argv, "--clear-cache")
		entries[treefmt] = e
	}
	return entries, notes, err
}

// warmContest formats it again: the round before the first makes it known.
func warmContest(ctx context.Context, r *runner, b *bed) (map[string]entry, []string, error) {
	entries, _, err := fmtEntries(ctx, r, b) // what is missing was told
	return entries, nil, err
}

func fmtEntries(ctx context.Context, r *runner, b *bed) (map[string]entry, []string, error) {
	if _, err := exec.LookPath("gofmt"); err != nil {
		return nil, []string{"fmt is not measured: there is no gofmt"}, nil
	}
	tree := func(name, config string) (string, error) {
		dir := filepath.Join(b.home, "dev", name)
		if _, err := os.Stat(dir); err == nil {
			return dir, nil
		}
		return dir, makeTree(ctx, b, dir, config)
	}
	dir, err := tree("many", "devsh.toml")
	entries := map[string]entry{devsh: {dir: dir, env: b.environ, argv: []string{r.devsh, "fmt"}}}
	if err == nil {
		err = r.formatsAll(ctx, entries[devsh])
	}
	if err != nil || r.treefmt == "" {
		return entries, []string{"treefmt is not measured: TREEFMT has to name the program"}, err
	}
	dir, err = tree("many-treefmt", "treefmt.toml")
	entries[treefmt] = entry{dir: dir, env: b.environ, argv: []string{r.treefmt, "--quiet"}}
	return entries, nil, err
}

// formatsAll sees that devsh has a formatter for all files of a tree: to do
// nothing is quick.
func (r *runner) formatsAll(ctx context.Context, e entry) error {
	cmd := exec.CommandContext(ctx, e.argv[0], append(e.argv[1:], "--json")...)
	cmd.Dir, cmd.Env = e.dir, e.env
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("devsh fmt --json: %w", err)
	}
	var report struct{ Files int }
	if err := json.Unmarshal(out, &report); err != nil {
		return fmt.Errorf("devsh fmt --json: %w", err)
	}
	if report.Files != fmtDirs*fmtFiles {
		return fmt.Errorf("devsh fmt formats %d files, not %d", report.Files, fmtDirs*fmtFiles)
	}
	return nil
}

// makeTree makes a repository of very many small files. A treefmt.toml in it
// says what devsh knows by itself.
func makeTree(ctx context.Context, b *bed, dir, config string) error {
	text := ""
	if config == "treefmt.toml" {
		text = "[formatter.go]\ncommand = 'gofmt'\noptions = ['-w']\nincludes = ['*.go']\n"
	}
	files := map[string]string{config: text, "go.mod": "module many\n"}
	for d := range fmtDirs {
		for f := range fmtFiles {
			files[fmt.Sprintf("p%02d/f%02d.go", d, f)] = fmt.Sprintf("package p%02d\n\n// F%02d adds.\nfunc F%02d(a, b int) int { return a + b }\n", d, f, f)
		}
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			return err
		}
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}} {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir, cmd.Env = dir, b.environ
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w\n%s", args[0], err, out)
		}
	}
	return nil
}

// installContest installs the same package by npm, each time in a new home.
func installContest(_ context.Context, r *runner, b *bed) (map[string]entry, []string, error) {
	if _, err := exec.LookPath("npm"); err != nil {
		return nil, []string{"installing is not measured: there is no npm"}, nil
	}
	in := func(name string, argv ...string) entry {
		home := filepath.Join(b.tmp, "install-"+name)
		return entry{
			before: func(int) error { removeAll(home); return os.MkdirAll(home, 0o755) },
			dir:    home, env: append(networkEnv(), "HOME="+home, "LANG=C.UTF-8", "MISE_YES=1", "MISE_NPM_PACKAGE_MANAGER=npm", "PATH="+os.Getenv("PATH")), argv: argv,
		}
	}
	entries := map[string]entry{devsh: in(devsh, r.devsh, "tools", "install", "prettier@3")}
	if r.mise != "" {
		entries[mise] = in(mise, r.mise, "install", "npm:prettier@3")
	}
	return entries, nil, nil
}

// networkEnv is how packages are reached from here.
func networkEnv() (out []string) {
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		switch strings.ToUpper(name) {
		case "NPM_CONFIG_REGISTRY", "NPM_CONFIG_USERCONFIG", "NPM_CONFIG_GLOBALCONFIG", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS":
			out = append(out, entry)
		}
	}
	if user, err := os.UserHomeDir(); err == nil && os.Getenv("NPM_CONFIG_USERCONFIG") == "" {
		if file := filepath.Join(user, ".npmrc"); exists(file) {
			out = append(out, "NPM_CONFIG_USERCONFIG="+file)
		}
	}
	return out
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
