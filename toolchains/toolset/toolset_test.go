package toolset

import (
	"context"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/toolchains/catalogue"
	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
	"github.com/hbohlen/devsh/toolchains/toolstest"
)

// must installs, and demands that nothing fails.
func must(t *testing.T) func(*Result, error) *Result {
	return func(r *Result, err error) *Result {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range r.Failed() {
			t.Fatal(o.Err)
		}
		return r
	}
}

func states(r *Result) string {
	var out []string
	for _, o := range r.Outcomes {
		out = append(out, o.Tool.Name+" "+string(o.State))
	}
	return strings.Join(out, ", ")
}

func TestSet(t *testing.T) {
	b := newBed(t)
	s := b.open(t)
	ctx := t.Context()
	all := Options{}
	r := must(t)(s.Install(ctx, []Request{program("a"), program("b")}, all))
	if states(r) != "a installed, b installed" || b.says(t, "a") != "a v1.0.0" || b.locked(t) != "a v1.0.0, b v1.0.0" || len(r.Changes) != 2 {
		t.Errorf("%s; %s; %v", states(r), b.locked(t), r.Changes)
	}
	b.publish(t, "v1.1.0")
	// A version stays until it is asked for another.
	r = must(t)(s.Install(ctx, []Request{program("b")}, all))
	if states(r) != "b present, a present" || len(r.Changes) != 0 {
		t.Errorf("%s; %v", states(r), r.Changes)
	}
	r = must(t)(s.Update(ctx, []string{"b"}, all))
	if states(r) != "b installed, a present" || b.says(t, "b") != "b v1.1.0" || b.says(t, "a") != "a v1.0.0" {
		t.Errorf("%s; %s", states(r), b.locked(t))
	}
	// An update keeps to what was asked for.
	pinned := program("c")
	pinned.Want, pinned.Asked = "=1.0.0", true
	must(t)(s.Install(ctx, []Request{pinned}, all))
	must(t)(s.Update(ctx, nil, all))
	if b.locked(t) != "a v1.1.0, b v1.1.0, c v1.0.0" {
		t.Error(b.locked(t))
	}
	// Back, and the lock, too; what is installed by it is what was then.
	r = must(t)(s.Rollback(ctx))
	if b.locked(t) != "a v1.0.0, b v1.1.0, c v1.0.0" || b.says(t, "a") != "a v1.0.0" || len(r.Changes) != 1 {
		t.Errorf("%s, %v", b.locked(t), r.Changes)
	}
	must(t)(s.Rollback(ctx))
	if b.says(t, "c") != "" || b.locked(t) != "a v1.0.0, b v1.1.0" {
		t.Error(b.locked(t))
	}
	r = must(t)(s.Remove(ctx, []string{"a"}))
	if b.locked(t) != "b v1.1.0" || b.says(t, "a") != "" || b.says(t, "b") != "b v1.1.0" || len(r.Changes) != 1 {
		t.Errorf("%s, %v", b.locked(t), r.Changes)
	}
	var unknown *Unknown
	if _, err := s.Remove(ctx, []string{"a"}); !errors.As(err, &unknown) {
		t.Error(err)
	}
	if _, err := s.Update(ctx, []string{"a"}, all); !errors.As(err, &unknown) {
		t.Error(err)
	}
	b.whole(t)
}

// From a lock alone, on a machine where the registry does not answer.
func TestLocked(t *testing.T) {
	b := newBed(t)
	s := b.open(t)
	r := must(t)(s.Install(t.Context(), []Request{program("a")}, Options{Only: true}))
	if states(r) != "a locked" || b.says(t, "a") != "" || b.locked(t) != "a v1.0.0" {
		t.Errorf("%s, %s", states(r), b.locked(t))
	}
	before, err := os.ReadFile(s.LockPath)
	if err != nil {
		t.Fatal(err)
	}
	b.goes.Fail("", toolstest.Broken)
	var missing *NotLocked
	if _, err := s.Install(t.Context(), []Request{program("b")}, Options{Locked: true}); !errors.As(err, &missing) {
		t.Error(err)
	}
	must(t)(s.Install(t.Context(), nil, Options{Locked: true}))
	if after, err := os.ReadFile(s.LockPath); err != nil || string(after) != string(before) || b.says(t, "a") != "a v1.0.0" {
		t.Errorf("%s\n%s\n%v", before, after, err)
	}
}

