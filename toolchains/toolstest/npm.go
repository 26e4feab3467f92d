package toolstest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strconv"
	"testing"
	"time"
)

// NPMRegistry is a small registry of npm's.
type NPMRegistry struct {
	*Server
	documents map[string]map[string]any
}

// NewNPM starts a registry without packages.
func NewNPM(t testing.TB) *NPMRegistry {
	return &NPMRegistry{newServer(t), map[string]map[string]any{}}
}

// Environ is one in which npm uses the registry, and a cache of its own.
func (r *NPMRegistry) Environ(t testing.TB) map[string]string {
	env := Environ(t)
	env["npm_config_registry"] = r.URL + "/"
	env["npm_config_fetch_retries"] = "0"
	return env
}

// Publish adds a version, which appeared at a time. Manifest is its
// package.json, files what else is in it.
func (r *NPMRegistry) Publish(t testing.TB, at time.Time, manifest map[string]any, files map[string]string) {
	t.Helper()
	name, version := manifest["name"].(string), manifest["version"].(string)
	text, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"package.json": string(text)}
	maps.Copy(all, files)
	honest := tarball(t, all)
	all["evil.js"] = "evil"
	tampered := tarball(t, all)
	file := "/" + name + "/-/" + path.Base(name) + "-" + version + ".tgz"
	r.put(file, honest, tampered)
	sum := sha512.Sum512(honest)
	entry := maps.Clone(manifest)
	entry["dist"] = map[string]any{"tarball": r.URL + file, "integrity": "sha512-" + base64.StdEncoding.EncodeToString(sum[:])}
	if scripts, ok := manifest["scripts"].(map[string]string); ok && scripts["postinstall"] != "" {
		entry["hasInstallScript"] = true
	}
	doc := r.documents[name]
	if doc == nil {
		doc = map[string]any{"name": name, "versions": map[string]any{}, "time": map[string]string{}, "dist-tags": map[string]string{}}
		r.documents[name] = doc
	}
	doc["versions"].(map[string]any)[version] = entry
	doc["time"].(map[string]string)[version] = at.UTC().Format("2006-01-02T15:04:05.000Z")
	doc["dist-tags"].(map[string]string)["latest"] = version
	r.publish(t, name)
}

// Tag says which version is the latest.
func (r *NPMRegistry) Tag(t testing.TB, name, version string) {
	r.documents[name]["dist-tags"].(map[string]string)["latest"] = version
	r.publish(t, name)
}

func (r *NPMRegistry) publish(t testing.TB, name string) {
	data, err := json.Marshal(r.documents[name])
	if err != nil {
		t.Fatal(err)
	}
	r.put("/"+name, data, data)
}

func tarball(t testing.TB, files map[string]string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Name: "package/" + name, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
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

func itoa(n int) string { return strconv.Itoa(n) }
