package cli

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/toolchains/detect"
	"github.com/hbohlen/devsh/toolchains/find"
)

// TestLanguageVariables: what a language's tools need to find what is there, and
// nothing for other languages, or where it is not there.
func TestLanguageVariables(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, rust := range []string{"with", "without"} {
		bin := filepath.Join(top, rust, "bin")
		if err := os.MkdirAll(bin, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(bin, "rustc"), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	source := filepath.Join(top, "with/lib/rustlib/src/rust/library")
	if err := os.MkdirAll(source, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		language, path string
		starts         bool
		want           map[string]env.Value
	}{
		{"python", "", true, map[string]env.Value{}},
		{"python", "", false, map[string]env.Value{"UV_PYTHON_DOWNLOADS": env.Lit("never")}},
		{"rust", top + "/with/bin", true, map[string]env.Value{"RUST_SRC_PATH": env.Lit(source)}},
		{"rust", top + "/without/bin", true, map[string]env.Value{}},
		{"rust", "", true, map[string]env.Value{}},
		{"go", top + "/with/bin", false, map[string]env.Value{}},
	} {
		box := &toolbox{facts: &detect.Facts{Languages: []detect.Language{{Name: c.language}}}, finder: &find.Finder{SystemPath: []string{c.path}}}
		if got := box.variables(c.starts); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s, %q, %t: %v, want %v", c.language, c.path, c.starts, got, c.want)
		}
	}
}
