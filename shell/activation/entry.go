package activation

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/manifest"
	"github.com/hbohlen/devsh/shell/project"
	"github.com/hbohlen/devsh/shell/trust"
)

// State is what an entry tells the hook of itself, in the name of a file.
type State string

const (
	// OK: the generation is what the inputs say.
	OK State = "ok"
	// NotAllowed: the user has not allowed the project, or a place around it.
	NotAllowed State = "not-allowed"
	// Changed: it changed since it was allowed; the last good generation stays.
	Changed State = "changed"
	// Failed: something is wrong with the inputs; the last good generation stays.
	Failed State = "failed"
	// Building: a process in the background is at work on what the inputs say;
	// the generation is the one of before.
	Building State = "building"
	// Denied: the user has denied the project. Nothing is told, and the
	// project's leave hook does not run.
	Denied State = "denied"
)

// Entry is what is known of a project: which generation is in force, from
// which layers and inputs it was made, and what the user allowed.
type Entry struct {
	ID         string
	Generation string // [None] where there is no environment
	Project    project.Project
	State      State
	// Note is the line for the person: what is active, or what is wrong.
	Note string
	// Good is the last generation that was made from allowed inputs.
	Good string
	// Error is why the inputs did not become the generation; empty if they did.
	Error string
	// Hint is what to type about it.
	Hint   string
	Layers []Layer
	Places []Judged
	// Missing are tools that the project could use and that are nowhere.
	Missing Lack
	Inputs  []inputs.File
	Time    time.Time
	// Settings is the digest of the settings that it was made with.
	Settings string
	// Renderer is the version of what rendered it.
	Renderer int
	// Worker is the process that builds, Program the file that it runs, and
	// Attempt how many have tried.
	Worker, Attempt int
	Program         string
	// Mount is where the file system that the project lies on was mounted.
	Mount string
}

// Layer is one source of environment.
type Layer struct {
	Name      string   // LayerDefault, LayerTools, LayerNix or LayerManifest
	Source    string   // a file, or a flake reference
	Variables int      // how many it changes
	Notes     []string // what the person may want to know of it, such as how its shellHook ended
	// Evaluation is the key of the evaluation that it comes from, if it is Nix's.
	Evaluation string
}

// Layers that the settings can switch off.
const (
	LayerDefault  = "default"
	LayerNix      = "nix"
	LayerTools    = "tools"
	LayerManifest = manifest.Name
)

// Judged is one place of the chain and what the user has said of it.
type Judged struct {
	Dir     string
	State   trust.State
	Because string   // what else than its own record allows it
	Digest  string   // of the deciding inputs
	Changed []string // files that changed since it was allowed
}

// Stale returns the inputs that no longer look as they were recorded.
func (e *Entry) Stale() []string {
	var stale []string
	for _, f := range e.Inputs {
		if !f.Same() {
			stale = append(stale, f.Path)
		}
	}
	return stale
}

// Own is the judgement of the project's own directory; false for a place that
// nothing declares.
func (e *Entry) Own() (Judged, bool) {
	for _, j := range e.Places {
		if j.Dir == e.Project.Dir {
			return j, true
		}
	}
	return Judged{}, false
}

// ErrUnknown says that nothing is known of a project yet.
var ErrUnknown = errors.New("nothing is known of it yet")

// Entry reads the entry in force. The error wraps [ErrUnknown] where there is
// none, or none that can be read: both are mended by resolving.
func (p Place) Entry() (*Entry, error) {
	var e Entry
	if err := load(filepath.Join(p.Current(), entryFile), &e); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return &e, nil
}

// Delta reads the delta of a generation of the place.
func (p Place) Delta(id string) (env.Delta, error) {
	var d env.Delta
	if id == None {
		return d, nil
	}
	return d, load(filepath.Join(p.Generation(id), deltaFile), &d)
}

// What programs read is in gob: paths and values may be any bytes, which JSON
// cannot hold.
const (
	entryFile = "entry.gob"
	deltaFile = "delta.gob"
	maxGob    = 64 << 20 // bytes; what is larger was not written by devsh
)

func load(path string, into any) error {
	data, err := readOwn(path)
	if err != nil {
		return err
	}
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// readOwn reads a file of the state directory, where by now anything may lie:
// it does not wait for a FIFO.
func readOwn(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > maxGob || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: not a file of devsh's", path)
	}
	return io.ReadAll(io.LimitReader(f, maxGob))
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(v)
	return b.Bytes(), err
}
