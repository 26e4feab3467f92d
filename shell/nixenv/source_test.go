package nixenv

import (
	"errors"
	"testing"
)

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		choice string
		exists []string
		want   Source
		none   bool
		fails  bool
	}{
		{choice: "", exists: []string{"/p/flake.nix", "/p/shell.nix"}, want: Source{Dir: "/p", File: "flake.nix"}},
		{choice: "auto", exists: []string{"/p/shell.nix", "/p/default.nix"}, want: Source{Dir: "/p", File: "shell.nix"}},
		{choice: "auto", exists: []string{"/p/default.nix"}, none: true},
		{choice: "false", exists: []string{"/p/flake.nix"}, none: true},
		{choice: ".", want: Source{Dir: "/p", File: "flake.nix"}},
		{choice: ".#dev", want: Source{Dir: "/p", File: "flake.nix", Attr: "dev"}},
		{choice: "./sub#a.b", want: Source{Dir: "/p", File: "sub/flake.nix", Attr: "a.b"}},
		{choice: "./x.nix", want: Source{Dir: "/p", File: "x.nix"}},
		{choice: "./nix/x.nix#y", want: Source{Dir: "/p", File: "nix/x.nix", Attr: "y"}},
		{choice: "../x.nix", fails: true},
		{choice: "./../x.nix", fails: true},
		{choice: "/etc/x.nix", fails: true},
		{choice: "github:a/b", fails: true},
		{choice: ".#", fails: true},
		{choice: ".#--option", fails: true},
		{choice: ".#a b", fails: true},
		{choice: ".#a%62", fails: true},
		{choice: "--expr", fails: true},
		{choice: "true", fails: true},
	} {
		exists := func(p string) bool {
			for _, e := range c.exists {
				if e == p {
					return true
				}
			}
			return false
		}
		got, err := Choose(exists, "/p", c.choice)
		if got != c.want || errors.Is(err, ErrNone) != c.none || (err != nil) != (c.none || c.fails) {
			t.Errorf("%q: %+v, %v", c.choice, got, err)
		}
	}
}

func TestParseRef(t *testing.T) {
	for _, c := range []struct {
		ref   string
		want  Source
		fails bool
	}{
		{ref: "github:a/b#dev", want: Source{Dir: "/p", Ref: "github:a/b#dev"}},
		{ref: "nixpkgs#hello", want: Source{Dir: "/p", Ref: "nixpkgs#hello"}},
		{ref: "/q/#x", want: Source{Dir: "/q", File: "flake.nix", Attr: "x"}},
		{ref: "/q/s.nix", want: Source{Dir: "/q", File: "s.nix"}},
		{ref: "", fails: true}, {ref: "-f", fails: true}, {ref: "./x", fails: true}, {ref: "#x", fails: true}, {ref: "github:a/b#-x", fails: true},
	} {
		got, err := ParseRef("/p", c.ref)
		if got != c.want || (err != nil) != c.fails {
			t.Errorf("%q: %+v, %v", c.ref, got, err)
		}
	}
}
