package plan

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
)

// facts are those of a user with node in the system, and all managers.
func facts(vars map[string]string, files map[string]string) *Facts {
	f := &Facts{
		Env:  map[string]string{"HOME": "/home/u", "PATH": "/home/u/.local/bin:/usr/bin"},
		Root: testRoot, Project: "/home/u/dev/p", Files: map[string][]byte{}, Unreadable: map[string]string{}, Kept: map[string][]string{},
		Node:     &Node{Path: "/usr/bin/node", Exec: "/usr/bin/node", Version: "v24", ABI: "137", Globalconfig: "/etc/npmrc"},
		Programs: map[string]string{},
	}
	for _, name := range []string{"npm", "pnpm", "yarn", "bun", "go", "cargo", "uv", "pipx"} {
		f.Programs[name] = "/usr/bin/" + name
	}
	maps.Copy(f.Env, vars)
	for name, text := range files {
		f.Files[name] = []byte(text)
	}
	return f
}

func builtin(t *testing.T) []Manager {
	t.Helper()
	m, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func place(t *testing.T, f *Facts, name string) Place {
	t.Helper()
	for _, p := range Choose(builtin(t), f) {
		if p.Manager.Name == name {
			return p
		}
	}
	t.Fatalf("there is no manager %s", name)
	return Place{}
}

func TestChoose(t *testing.T) {
	type vars = map[string]string
	npm := testRoot + "/npm-abi137/bin"
	for _, c := range []struct {
		name, manager string
		env, files    vars
		state         State
		bin           string
		from          string // source: why
		others        string // joined
	}{
		{"nothing said", "npm", nil, nil, Devsh, npm, "NPM_CONFIG_GLOBALCONFIG, NPM_CONFIG_PREFIX: /usr is not in your home", "the default: /usr is not in your home"},
		{"by the environment", "npm", vars{"NPM_CONFIG_PREFIX": "~/n"}, nil, Own, "/home/u/n/bin", "NPM_CONFIG_PREFIX: you said so", "the default: it comes after NPM_CONFIG_PREFIX"},
		{"lower case wins", "npm", vars{"NPM_CONFIG_PREFIX": "/a", "npm_config_prefix": "/b"}, nil, Own, "/b/bin", "npm_config_prefix: you said so", "NPM_CONFIG_PREFIX: npm_config_prefix, the same in other letters, wins"},
		{"npm's own export", "npm", vars{"npm_config_prefix": "/usr", "npm_lifecycle_event": "x"}, nil, Devsh, npm, "", "npm_config_prefix: npm set it for a script, not you"},
		{"empty counts as none", "npm", vars{"NPM_CONFIG_PREFIX": ""}, nil, Devsh, npm, "", ""},
		{"user npmrc", "npm", nil, vars{"/home/u/.npmrc": "prefix=~/.npm-global"}, Own, "/home/u/.npm-global/bin", "/home/u/.npmrc: you said so", "the default: it comes after /home/u/.npmrc"},
		{"environment before user", "npm", vars{"NPM_CONFIG_PREFIX": "/a"}, vars{"/home/u/.npmrc": "prefix=/b"}, Own, "/a/bin", "", "/home/u/.npmrc: it comes after NPM_CONFIG_PREFIX"},
		{"user before global", "npm", nil, vars{"/home/u/.npmrc": "prefix=/b", "/etc/npmrc": "prefix=/g"}, Own, "/b/bin", "", "/etc/npmrc: it comes after /home/u/.npmrc"},
		{"global", "npm", nil, vars{"/etc/npmrc": "prefix=${HOME}/.npm"}, Own, "/home/u/.npm/bin", "/etc/npmrc: you said so", ""},
		{"project ignored", "npm", nil, vars{"/home/u/dev/p/.npmrc": "prefix=/p"}, Devsh, npm, "", "/home/u/dev/p/.npmrc: npm takes no prefix from a project's .npmrc: remove the line"},
		{"PREFIX", "npm", vars{"PREFIX": "/opt"}, nil, Devsh, npm, "it is meant for «make install»", "PREFIX: it is meant for «make install»"},
		{"another user npmrc", "npm", vars{"NPM_CONFIG_USERCONFIG": "/r"}, vars{"/r": "prefix=/b", "/home/u/.npmrc": "prefix=/c"}, Own, "/b/bin", "", ""},
		{"the global one is elsewhere", "npm", nil, vars{"/home/u/.npmrc": "globalconfig=/g", "/g": "prefix=/b"}, Own, "/b/bin", "/g: you said so", ""},
		{"devsh's own line", "npm", nil, vars{"/home/u/.npmrc": "prefix=" + testRoot + "/npm-abi137"}, Devsh, npm, "", "/home/u/.npmrc: it is devsh's own, for programs that are started without a shell"},
		{"devsh's own variable", "npm", vars{"NPM_CONFIG_PREFIX": testRoot + "/npm-abi137"}, nil, Devsh, npm, "", "NPM_CONFIG_PREFIX: it is devsh's own"},
		{"pnpm", "pnpm", nil, nil, Devsh, testRoot + "/pnpm-abi137/bin", "PNPM_HOME: /home/u/.local/share/pnpm/bin is not on your PATH", ""},
		{"pnpm set up before 11", "pnpm", vars{"PNPM_HOME": "/home/u/p"}, nil, Own, "/home/u/p/bin", "PNPM_HOME: you said so", ""},
		{"pnpm by its file", "pnpm", vars{"PNPM_HOME": "/home/u/p"}, vars{"/home/u/.config/pnpm/rc": "global-bin-dir=/b"}, Own, "/b", "", "PNPM_HOME: it comes after /home/u/.config/pnpm/rc"},
		{"pnpm's own place on PATH", "pnpm", vars{"PATH": "/home/u/.local/share/pnpm"}, nil, Works, "/home/u/.local/share/pnpm/bin", "the default: /home/u/.local/share/pnpm is yours, and on your PATH", ""},
		{"yarn as npm", "yarn", nil, nil, Devsh, npm, "yarn takes npm's", ""},
		{"yarn's own", "yarn", nil, vars{"/home/u/.yarnrc": "prefix \"/y\""}, Own, "/y/bin", "", ""},
		{"bun", "bun", nil, nil, Devsh, testRoot + "/bun-abi137/bin", "", ""},
		{"bun set up", "bun", vars{"BUN_INSTALL": "/home/u/.bun"}, nil, Own, "/home/u/.bun/bin", "", ""},
		{"bunfig before BUN_INSTALL", "bun", vars{"BUN_INSTALL": "/home/u/.bun"}, vars{"/home/u/.bunfig.toml": "[install]\nglobalBinDir='/b'"}, Own, "/b", "", ""},
		{"go", "go", nil, nil, Devsh, testRoot + "/go/bin", "GOBIN: /home/u/go/bin is not on your PATH", ""},
		{"go works", "go", vars{"PATH": "/usr/bin:/home/u/go/bin/"}, nil, Works, "/home/u/go/bin", "the default: /home/u/go/bin is yours, and on your PATH", ""},
		{"go env -w", "go", nil, vars{"/home/u/.config/go/env": "GOBIN=/b"}, Own, "/b", "", ""},
		{"GOPATH", "go", vars{"GOPATH": "/a:/b"}, nil, Own, "/a/bin", "GOPATH: you said so", ""},
		{"cargo", "cargo", nil, nil, Devsh, testRoot + "/cargo/bin", "", ""},
		{"cargo, CARGO_HOME", "cargo", vars{"CARGO_HOME": "/home/u/c"}, nil, Devsh, testRoot + "/cargo/bin", "it says where cargo keeps its own things", ""},
		{"cargo, CARGO_HOME on PATH", "cargo", vars{"CARGO_HOME": "/home/u/c", "PATH": "/home/u/c/bin"}, nil, Works, "/home/u/c/bin", "", ""},
		{"cargo's file", "cargo", vars{"CARGO_HOME": "/home/u/c"}, vars{"/home/u/c/config.toml": "[install]\nroot='/r'"}, Own, "/r/bin", "", ""},
		{"uv works", "uv", nil, nil, Works, "/home/u/.local/bin", "", ""},
		{"uv", "uv", vars{"PATH": "/usr/bin"}, nil, Devsh, testRoot + "/uv/bin", "", ""},
		{"pipx", "pipx", vars{"PATH": "/usr/bin"}, nil, Devsh, testRoot + "/pipx/bin", "", ""},
		{"a system place on PATH is not the user's", "npm", vars{"PATH": "/usr/bin", "HOME": "/home/usr"}, nil, Devsh, npm, "", ""},
	} {
		p := place(t, facts(c.env, c.files), c.manager)
		var others []string
		for _, o := range p.Others {
			others = append(others, o.Name+": "+o.Why)
		}
		from, all := p.From.Name+": "+p.From.Why, strings.Join(others, "\n")
		if p.State != c.state || p.Bins[0] != c.bin || !strings.Contains(from, c.from) || !strings.Contains(all, c.others) {
			t.Errorf("%s: %s %q from %q, not %q; want %s %q from %q, not %q", c.name, p.State, p.Bins, from, all, c.state, c.bin, c.from, c.others)
		}
	}
}

// A home may have two names, and fnm has one of its own for a node's place in
// each shell.
func TestChooseByAnyName(t *testing.T) {
	for name, links := range map[string][2]string{
		"the home is a link":        {"/home/u", "/mnt/u"},
		"what is on PATH is a link": {"/run/shell/bin", "/home/u/node/bin"},
	} {
		f := facts(map[string]string{"PATH": "/run/shell/bin:/home/u/node/bin:/usr/bin"}, nil)
		f.Node.Exec = "/mnt/u/node/bin/node"
		if links[0] != "/home/u" {
			f.Env["PATH"], f.Node.Exec = "/run/shell/bin:/usr/bin", "/home/u/node/bin/node"
		}
		f.Real = func(p string) string {
			if rest, ok := strings.CutPrefix(p, links[0]); ok {
				return links[1] + rest
			}
			return p
		}
		if p := place(t, f, "npm"); p.State != Works {
			t.Errorf("%s: %s, %+v", name, p.State, p.From)
		}
	}
}

func TestProblems(t *testing.T) {
	type vars = map[string]string
	for want, c := range map[string]struct {
		manager    string
		env, files vars
	}{
		`NPM_CONFIG_PREFIX says "x", which is another place`: {"npm", vars{"NPM_CONFIG_PREFIX": "x"}, nil},
		"yarn 2 and later refuse to start with YARN_PREFIX":  {"yarn", vars{"YARN_PREFIX": "/x"}, nil},
		"the prefix for another node":                        {"npm", nil, vars{"/home/u/.npmrc": "prefix=" + testRoot + "/npm-abi115"}},
		"/home/u/.bunfig.toml cannot be read: ":              {"bun", nil, vars{"/home/u/.bunfig.toml": "x ="}},
	} {
		p := place(t, facts(c.env, c.files), c.manager)
		if len(p.Problems) != 1 || !strings.Contains(p.Problems[0].Text, want) {
			t.Errorf("%s: %q; want %q", c.manager, p.Problems, want)
		}
	}
	f := facts(nil, nil)
	f.Unreadable["/home/u/.npmrc"] = "permission denied"
	if p := place(t, f, "npm"); len(p.Problems) != 1 || p.State != Devsh {
		t.Errorf("an npmrc that cannot be read: %s, %q", p.State, p.Problems)
	}
	f = facts(nil, nil)
	f.Node = nil
	if p := place(t, f, "npm"); p.State != Absent || len(p.Problems) != 1 {
		t.Errorf("no node: %s, %q", p.State, p.Problems)
	}
	f.Programs = map[string]string{}
	for _, p := range Choose(builtin(t), f) {
		if p.State == Devsh || len(p.Problems) > 0 {
			t.Errorf("no node, and no %s: %s, %q", p.Manager.Name, p.State, p.Problems)
		}
	}
}

func TestLayer(t *testing.T) {
	f := facts(map[string]string{"GOBIN": "/b", "PATH": "/usr/bin", "PIPX_HOME": "/h", "NPM_CONFIG_GLOBALCONFIG": ""}, nil)
	f.Programs = map[string]string{"npm": "/usr/bin/npm", "pnpm": "/x", "go": "/x", "pipx": "/x", "yarn": "/x"}
	f.Kept = map[string][]string{"npm": {"137", "115"}, "bun": {"115"}, "cargo": {""}}
	d := Layer(Choose(builtin(t), f), f)
	set := map[string]string{}
	for name, v := range d.Set {
		set[name], _ = v.Literal()
	}
	if want := map[string]string{
		"NPM_CONFIG_PREFIX": testRoot + "/npm-abi137", "NPM_CONFIG_GLOBALCONFIG": "/etc/npmrc", "PNPM_HOME": testRoot + "/pnpm-abi137",
		"PIPX_BIN_DIR": testRoot + "/pipx/bin", "PIPX_MAN_DIR": testRoot + "/pipx/share/man",
	}; !maps.Equal(set, want) {
		t.Errorf("it sets %v, want %v", set, want)
	}
	if got := slices.Sorted(maps.Keys(d.Unset)); !slices.Equal(got, []string{"npm_config_globalconfig", "npm_config_prefix"}) {
		t.Errorf("it unsets %v", got)
	}
	var got []string
	for _, dir := range d.Lists[env.Path].Prepend {
		got = append(got, strings.TrimPrefix(dir, testRoot+"/"))
	}
	if want := []string{"npm-abi137/bound", "npm-abi137/bin", "pnpm-abi137/bound", "pnpm-abi137/bin", "pnpm-abi137", "cargo/bin", "pipx/bin", "npm-abi115/bound", "bun-abi115/bound"}; !slices.Equal(got, want) {
		t.Errorf("on PATH:\n%q\nwant\n%q", got, want)
	}
	inside := env.Enter(env.Env(f.Env), d, "/g", "/p")
	if got, want := inside["MANPATH"], path.Join(testRoot, "npm-abi137/share/man")+":"; !strings.HasPrefix(got, want) || !strings.HasSuffix(got, ":") {
		t.Errorf("MANPATH is %q: without an empty entry the system's pages are gone", got)
	}
	if !slices.Contains(d.CompletionDirs, testRoot+"/npm-abi115/share/fish/vendor_completions.d") {
		t.Errorf("completions: %q", d.CompletionDirs)
	}
	if _, err := env.Compose(d); err != nil {
		t.Error(err)
	}
	for name := range d.Set {
		if err := env.CheckName(name); err != nil {
			t.Error(err)
		}
	}
}

// What the user set stays, one variable at a time; npm's pin follows it.
func TestLayerKeepsTheUsers(t *testing.T) {
	f := facts(map[string]string{"Npm_Config_GlobalConfig": "/mine", "PATH": "/usr/bin"}, nil)
	d := Layer(Choose(builtin(t), f), f)
	if _, ok := d.Set["NPM_CONFIG_GLOBALCONFIG"]; ok || d.Unset["npm_config_globalconfig"] {
		t.Error("the user's globalconfig is touched")
	}
	if _, ok := d.Set["NPM_CONFIG_PREFIX"]; !ok {
		t.Error("there is no prefix")
	}
	f = facts(map[string]string{"NPM_CONFIG_PREFIX": "/n", "PATH": "/usr/bin", "BUN_INSTALL": "/b", "UV_TOOL_BIN_DIR": "/u"}, nil)
	d = Layer(Choose(builtin(t), f), f)
	for _, name := range []string{"NPM_CONFIG_PREFIX", "NPM_CONFIG_GLOBALCONFIG", "BUN_INSTALL_BIN", "UV_TOOL_DIR"} {
		if _, ok := d.Set[name]; ok {
			t.Errorf("%s is set over what the user said", name)
		}
	}
	if d.Unset["npm_config_prefix"] {
		t.Error("the user's prefix is unset")
	}
}

func TestFilesAndVariables(t *testing.T) {
	f := facts(map[string]string{"XDG_CONFIG_HOME": "/c", "GOENV": "/ge"}, nil)
	files := Files(builtin(t), f)
	for _, want := range []string{"/home/u/.npmrc", "/etc/npmrc", "/home/u/dev/p/.npmrc", "/c/pnpm/rc", "/ge", "/home/u/.cargo/config.toml"} {
		if !slices.Contains(files, want) {
			t.Errorf("%s is not among %q", want, files)
		}
	}
	vars := Variables(builtin(t))
	for _, want := range []string{"npm_config_prefix", "NPM_CONFIG_PREFIX", "PREFIX", "GOBIN", "PATH", "UV_TOOL_DIR"} {
		if !slices.Contains(vars, want) {
			t.Errorf("%s is not among %q", want, vars)
		}
	}
}

func TestManagersAreReadStrictly(t *testing.T) {
	for text, want := range map[string]string{
		"[[manager]]\nname='x'\nnod=true":                                 "f:3: unknown key",
		"[[manager]]\nname='x'\n[[manager.source]]\nfile='a'\nformat='x'": `f:5: there is no format "x"`,
		"[[manager]]\nname='x'\n[[manager.source]]\nbin='{value}'":        "f:3: a source is",
		"[[manager]]\nset={}":                                             "a manager has a name",
	} {
		if _, err := parse("f", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %s", text, err, want)
		}
	}
}
