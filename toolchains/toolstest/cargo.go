package toolstest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// CargoRegistry is a small registry of cargo's.
type CargoRegistry struct {
	*Server
	index map[string][]byte
}

// NewCargo starts a registry without crates.
func NewCargo(t testing.TB) *CargoRegistry {
	r := &CargoRegistry{newServer(t), map[string][]byte{}}
	config := fmt.Appendf(nil, `{"dl": "%s/dl/{crate}-{version}.crate"}`, r.URL)
	r.put("/index/config.json", config, config)
	return r
}

// Environ is one in which cargo uses the registry in place of its own, and a home
// of its own; the toolchains are the user's.
func (r *CargoRegistry) Environ(t testing.TB) map[string]string {
	t.Helper()
	user := User(t)
	env := Environ(t)
	env["RUSTUP_HOME"] = user["RUSTUP_HOME"]
	if env["RUSTUP_HOME"] == "" {
		env["RUSTUP_HOME"] = filepath.Join(user["HOME"], ".rustup")
	}
	env["CARGO_HOME"] = filepath.Join(env["HOME"], ".cargo")
	config := fmt.Sprintf("[source.crates-io]\nreplace-with = \"small\"\n[source.small]\nregistry = \"sparse+%s/index/\"\n[net]\nretry = 0\n", r.URL)
	if err := os.MkdirAll(env["CARGO_HOME"], 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(env["CARGO_HOME"], "config.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return env
}

// Crate is a version of a crate. Files are what is in it beside Cargo.toml;
// Rust, Lock and Toml may be empty.
type Crate struct {
	Name, Version, Rust string
	// Needs are other crates by the versions that do.
	Needs map[string]string
	Files map[string]string
	// Toml is more text for its Cargo.toml.
	Toml string
	// Unlocked leaves out the Cargo.lock, Locks are those of what it needs.
	Unlocked bool
	Locks    []string
	// Hidden leaves out when it was published.
	Hidden bool
}

// Publish adds a version, which appeared at a time, and returns its part of a
// Cargo.lock.
func (r *CargoRegistry) Publish(t testing.TB, at time.Time, c Crate) string {
	t.Helper()
	toml := fmt.Sprintf("[package]\nname = %q\nversion = %q\nedition = \"2021\"\n", c.Name, c.Version)
	if c.Rust != "" {
		toml += fmt.Sprintf("rust-version = %q\n", c.Rust)
	}
	toml += c.Toml + "\n[dependencies]\n"
	lock := fmt.Sprintf("version = 3\n\n[[package]]\nname = %q\nversion = %q\n", c.Name, c.Version)
	deps, locked := []map[string]any{}, ""
	for _, name := range slices.Sorted(maps.Keys(c.Needs)) {
		toml += fmt.Sprintf("%s = %q\n", name, c.Needs[name])
		locked += fmt.Sprintf(" %q,\n", name)
		deps = append(deps, map[string]any{
			"name": name, "req": c.Needs[name], "features": []string{}, "optional": false, "default_features": true, "target": nil, "kind": "normal",
		})
	}
	if locked != "" {
		lock += "dependencies = [\n" + locked + "]\n"
	}
	files := map[string]string{"Cargo.toml": toml}
	if !c.Unlocked {
		files["Cargo.lock"] = lock
		for _, more := range c.Locks {
			files["Cargo.lock"] += more
		}
	}
	maps.Copy(files, c.Files)
	honest := crate(t, c.Name+"-"+c.Version, files)
	files["src/evil.rs"] = "fn evil() {}"
	file := fmt.Sprintf("/dl/%s-%s.crate", c.Name, c.Version)
	r.put(file, honest, crate(t, c.Name+"-"+c.Version, files))
	sum := sha256.Sum256(honest)
	entry := map[string]any{"name": c.Name, "vers": c.Version, "deps": deps, "cksum": hex.EncodeToString(sum[:]), "features": map[string]any{}, "yanked": false, "v": 2}
	if !c.Hidden {
		entry["pubtime"] = at.UTC().Format(time.RFC3339)
	}
	if c.Rust != "" {
		entry["rust_version"] = c.Rust
	}
	line, err := json.Marshal(entry)
	if err != nil {
		t.Fatal(err)
	}
	r.index[c.Name] = append(append(r.index[c.Name], line...), '\n')
	path := map[int]string{1: "1/", 2: "2/", 3: "3/" + c.Name[:1] + "/"}[len(c.Name)]
	if path == "" {
		path = c.Name[:2] + "/" + c.Name[2:4] + "/"
	}
	r.put("/index/"+path+c.Name, r.index[c.Name], bytes.ReplaceAll(r.index[c.Name], []byte(`"cksum":"`), []byte(`"cksum":"00`)))
	return fmt.Sprintf("\n[[package]]\nname = %q\nversion = %q\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = %q\n",
		c.Name, c.Version, hex.EncodeToString(sum[:]))
}

func crate(t testing.TB, prefix string, files map[string]string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Name: prefix + "/" + name, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
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
