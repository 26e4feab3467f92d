package toolstest

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// GoRegistry is a small proxy of Go modules.
type GoRegistry struct {
	*Server
	lists map[string][]string
}

// NewGo starts a proxy without modules.
func NewGo(t testing.TB) *GoRegistry { return &GoRegistry{newServer(t), map[string][]string{}} }

// Environ is one in which go uses the proxy, no checksum database, and a module
// cache of its own; what was compiled is shared with the user's.
func (r *GoRegistry) Environ(t testing.TB) map[string]string {
	t.Helper()
	env := Environ(t)
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	env["GOCACHE"] = strings.TrimSpace(string(cache))
	env["GOPROXY"], env["GOSUMDB"] = r.URL, "off"
	env["GOMODCACHE"] = filepath.Join(t.TempDir(), "mod")
	env["GOFLAGS"] = "-modcacherw"
	env["GOENV"] = filepath.Join(env["HOME"], "goenv")
	if err := os.WriteFile(env["GOENV"], []byte("GOFLAGS=-modcacherw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return env
}

// Publish adds a version of a module, which appeared at a time. Files are by
// name; go.mod is made.
func (r *GoRegistry) Publish(t testing.TB, at time.Time, module, version, goversion string, files map[string]string) {
	t.Helper()
	mod := "module " + module + "\n\ngo " + goversion + "\n"
	all := map[string]string{"go.mod": mod}
	maps.Copy(all, files)
	honest := archive(t, module+"@"+version, all)
	all["evil.go"] = "package main\n"
	base := "/" + module + "/@v/"
	info, err := json.Marshal(map[string]any{"Version": version, "Time": at.UTC()})
	if err != nil {
		t.Fatal(err)
	}
	r.lists[module] = append(r.lists[module], version)
	r.put(base+version+".info", info, info)
	r.put(base+version+".mod", []byte(mod), []byte(mod))
	r.put(base+version+".zip", honest, archive(t, module+"@"+version, all))
	list := []byte(strings.Join(r.lists[module], "\n"))
	r.put(base+"list", list, list)
}

func archive(t testing.TB, prefix string, files map[string]string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := w.Create(prefix + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
