package prefix

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/toolchains/prefix/plan"
)

// npm installs for a user to whom node does not belong, and what it installs
// runs by the node it was installed with.
func TestNPM(t *testing.T) {
	b := newBed(t, system(t, "node", "npm"))
	tgz := b.pack("tiny")
	if _, err := b.run(env.Env(b.Environ), b.home, "npm", "install", "-g", "--offline", tgz); err == nil {
		t.Fatal("npm can write its own prefix: this tests nothing")
	}
	l := b.layer()
	e := b.inside(l)
	b.must(e, b.home, "npm", "install", "-g", "--offline", tgz)
	if got := b.must(e, b.home, "tiny", "a"); !strings.HasPrefix(got, "run by /") || !strings.HasSuffix(got, " a") {
		t.Errorf("at once: %q", got)
	}
	// Installed, and not bound yet: whichever node is first runs it.
	other := b.otherNode()
	if got := b.must(b.inside(l, other), b.home, "tiny"); got != "run by another node" {
		t.Errorf("not bound: %q", got)
	}
	l = b.layer()
	node := l.Places[0].Bound.Path
	if got := b.must(b.inside(l, other), b.home, "tiny", "a b"); got != "run by "+node+" a b" {
		t.Errorf("while another node is first: %q, want %s", got, node)
	}
	if _, err := os.Stat(filepath.Join(l.Places[0].Dir, "share/man/man1/tiny.1")); err != nil || !strings.Contains(e["MANPATH"], filepath.Join(l.Places[0].Dir, "share/man")) {
		t.Errorf("its man page: %v, MANPATH %s", err, e["MANPATH"])
	}
	b.must(e, b.home, "npm", "uninstall", "-g", "tiny")
	if _, err := b.run(b.inside(l), b.home, "tiny"); err == nil || !strings.Contains(err.Error(), "devsh: ") || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("uninstalled, not yet unbound: %v", err)
	}
	b.layer()
	if left := programs(filepath.Join(l.Places[0].Dir, plan.BoundDir)); len(left) > 0 {
		t.Errorf("uninstalled, and still bound: %q", left)
	}
}

// What plan says of npm's prefix is what npm does.
func TestNPMAgrees(t *testing.T) {
	for name, c := range map[string]struct{ vars, files map[string]string }{
		"nothing":              {},
		"environment":          {vars: map[string]string{"NPM_CONFIG_PREFIX": "/a"}},
		"lower case":           {vars: map[string]string{"NPM_CONFIG_PREFIX": "/a", "npm_config_prefix": "/b"}},
		"mixed case":           {vars: map[string]string{"Npm_Config_Prefix": "/c"}},
		"PREFIX":               {vars: map[string]string{"PREFIX": "/d"}},
		"PREFIX, and the user": {vars: map[string]string{"PREFIX": "/d"}, files: map[string]string{".npmrc": "prefix=/e"}},
		"user":                 {files: map[string]string{".npmrc": "x=y\nprefix = \"${HOME}/e;f\" \n"}},
		"user and environment": {vars: map[string]string{"NPM_CONFIG_PREFIX": "~/a"}, files: map[string]string{".npmrc": "prefix=/e"}},
		"user's section":       {files: map[string]string{".npmrc": "[s]\nprefix=/e"}},
		"global":               {files: map[string]string{".npmrc": "globalconfig=${HOME}/site", "site": "prefix=~/g"}},
		"user and global":      {files: map[string]string{".npmrc": "globalconfig=${HOME}/site\nprefix=/e", "site": "prefix=~/g"}},
		"global by variable":   {vars: map[string]string{"NPM_CONFIG_GLOBALCONFIG": "~/site"}, files: map[string]string{"site": "prefix=~/g"}},
		"userconfig":           {vars: map[string]string{"npm_config_userconfig": "~/u"}, files: map[string]string{"u": "prefix=/h", ".npmrc": "prefix=/e"}},
		"project":              {files: map[string]string{"p/.npmrc": "prefix=/p"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t, system(t, "node", "npm"))
			b.write(map[string]string{"p/package.json": "{}"})
			b.write(c.files)
			b.Environ, b.Project = with(env.Env(b.Environ), c.vars), filepath.Join(b.home, "p")
			list, _, err := b.Survey(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			s := list[0]
			want := s.From.Value
			if s.State == plan.Devsh { // what decided without devsh
				want = ""
				for _, o := range s.Others {
					if want == "" && o.Why == s.From.Why {
						want = o.Value
					}
				}
			}
			got := b.must(env.Env(b.Environ), b.Project, "npm", "prefix", "-g", "--loglevel=silent")
			if got != want {
				t.Errorf("npm says %s, plan %s from %s", got, want, s.From.Name)
			}
			// And with the layer, it is devsh's or what it was.
			l := b.layer()
			if l.Places[0].State == plan.Devsh {
				got = l.Places[0].Dir
			}
			e := b.inside(l)
			if now := b.must(e, b.Project, "npm", "prefix", "-g", "--loglevel=silent"); now != got {
				t.Errorf("inside npm says %s, want %s", now, got)
			}
			if l.Places[0].State != plan.Devsh || c.vars["PREFIX"] != "" {
				return
			}
			pinned := b.must(e, b.home, "npm", "config", "get", "globalconfig")
			if before := b.must(env.Env(b.Environ), b.home, "npm", "config", "get", "globalconfig"); pinned != before {
				t.Errorf("the site's settings were at %s, and are looked for at %s", before, pinned)
			}
		})
	}
}

// A shell that npm started has npm's settings in lower case.
func TestNPMWithinAScript(t *testing.T) {
	b := newBed(t, system(t, "node", "npm"))
	l := b.layer()
	b.write(map[string]string{"p/package.json": `{"scripts":{"x":"env"}}`, "another": "prefix=/from-outside\n"})
	out := b.must(env.Env(b.Environ), filepath.Join(b.home, "p"), "npm", "run", "x", "--loglevel=silent", "--userconfig", filepath.Join(b.home, "another"))
	within := env.FromList(strings.Split(out, "\n"))
	if within["npm_config_prefix"] == "" || within["npm_lifecycle_event"] == "" {
		t.Fatal("npm hands no prefix on: this tests nothing")
	}
	delete(within, "npm_config_userconfig")
	within["PATH"] = b.Environ["PATH"]
	// By a generation that was made before, and by one made in such a shell.
	e := env.Enter(within, l.Delta, "/g", "/p")
	if got := b.must(e, b.home, "npm", "prefix", "-g"); got != l.Places[0].Dir {
		t.Errorf("in a shell that npm started: %s", got)
	}
	b.Environ = within
	e = b.inside(b.layer())
	if got := b.must(e, b.home, "npm", "prefix", "-g"); got != l.Places[0].Dir {
		t.Errorf("made in a shell that npm started: %s", got)
	}
}
