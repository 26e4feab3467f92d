package toolproof

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hbohlen/devsh/cmd/internal/cli"
	"github.com/hbohlen/devsh/toolchains/catalogue"
	"github.com/hbohlen/devsh/toolchains/toolstest"
)

// bed is a user with the tools of the catalogue.
type bed struct {
	catalogue *catalogue.Catalogue
	state     string            // where devsh has its tools
	failed    map[string]string // tools that could not be installed, and why
}

// had reports whether devsh installed a tool. One that the registry in reach
// does not let anybody have is proved where the system has it.
func (b *bed) had(t *testing.T, name string) bool {
	t.Helper()
	switch why := b.failed[name]; {
	case why == "":
		return true
	case !strings.Contains(why, "403 Forbidden"):
		t.Fatalf("it cannot be installed: %s", why)
	}
	return false
}

// newBed has the tools installed, in the user's cache: what is there already is
// not downloaded again. Versions are chosen anew each week.
func newBed(t *testing.T, tools ...string) *bed {
	t.Helper()
	toolstest.NPM(t)
	toolstest.GoProxy(t)
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalogue.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	year, week := time.Now().ISOWeek()
	dir := filepath.Join(cache, "devsh-tests", "tools")
	b := &bed{catalogue: c, state: filepath.Join(dir, "state"), failed: map[string]string{}}
	u := b.user(t)
	u.env["XDG_CONFIG_HOME"] = filepath.Join(dir, fmt.Sprintf("%d-%02d", year, week))
	began := time.Now()
	code, out, errs := u.devsh(t, append([]string{"tools", "install", "--json"}, tools...)...)
	var report struct {
		Tools []struct{ Name, Version, Error, Hint string }
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("tools install: exit code %d, %v\n%s%s", code, err, out, errs)
	}
	for _, tool := range report.Tools {
		if tool.Error != "" {
			b.failed[tool.Name] = tool.Error + "\n" + tool.Hint
		}
		t.Logf("%s %s %s", tool.Name, tool.Version, tool.Error)
	}
	t.Logf("installing took %v", time.Since(began).Round(time.Second))
	return b
}

// user is a run of devsh in a directory that no root governs.
type user struct {
	env map[string]string
	dir string
}

func (b *bed) user(t *testing.T) *user {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	u := &user{env: toolstest.User(t), dir: filepath.Join(dir, "p")}
	for _, name := range []string{"PRJ_ROOT", "DEVSH_LAYERS_OFF"} {
		delete(u.env, name)
	}
	u.env["XDG_STATE_HOME"], u.env["XDG_CONFIG_HOME"] = b.state, filepath.Join(dir, "config")
	u.env["DEVSH_ROOTS"] = filepath.Join(dir, "dev")
	u.write(t, map[string]string{".keep": ""})
	return u
}

// write writes files into the user's directory.
func (u *user) write(t *testing.T, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(u.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// devsh runs devsh in this process.
func (u *user) devsh(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	return u.devshIn(t, "", args...)
}

func (u *user) devshIn(t *testing.T, stdin string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr strings.Builder
	e := cli.System()
	e.Args, e.Stdin, e.Stdout, e.Stderr = args, strings.NewReader(stdin), &stdout, &stderr
	e.Getwd = func() (string, error) { return u.dir, nil }
	e.Environ = nil
	for name, value := range u.env {
		e.Environ = append(e.Environ, name+"="+value)
	}
	code = cli.Run(t.Context(), e)
	return code, stdout.String(), stderr.String()
}

// proved are the tools that have a role with a proof, and whether devsh installs
// them here.
func proved(c *catalogue.Catalogue) (names []string, installed map[string]bool) {
	installed = map[string]bool{}
	for name, tool := range c.Tools {
		_, server := tool.Uses[catalogue.Server]
		_, formatter := tool.Uses[catalogue.Formatter]
		if !server && !formatter {
			continue
		}
		names = append(names, name)
		_, npm := tool.From[catalogue.NPM]
		_, golang := tool.From[catalogue.Go]
		installed[name] = npm || golang
	}
	slices.Sort(names)
	return names, installed
}

// languageOf is the language of a tool's fixture, which the tool serves in a role.
func languageOf(t *testing.T, c *catalogue.Catalogue, tool string, role catalogue.Role) *catalogue.Language {
	t.Helper()
	extension := filepath.Ext(c.Tools[tool].Uses[role].Proof.File)
	for _, l := range c.Languages {
		serves := func(choice catalogue.Choice) bool { return choice.Tool == tool }
		if l.Has(extension) && slices.ContainsFunc(c.Choices(l, role), serves) {
			return l
		}
	}
	t.Fatalf("%s is the %s of no language that its fixture is in", tool, role)
	return nil
}
