package install

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/hbohlen/devsh/shell/program"
)

// Host is where a backend works: what all of them are given.
type Host struct {
	// Environ is the user's environment, without any project's.
	Environ map[string]string
	// Limit bounds each run of another program.
	Limit time.Duration
	// Temp is where directories are made for a while, "" for the system's.
	Temp string
}

// Find returns the path of a program, "" if it is not there.
func (h Host) Find(name string) string { return program.Find(h.Environ["PATH"], name) }

// Need reports which of the programs that a backend needs is not there, as an
// [*Unavailable] with a hint how to have it.
func (h Host) Need(hint string, programs ...string) error {
	for _, name := range programs {
		if h.Find(name) == "" {
			return &Unavailable{Program: name, Hint: hint}
		}
	}
	return nil
}

// Scratch makes a directory for a while, with files by name: a project of the
// backend's own, so that its program looks for none above. The function that it
// returns removes it.
func (h Host) Scratch(files map[string]string) (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp(h.Temp, scratch)
	if err != nil {
		return "", nil, fmt.Errorf("make a directory for a while: %w", err)
	}
	remove = func() { _ = os.RemoveAll(dir) } // what stays is garbage: see store.Temp
	if err := WriteFiles(dir, files); err != nil {
		remove()
		return "", nil, err
	}
	return dir, remove, nil
}

// scratch is the pattern of the names of directories that are made for a while.
const scratch = "scratch.*"

// WriteFiles writes files by name, for a backend's program to read.
func WriteFiles(dir string, files map[string]string) error {
	for name, text := range files {
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			return fmt.Errorf("write what is installed from: %w", err)
		}
	}
	return nil
}

// Keep returns the environment of a backend's program: general variables, those
// of the user's that keep lets, and set.
func (h Host) Keep(keep func(name string) bool, set map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range h.Environ {
		if general(k) || keep(k) {
			out[k] = v
		}
	}
	maps.Copy(out, set)
	return out
}

// general are variables that any program may need that uses the network in the
// user's name.
func general(name string) bool {
	switch strings.ToUpper(name) {
	case "HOME", "USER", "LOGNAME", "PATH", "TMPDIR", "LANG", "TZ",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "NIX_SSL_CERT_FILE",
		"XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "SSH_AUTH_SOCK":
		return true
	}
	return strings.HasPrefix(name, "LC_")
}

// Once holds what a program said of itself: it is asked once, by one at a time.
type Once[T any] struct {
	mu    sync.Mutex
	known bool
	value T
}

// Get returns what is known, or asks. What failed is asked again.
func (o *Once[T]) Get(ask func() (T, error)) (T, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known {
		return o.value, nil
	}
	v, err := ask()
	if err == nil {
		o.value, o.known = v, true
	}
	return v, err
}
