package nixenv

import (
	"slices"
	"strings"
	"testing"
)

func TestScan(t *testing.T) {
	for _, c := range []struct {
		src  string
		want []string // dynamic ones end in "$"
	}{
		{`import ./a.nix`, []string{"./a.nix"}},
		{`[../b ./c/d.nix e/f.nix]`, []string{"../b", "./c/d.nix", "e/f.nix"}},
		{"# ./a\n/* ./b\n ./c */ ./d", []string{"./d"}},
		{`"./a" + "\"./b" + ./c`, []string{"./c"}},
		{`"${./a} ./b ${"${./c}"}" ./d`, []string{"./a", "./c", "./d"}},
		{`"$${./a}"`, nil},
		{`"\${./a}"`, nil},
		{"'' ./a ''${./b} ''' ${./c} ''\\${x} $${./d} '' ./e", []string{"./c", "./e"}},
		{`./a/${x}/b.nix ./c`, []string{"./a/$", "./c"}},
		{`./a${x}.nix ./c`, []string{"./a$", "./c"}},
		{`./${"}"}/x ./c`, []string{"./$", "./c"}},
		{`<nixpkgs/nixos> <a ./b`, []string{"./b"}},
		{`a // b`, nil},
		{`a //b/c`, []string{"b/c"}},
		{`a / b`, nil},
		{`https://x.org/a ./b`, []string{"./b"}},
		{`x: y.z`, nil},
		{`~/a /b/c`, []string{"~/a", "/b/c"}},
		{`{ a = ./.; b = ./x/.; }`, []string{"./.", "./x/."}},
		{`{ ${./n} = 1; } ./m`, []string{"./n", "./m"}},
		{`}}}} ./a`, []string{"./a"}},
		{`"unfinished ./a`, nil},
		{"", nil},
	} {
		var got []string
		found, complete := scan(c.src)
		for _, l := range found {
			if l.dynamic {
				l.path += "$"
			}
			got = append(got, l.path)
		}
		if !slices.Equal(got, c.want) || !complete {
			t.Errorf("%s\n got %q\nwant %q", c.src, got, c.want)
		}
	}
}

func TestScanLimits(t *testing.T) {
	for _, src := range []string{strings.Repeat("{", 10*maxNesting), strings.Repeat("./a ", 2*maxLiterals)} {
		if _, complete := scan(src); complete {
			t.Errorf("%.20q... is taken as a whole", src)
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range []string{
		`import ./a.nix { inherit (import ../b) c; }`, `"${./a + "/${b}"}"`, "''''${./a}'''${./b}''", `./a/${b}.nix`,
		`/* */ # x`, `<a/b>`, `http://x:y/./a`, "''\\", `"\`, `a//b/c`, `~/`, `./a//${x}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		found, _ := scan(src)
		rest := src
		for _, l := range found {
			// They are parts of the text, in order and apart from each other.
			i := strings.Index(rest, l.path)
			if i < 0 || !strings.Contains(l.path, "/") {
				t.Fatalf("%q in %q", l.path, src)
			}
			rest = rest[i+len(l.path):]
		}
		if strings.ContainsAny(src, "\"\\$") {
			return
		}
		if in, _ := scan(`"` + src + `"`); len(in) != 0 {
			t.Fatalf("%q has paths as a string: %v", src, in)
		}
		if in, _ := scan("/*" + strings.ReplaceAll(src, "*/", "") + "*/"); len(in) != 0 {
			t.Fatalf("%q has paths as a comment: %v", src, in)
		}
	})
}
