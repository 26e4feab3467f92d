package toolstest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// NixPackages is a small flake that stands for nixpkgs, as an archive.
type NixPackages struct {
	*Server
	// Ref is its reference.
	Ref string
}

// NewNix starts a server without packages.
func NewNix(t testing.TB) *NixPackages {
	s := newServer(t)
	return &NixPackages{s, s.URL + "/nixpkgs.tar.gz"}
}

// Publish makes the flake anew, as of a time, with packages by name: their
// versions and the bash that builds them.
func (n *NixPackages) Publish(t testing.TB, at time.Time, packages map[string][2]string) {
	t.Helper()
	flake := NixFlake(packages)
	n.put("/nixpkgs.tar.gz", flakeArchive(t, at, flake), flakeArchive(t, at, flake+"# evil\n"))
}

// NixFlake is the text of a flake with packages.
func NixFlake(packages map[string][2]string) string {
	system := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH] + "-" + runtime.GOOS
	var b strings.Builder
	fmt.Fprintf(&b, "{ outputs = { self }: { legacyPackages.%s = {\n", system)
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		// The builder ends by exit: bash would exec the last program, which some machines kill.
		fmt.Fprintf(&b, "  %s = derivation { name = \"%s-%s\"; system = %q; builder = \"/bin/bash\"; args = [ \"-c\" ''\nPATH=/usr/bin:/bin\n%s\nexit 0\n'' ]; };\n",
			name, name, packages[name][0], system, packages[name][1])
	}
	return b.String() + "}; }; }\n"
}

// Says is the bash that builds a program which says something.
func Says(program, text string) string {
	return fmt.Sprintf("mkdir -p $out/bin $out/share/man/man1; printf '#!/bin/sh\\necho %s\\n' >$out/bin/%s; chmod +x $out/bin/%s; echo x >$out/share/man/man1/%s.1", text, program, program, program)
}

func flakeArchive(t testing.TB, at time.Time, flake string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, h := range []tar.Header{{Name: "p/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "p/flake.nix", Mode: 0o644, Size: int64(len(flake))}} {
		h.ModTime = at
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := w.Write([]byte(flake)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
