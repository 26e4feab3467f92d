package cargo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hbohlen/devsh/toolchains/document"
)

// crates is how cargo calls its own registry in a Cargo.lock, wherever that is
// taken from.
const crates = "registry+https://github.com/rust-lang/crates.io-index"

// choice is the version that cargo chose, and what the registry says of it.
type choice struct {
	Version, Hash string
	Published     time.Time // zero if it is not known
	Rust          string    // the Rust that it needs, "" if it does not say
}

// manifest is a package that depends on a crate, so that cargo chooses a version.
// It is no workspace's, whatever lies above.
func manifest(crate, versions, rustc string) string {
	return fmt.Sprintf("[package]\nname = \"devsh-scratch\"\nversion = \"0.0.0\"\nedition = \"2021\"\nrust-version = %q\npublish = false\n"+
		"[lib]\npath = \"lib.rs\"\n[workspace]\n[dependencies]\n%q = %q\n", rustc, crate, versions)
}

// lockOf is a Cargo.lock for that package which knows one crate: cargo refuses
// what the registry calls by the same name.
func lockOf(crate, version, hash string) string {
	return fmt.Sprintf("version = 3\n\n[[package]]\nname = \"devsh-scratch\"\nversion = \"0.0.0\"\ndependencies = [\n %q,\n]\n\n"+
		"[[package]]\nname = %q\nversion = %q\nsource = %q\nchecksum = %q\n", crate, crate, version, crates, hash)
}

// chosen reads which version of a crate a Cargo.lock names.
func chosen(dir, crate string) (choice, error) {
	path := filepath.Join(dir, "Cargo.lock")
	data, err := os.ReadFile(path)
	if err != nil {
		return choice{}, fmt.Errorf("read what cargo chose: %w", err)
	}
	d, err := document.Parse(path, data)
	if err != nil {
		return choice{}, err
	}
	for _, p := range d.Root().Subs("package") {
		if p.Str("name") == crate && p.Str("source") == crates {
			return choice{Version: p.Str("version"), Hash: p.Str("checksum")}, nil
		}
	}
	return choice{}, fmt.Errorf("cargo did not choose a version of %s from its registry", crate)
}

// ask adds what the registry says of a version, as far as cargo's copy of its
// index has that: what cannot be read is not known. The hash says that it is
// about the same archive, whichever registry the copy is of.
func (b *Backend) ask(c *choice, crate string) {
	name := strings.ToLower(crate)
	prefix := map[int]string{1: "1", 2: "2"}[len(name)]
	switch {
	case len(name) == 3:
		prefix = "3/" + name[:1]
	case len(name) > 3:
		prefix = name[:2] + "/" + name[2:4]
	}
	files, _ := filepath.Glob(filepath.Join(b.home(), "registry/index/*/.cache", prefix, name)) // the pattern is right
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for part := range bytes.SplitSeq(data, []byte{0}) {
			var v struct {
				Vers, Cksum string
				Pubtime     time.Time
				Rust        string `json:"rust_version"`
			}
			if len(part) > 0 && part[0] == '{' && json.Unmarshal(part, &v) == nil && v.Vers == c.Version && v.Cksum == c.Hash {
				c.Published, c.Rust = v.Pubtime, v.Rust
				return
			}
		}
	}
}

// archive finds the archive of a crate in cargo's cache, by its hash.
func (b *Backend) archive(crate, version, hash string) ([]byte, error) {
	files, err := filepath.Glob(filepath.Join(b.home(), "registry/cache/*", crate+"-"+version+".crate"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read the archive of %s: %w", crate, err)
		}
		if err == nil && sha256Of(data) == hash {
			return data, nil
		}
	}
	return nil, fs.ErrNotExist
}
