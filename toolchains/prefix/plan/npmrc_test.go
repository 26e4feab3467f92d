package plan

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestNPMRC(t *testing.T) {
	env := map[string]string{"HOME": "/home/u", "X": "/x", "EMPTY": ""}
	for text, want := range map[string]struct {
		value string
		line  int
	}{
		"prefix=/a":                              {"/a", 1},
		"\n ; c\n# d\n  prefix =  /a b  ":        {"/a b", 4},
		"prefix=/a\nprefix=/b":                   {"/b", 2},
		"prefix=/a\r\nprefix=/b\r\n":             {"/b", 2},
		"prefix=/a\rprefix=/b":                   {"/b", 2},
		"[s]\nprefix=/a":                         {"", 0},
		"prefix=/a\n[s]\nprefix=/b":              {"/a", 1},
		"prefix = \"/a;b\"":                      {"/a;b", 1},
		"prefix='/a b'":                          {"/a b", 1},
		"prefix=/a ; comment":                    {"/a", 1},
		`prefix=/a\;b\#c\\d\e`:                   {`/a;b#c\d\e`, 1},
		"prefix=~/x":                             {"/home/u/x", 1},
		"prefix=${HOME}/.npm":                    {"/home/u/.npm", 1},
		"prefix=${X}${NOT}":                      {"/x${NOT}", 1},
		"prefix=${NOT?}/a${EMPTY}":               {"/a", 1},
		`prefix="\\${X}"`:                        {"${X}", 1},
		"prefix":                                 {"", 0},
		"prefix=":                                {"", 0},
		"prefix=true":                            {"", 0},
		"prefixes=/a\n//h/:_authToken=x=prefix=": {"", 0},
		"${KEY}=/a":                              {"", 0},
		"prefix=/a=b":                            {"/a=b", 1},
	} {
		value, line, err := npmrc([]byte(text), "prefix", env)
		if err != nil || value != want.value || line != want.line {
			t.Errorf("%q: %q in line %d, %v; want %+v", text, value, line, err, want)
		}
	}
	for text, want := range map[string]string{
		strings.Repeat("#", maxRC+1):                  "larger than 1024 KiB",
		"prefix=\x00":                                 "NUL",
		"\nprefix=" + strings.Repeat("x", maxValue+1): "line 2 is longer than 4096 bytes",
	} {
		if _, _, err := npmrc([]byte(text), "prefix", env); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v; want %s", text, err, want)
		}
	}
}

func TestSettings(t *testing.T) {
	for _, c := range []struct {
		format, text, key, value string
		line                     int
	}{
		{"env", "A=1\nGOBIN=/b\n", "GOBIN", "/b", 2},
		{"env", "GOBIN2=/b\n#GOBIN=/c", "GOBIN", "", 0},
		{"yarnrc", "# yarn lockfile v1\n\nprefix \"/a b\"\n", "prefix", "/a b", 3},
		{"yaml", "a: b\nglobalBinDir: '/b'\n", "globalBinDir", "/b", 2},
		{"yaml", "x:\n  globalBinDir: /b\n", "globalBinDir", "", 0},
		{"toml", "[build]\n[install]\nroot = \"~/c\"\n", "install.root", "/home/u/c", 3},
		{"toml", "install = 1\n", "install.root", "", 0},
	} {
		value, line, err := setting(c.format, "f", []byte(c.text), c.key, map[string]string{"HOME": "/home/u"})
		if err != nil || value != c.value || value != "" && line != c.line {
			t.Errorf("%s %q: %q in line %d, %v", c.format, c.text, value, line, err)
		}
	}
	if _, _, err := setting("toml", "f", []byte("x ="), "a", nil); err == nil {
		t.Error("a broken TOML file is read")
	}
}

const testRoot = "/home/u/.local/share/devsh/prefix"

func TestWithPrefix(t *testing.T) {
	ours, next := testRoot+"/npm-abi115", testRoot+"/npm-abi137"
	for text, want := range map[string]string{
		"":                                  "prefix=P\n",
		"a=b\n":                             "a=b\nprefix=P\n",
		"a=b":                               "a=b\nprefix=P",
		"a=b\r\nc=d\r\n":                    "a=b\r\nc=d\r\nprefix=P\r\n",
		"# c\n\n[s]\na=b":                   "# c\n\nprefix=P\n[s]\na=b",
		"prefix=" + ours + "\nx=y\n":        "prefix=P\nx=y\n",
		"x=y\r\nprefix = " + ours + "\r\nz": "x=y\r\nprefix=P\r\nz",
		"x=y\nprefix=" + ours:               "x=y\nprefix=P",
	} {
		got, err := WithPrefix([]byte(text), next, testRoot, nil, false)
		if want = strings.ReplaceAll(want, "P", next); err != nil || string(got) != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	other := []byte("x=y\nprefix=~/.npm-global\nz=\n")
	var e *OtherPrefix
	if _, err := WithPrefix(other, next, testRoot, map[string]string{"HOME": "/home/u"}, false); !errors.As(err, &e) || e.Line != 2 || e.Value != "/home/u/.npm-global" {
		t.Errorf("a prefix of the user's: %v", err)
	}
	if got, err := WithPrefix(other, next, testRoot, nil, true); err != nil || string(got) != "x=y\nprefix="+next+"\nz=\n" {
		t.Errorf("by force: %q, %v", got, err)
	}
	if _, _, err := WithoutPrefix(other, testRoot, nil, false); !errors.As(err, &e) {
		t.Errorf("a prefix of the user's is taken out: %v", err)
	}
	if got, err := WithPrefix(nil, "/a b;c", testRoot, nil, false); err != nil || string(got) != "prefix=\"/a b;c\"\n" {
		t.Errorf("quoted: %q, %v", got, err)
	}
	for _, path := range []string{"/${X}", "/a\nb=c"} {
		if _, err := WithPrefix(nil, path, testRoot, nil, false); err == nil {
			t.Errorf("%q is written", path)
		}
	}
}

// What is written is what npm reads, and taking it out gives every byte back.
func FuzzNPMRC(f *testing.F) {
	for _, seed := range []string{"", "a=b", "a=b\r\n[s]\nc", "\r\r\n;\n#", "[", "\"prefix\" = x", "prefix[]=/x", "a='", "${prefix}=x\n", "a\\"} {
		f.Add([]byte(seed), "/p")
	}
	f.Add([]byte("x"), `/a "b' \c;#=[d] ~`)
	f.Fuzz(func(t *testing.T, data []byte, dir string) {
		env := map[string]string{"HOME": "/home/u", "prefix": "/x"}
		prefix := testRoot + "/" + strings.ReplaceAll(strings.ToValidUTF8(dir, ""), "/", "_")
		value, _, err := npmrc(data, "prefix", env)
		out, editErr := WithPrefix(data, prefix, testRoot, env, false)
		if editErr != nil {
			return // it is too large, or has a prefix, or no line can hold the path
		}
		got, _, rerr := npmrc(out, "prefix", env)
		if err != nil || rerr != nil || got != strings.TrimSpace(prefix) {
			t.Fatalf("%q with %q: %q reads %q, %v %v", data, prefix, out, got, err, rerr)
		}
		back, found, err := WithoutPrefix(out, testRoot, env, false)
		if err != nil || !found || value == "" && !setsPrefix(data, env) && !bytes.Equal(back, data) {
			t.Fatalf("%q with it and without: %q, %v", data, back, err)
		}
	})
}

func setsPrefix(data []byte, env map[string]string) bool {
	all, _ := lines(data)
	return slices.ContainsFunc(all, func(l line) bool { return l.key != "" && expand(l.key, env) == "prefix" })
}
