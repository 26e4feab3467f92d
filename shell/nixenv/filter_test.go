package nixenv

import (
	"slices"
	"strings"
	"testing"
)

func TestFilter(t *testing.T) {
	r, err := parseRules(variablesText)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, value string
		kept        bool
	}{
		{"FOO", "x", true}, {"RUST_SRC_PATH", "/x", true}, {"CC", "gcc", true}, {"PKG_CONFIG_PATH", "/x", true},
		{"NIX_CFLAGS_COMPILE", "-I/x", true}, {"NIX_LDFLAGS", "-L/x", true}, {"PYTHONPATH", "/x", true}, {"IN_NIX_SHELL", "impure", true},
		{"LD_LIBRARY_PATH", "/x", true}, {"document", "x", true}, {"EMPTY", "", true}, {"npm_config_x", "1", true},
		{"SOURCE_DATE_EPOCH", "315532800", false}, {"SOURCE_DATE_EPOCH", "1700000000", true},
		{"SSL_CERT_FILE", "/no-cert-file.crt", false}, {"SSL_CERT_FILE", "/etc/ssl/ca.crt", true},
		{"out", "/x", false}, {"dev", "/x", false}, {"stdenv", "/x", false}, {"depsBuildBuild", "", false},
		{"propagatedBuildInputs", "", false}, {"doCheck", "", false}, {"dontUnpack", "1", false}, {"configureFlags", "", false},
		{"buildPhase", "make", false}, {"preConfigure", "x", false}, {"prefix", "/x", true}, {"shellHook", "x", false}, {"version", "1", false},
		{"HOME", "/homeless-shelter", false}, {"TMPDIR", "/build", false}, {"SHELL", "/bin/bash", false}, {"TERM", "x", false},
		{"PWD", "/build", false}, {"__structuredAttrs", "", false}, {"NIX_STORE", "/nix/store", false},
	} {
		d, skipped := filter(r, map[string]string{c.name: c.value, "outputs": "out dev"})
		if _, kept := d.Set[c.name]; kept != c.kept {
			t.Errorf("%s=%s: kept %v", c.name, c.value, kept)
		}
		if len(skipped) != 0 {
			t.Errorf("%s: skipped %q", c.name, skipped)
		}
	}
	d, skipped := filter(r, map[string]string{
		"PATH":          "/path-not-set:/a:/b::/a:rel:/homeless-shelter/.bin",
		"XDG_DATA_DIRS": "", "fish_greeting": "x", "DEVSH_PROJECT": "/x", "bad-name": "x",
	})
	if !slices.Equal(d.Lists["PATH"].Prepend, []string{"/a", "/b"}) || len(d.Lists) != 1 || len(d.Set) != 0 {
		t.Errorf("%+v", d)
	}
	for _, name := range []string{"PATH", "fish_greeting", "DEVSH_PROJECT", "bad-name"} {
		if !strings.Contains(strings.Join(skipped, "\n"), name) {
			t.Errorf("%s is not named in %q", name, skipped)
		}
	}
}

func TestParseRules(t *testing.T) {
	for _, text := range []string{"NAME", "[a]\n[x", "[a]\nx[\n"} {
		if _, err := parseRules(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestParseDevEnv(t *testing.T) {
	s, err := parseDevEnv([]byte(`{"bashFunctions":{"f":" :; ","bad;name":""},"structuredAttrs":{},"variables":{
		"A":{"type":"exported","value":"1"},"B":{"type":"var","value":"2"},"C":{"type":"array","value":["3"]},
		"D":{"type":"associative","value":{"k":"4"}},"E":{"type":"unknown"},"F":{"type":"from the future","value":7}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if s.Exported["A"] != "1" || s.Vars["B"] != "2" || s.Arrays["C"][0] != "3" || s.Maps["D"]["k"] != "4" || len(s.Functions) != 1 {
		t.Errorf("%+v", s)
	}
	for _, bad := range []string{"", "{}", "[]", `{"variables":{"A":{"type":"exported","value":[]}}}`, "{\"variables\":{\"A\":{\"type\":\"exported\",\"value\":\"\xff\"}}}"} {
		if _, err := parseDevEnv([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func FuzzParseDevEnv(f *testing.F) {
	f.Add([]byte(`{"bashFunctions":{"f":""},"variables":{"A":{"type":"exported","value":"1"}}}`))
	f.Add([]byte(`{"variables":{"A":{"type":"associative","value":{"a":"b"}}}}`))
	r, err := parseRules(variablesText)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseDevEnv(data)
		if err != nil {
			return
		}
		d, _ := filter(r, s.Exported)
		for name := range d.Set {
			if refuse(name, "") != "" {
				t.Errorf("%q is set", name)
			}
		}
		for _, e := range d.Lists["PATH"].Prepend {
			if !strings.HasPrefix(e, "/") || strings.Contains(e, ":") {
				t.Errorf("%q is put on PATH", e)
			}
		}
	})
}
