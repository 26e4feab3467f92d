package manifest

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
)

func TestParseDotenv(t *testing.T) {
	lit := env.Lit
	ref := func(name string) env.Piece { return env.Piece{Ref: name} }
	for _, tt := range []struct {
		text string
		want env.Value
	}{
		{"A=b", lit("b")},
		{"A=", lit("")},
		{"A=''", lit("")},
		{`A=""`, lit("")},
		{"A = b ", lit("b")},
		{"\t export  A=b", lit("b")},
		{"\n# c\n  # d=e\nA=b\r\n", lit("b")},
		{"A=b c # d", lit("b c")},
		{"A=b#c", lit("b#c")},
		{"A=#c", lit("#c")},
		{"A= # c", lit("")},
		{"A=it's", lit("it's")},
		{"A=a=b", lit("a=b")},
		{"A='b # c' # d", lit("b # c")},
		{`A='b\n$X ${Y'`, lit(`b\n$X ${Y`)},
		{"A='b\r\nc'", lit("b\nc")},
		{"A=\"b\r\n# c\nd\"#e", lit("b\n# c\nd")},
		{`A="\n\t\r\\\"\$X\q"`, lit("\n\t\r\\\"$X\\q")},
		{`A="b\\"`, lit(`b\`)},
		{`A=b\n`, lit(`b\n`)},
		{`A=\$X`, lit(`$X`)},
		{"A=$", lit("$")},
		{"A=$1", lit("$1")},
		{"A=$(x)", lit("$(x)")},
		{"A=$X", env.Value{ref("X")}},
		{"A=a${X}b$Y.c", env.Value{{Text: "a"}, ref("X"), {Text: "b"}, ref("Y"), {Text: ".c"}}},
		{`A="a${X}$Y"`, env.Value{{Text: "a"}, ref("X"), ref("Y")}},
		{"A=$Xé", env.Value{ref("X"), {Text: "é"}}},
		{"A=\xff\x01é", lit("\xff\x01é")},
		{"A=\"\xff\"", lit("\xff")},
	} {
		got, err := ParseDotenv(".env", []byte(tt.text))
		if err != nil || len(got) != 1 || got[0].Name != "A" || !reflect.DeepEqual(got[0].Value, tt.want) {
			t.Errorf("%q: %v, %v; want %v", tt.text, got, err, tt.want)
		}
	}
}

func TestParseDotenvOrder(t *testing.T) {
	got, err := ParseDotenv(".env", []byte("A='1\n2'\n\n  export B=2\nA=3"))
	want := []Assignment{
		{"A", env.Lit("1\n2"), Pos{".env", 1, 1}},
		{"B", env.Lit("2"), Pos{".env", 4, 10}},
		{"A", env.Lit("3"), Pos{".env", 5, 1}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestParseDotenvErrors(t *testing.T) {
	for text, want := range map[string]string{
		"A=1\n  b":                          ".env:2:3: the line is neither",
		"export A":                          ".env:1:8: the line is neither",
		"=b":                                `.env:1:1: what stands before the = is no variable's name`,
		"1A=b":                              `.env:1:1: what stands before the = is no variable's name`,
		"a b=c":                             `.env:1:1: what stands before the = is no variable's name`,
		"DEVSH_X=1":                         ".env:1:1: DEVSH_X: names that begin",
		"PWD=1":                             ".env:1:1: PWD belongs to the shell",
		"A='b\nc":                           ".env:1:3: the value's closing ' is missing",
		`A="b\"`:                            `.env:1:3: the value's closing " is missing`,
		"A='b' c":                           ".env:1:7: text behind the closing '",
		"A=é${X":                            ".env:1:4: ${ without a closing }",
		`A="x${X:-y}"`:                      ".env:1:5: only ${NAME} is understood",
		"A=\x00":                            ".env:1:3: the file contains a NUL byte",
		"\xef\xbb\xbfA=1":                   ".env:1:1: the file begins with a byte order mark",
		"A=${\x1b[0m}":                      ".env:1:3: only ${NAME} is understood",
		strings.Repeat(" ", 1+maxFile):      ".env:1:1: the file is larger",
		strings.Repeat("A=1\n", 1+maxItems): ".env:4097:1: more than 4096 variables",
		"A=$" + strings.Repeat("a", 256):    ".env:1:3: the name behind $ is too long",
	} {
		_, err := ParseDotenv(".env", []byte(text))
		var e *Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q:\n got %v\nwant %s", text[:min(40, len(text))], err, want)
		}
	}
}
