package toolstest

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	_ "embed" // for what plays uv
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

//go:embed uv.py
var uvByPip string

// PyPI is a small index of Python packages.
type PyPI struct {
	*Server
	files map[string][]map[string]any
}

// NewPyPI starts an index without packages.
func NewPyPI(t testing.TB) *PyPI { return &PyPI{newServer(t), map[string][]map[string]any{}} }

// Environ is one in which uv uses the index, and a cache of its own. Where there is
// no uv, its part is played by pip: see uv.py.
func (p *PyPI) Environ(t testing.TB) map[string]string {
	t.Helper()
	env := Environ(t)
	env["UV_DEFAULT_INDEX"], env["UV_HTTP_RETRIES"] = p.URL+"/simple", "0"
	env["UV_CACHE_DIR"] = filepath.Join(env["HOME"], "uv")
	if _, err := exec.LookPath("uv"); err != nil {
		t.Log("there is no uv: pip plays its part")
		env["PATH"] = PlayUV(t) + ":" + env["PATH"]
	}
	return env
}

// PlayUV makes a directory with what plays uv by pip.
func PlayUV(t testing.TB) string {
	t.Helper()
	python, err := exec.Command("python3", "-c", "import pip, venv, sys; print(sys.executable)").Output()
	if err != nil {
		t.Fatalf("neither uv nor a Python with pip and venv: %v", err)
	}
	dir := t.TempDir()
	text := "#!" + string(python) + uvByPip
	if err := os.WriteFile(filepath.Join(dir, "uv"), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Wheel is a version of a package.
type Wheel struct {
	Name, Version string
	// Needs are requirements, as "dep>=1"; Python is the one that it asks for.
	Needs  []string
	Python string
	// Scripts are functions by program, as "x": "pkg:main"; Files are more files by name.
	Scripts, Files map[string]string
}

// Publish adds a version, which appeared at a time.
func (p *PyPI) Publish(t testing.TB, at time.Time, w Wheel) {
	t.Helper()
	plain := strings.ReplaceAll(w.Name, "-", "_")
	info := fmt.Sprintf("%s-%s.dist-info/", plain, w.Version)
	metadata := fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\n", w.Name, w.Version)
	for _, need := range w.Needs {
		metadata += "Requires-Dist: " + need + "\n"
	}
	entries := "[console_scripts]\n"
	for _, name := range slices.Sorted(maps.Keys(w.Scripts)) {
		entries += name + " = " + w.Scripts[name] + "\n"
	}
	files := map[string]string{
		info + "METADATA": metadata, info + "WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n", info + "entry_points.txt": entries,
	}
	maps.Copy(files, w.Files)
	honest := wheel(t, info, files)
	files[plain+"_evil.py"] = "evil"
	name := fmt.Sprintf("%s-%s-py3-none-any.whl", plain, w.Version)
	p.put("/files/"+name, honest, wheel(t, info, files))
	sum := sha256.Sum256(honest)
	file := map[string]any{
		"filename": name, "url": p.URL + "/files/" + name, "hashes": map[string]string{"sha256": hex.EncodeToString(sum[:])},
		"upload-time": at.UTC().Format("2006-01-02T15:04:05Z"), "size": len(honest), "yanked": false,
	}
	if w.Python != "" {
		file["requires-python"] = w.Python
	}
	p.files[w.Name] = append(p.files[w.Name], file)
	meta := map[string]any{"api-version": "1.1"}
	p.json(t, "/simple/"+w.Name+"/", map[string]any{"meta": meta, "name": w.Name, "files": p.files[w.Name], "versions": []string{}})
	projects := []map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(p.files)) {
		projects = append(projects, map[string]any{"name": name})
	}
	p.json(t, "/simple/", map[string]any{"meta": meta, "projects": projects})
}

func (p *PyPI) json(t testing.TB, path string, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	p.put(path, data, data)
}

func wheel(t testing.TB, info string, files map[string]string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	record := info + "RECORD,,\n"
	write := func(name, text string) {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(0o644)
		if strings.Contains(name, ".data/scripts/") {
			h.SetMode(0o755)
		}
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = f.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		write(name, files[name])
		record += name + ",,\n"
	}
	write(info+"RECORD", record)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