// What fails does not keep the rest from it, and stays as it was.
func TestOneFails(t *testing.T) {
	b := newBed(t)
	s := b.open(t)
	must(t)(s.Install(t.Context(), []Request{program("a")}, Options{}))
	b.goes.Publish(t, old, module1, "v1.1.0", "1.21", map[string]string{"cmd/a/main.go": "package main\n\nno Go\n", "cmd/b/main.go": "package main\n\nfunc main() { println(\"b\") }\n"})
	r, err := s.Install(t.Context(), []Request{program("a"), program("b"), program("nothing")}, Options{Update: true})
	if err != nil {
		t.Fatal(err)
	}
	if states(r) != "a failed, b installed, nothing failed" || !r.Outcomes[0].Kept || r.Outcomes[2].Kept {
		t.Errorf("%s: %+v", states(r), r.Outcomes)
	}
	if b.locked(t) != "a v1.0.0, b v1.1.0" || b.says(t, "a") != "a v1.0.0" || b.says(t, "b") != "b" {
		t.Errorf("%s", b.locked(t))
	}
	b.whole(t)
}

func TestParse(t *testing.T) {
	c, err := catalogue.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	s := newBed(t).open(t)
	for text, want := range map[string]Request{
		"gopls":                      {Name: "gopls", From: "go", Package: "golang.org/x/tools/gopls"},
		"gopls@v0.23.0":              {Name: "gopls", From: "go", Package: "golang.org/x/tools/gopls", Want: "=0.23.0", Asked: true},
		"typescript":                 {Name: "typescript", From: "npm", Package: "typescript", Want: ">=7.0.0"},
		"typescript@6":               {Name: "typescript", From: "npm", Package: "typescript", Want: ">=6.0.0, <7.0.0", Asked: true},
		"npm:prettier@3.1":           {Name: "prettier", From: "npm", Package: "prettier", Want: ">=3.1.0, <3.2.0", Asked: true},
		"npm:@vtsls/language-server": {Name: "vtsls", From: "npm", Package: "@vtsls/language-server"},
		"npm:@a/b@>=1, <2":           {Name: "npm:@a/b", From: "npm", Package: "@a/b", Want: ">=1.0.0, <2.0.0", Asked: true},
		"nixd":                       {Name: "nixd", From: "nix", Package: "nixd"},
		"cargo:ripgrep@15":           {Name: "cargo:ripgrep", From: "cargo", Package: "ripgrep", Want: ">=15.0.0, <16.0.0", Asked: true},
		"nix:xorg.xev":               {Name: "nix:xorg.xev", From: "nix", Package: "xorg.xev"},
		"go:a.b/c/cmd/d@latest":      {Name: "go:a.b/c/cmd/d", From: "go", Package: "a.b/c/cmd/d", Asked: true},
		"typescript-language-server": {Name: "typescript-language-server", From: "npm", Package: "typescript-language-server", With: map[string]string{"typescript": "<7.0.0-0"}},
	} {
		if got, err := s.Parse(t.Context(), c, text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"nothing":    `there is no tool "nothing" in the catalogue`,
		"gofmt":      "gofmt: it comes with go",
		"pip:x":      `there is no backend "pip"`,
		"npm:--help": "is no name of a package",
		"gopls@x":    `gopls@x: "x" is no version`,
		"gopls@>=x":  `"x" is no version`,
	} {
		if _, err := s.Parse(t.Context(), c, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", text, err, want)
		}
	}
	s.Backends[lockfile.Go] = s.Backends[lockfile.NPM] // as if there were no go
	b := newBed(t)
	b.Environ["PATH"] = "/nothing"
	var u *install.Unavailable
	if _, err := b.open(t).Parse(t.Context(), c, "gopls"); !errors.As(err, &u) {
		t.Error(err)
	}
}

// Interrupted at each step: nothing is half there, and the next run goes on.
func TestCanceled(t *testing.T) {
	for _, at := range []install.Phase{install.Resolving, install.Locking, install.Building, install.Checking} {
		b := newBed(t)
		ctx, cancel := context.WithCancel(t.Context())
		s, err := b.set(func(_ string, p install.Phase) {
			if p == at {
				cancel()
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Install(ctx, []Request{program("a")}, Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", at, err)
		}
		b.whole(t)
		if b.locked(t) != "" || b.says(t, "a") != "" {
			t.Errorf("%s: %s", at, b.locked(t))
		}
		must(t)(b.open(t).Install(t.Context(), []Request{program("a")}, Options{}))
	}
}
