package activation

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/manifest"
	"github.com/hbohlen/devsh/shell/nixenv"
	"github.com/hbohlen/devsh/shell/trust"
)

// place is a directory with deciding files: what it says and what it may.
// All that it says was read once, before it was judged.
type place struct {
	dir      string
	manifest *manifest.Manifest
	dotenv   [][]manifest.Assignment
	nix      *nixenv.Source
	nixFiles nixenv.Files
	seen     seen          // what evaluations of it were seen to read
	salt     string        // of the watched files
	files    []inputs.File // all that was looked at, the most telling first
	deciding trust.Inputs
	verdict  trust.Verdict
	// broken says that a file could not be read for a reason that is not the
	// file's own: the next try may find it well, so nothing is concluded.
	broken error
	// err says what is wrong with the deciding files. It is told only where
	// the place is allowed: before, nobody asked for it.
	err error
}

// allowed reports whether the place may contribute.
func (p *place) allowed() bool { return p.verdict.State == trust.Allowed }

// examine reads the deciding files of dir and asks what the user has said of
// them. Problems of the files are kept in the place; the error is that of the
// trust store.
func (r *Resolver) examine(dir string) (*place, error) {
	p := &place{dir: dir, deciding: trust.Inputs{Dir: dir}, seen: r.loadSeen(dir)}
	p.readManifest()
	p.readDotenv()
	p.readTools()
	p.readNix(r.Settings.off(LayerNix))
	if p.broken != nil {
		return p, p.broken
	}
	verdict, err := r.verdict(p)
	p.verdict = verdict
	if err != nil {
		return p, fmt.Errorf("check trust of %s: %w", dir, err)
	}
	return p, nil
}

func (p *place) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// unread takes note of an error of package inputs.
func (p *place) unread(err error) {
	for _, own := range []error{inputs.ErrNotRegular, inputs.ErrTooLarge, inputs.ErrOwner, inputs.ErrLink} {
		if errors.Is(err, own) {
			p.fail(err)
			return
		}
	}
	if p.broken == nil {
		p.broken = err
	}
}

func (p *place) readManifest() {
	path := filepath.Join(p.dir, manifest.Name)
	f, data, err := inputs.Read(path)
	p.files = append(p.files, f)
	p.deciding.Files = append(p.deciding.Files, trust.File{Path: manifest.Name, Exists: f.Exists, Content: data})
	if err != nil {
		p.unread(err)
	}
	p.manifest = &manifest.Manifest{Inherit: true}
	if err != nil || !f.Exists {
		return
	}
	m, err := manifest.Parse(path, data)
	if err != nil {
		p.fail(err)
		return
	}
	p.manifest = m
}

func (p *place) readDotenv() {
	for _, item := range p.manifest.EnvFiles {
		f, data, err := inputs.ReadPlain(p.dir, item.Text)
		p.files = append(p.files, f)
		in := trust.File{Path: item.Text, Exists: f.Exists, EnvFile: true, Vars: map[string]string{}}
		var assignments []manifest.Assignment
		switch {
		case errors.Is(err, inputs.ErrOutside):
			p.fail(&manifest.Error{Pos: item.Pos, Msg: err.Error(), Hint: "the " + manifest.Name + " of the place that it lies in can name it: places around a project count, too"})
		case err != nil:
			p.unread(err)
		case f.Exists:
			if assignments, err = manifest.ParseDotenv(f.Path, data); err != nil {
				p.fail(err)
			}
		}
		if err != nil {
			in.Unreadable = err.Error()
		}
		for _, a := range assignments {
			in.Vars[a.Name] = templateText(a.Value)
		}
		p.deciding.Files = append(p.deciding.Files, in)
		p.dotenv = append(p.dotenv, assignments)
	}
}

// toolFiles are a project's files about tools: which there are besides those that
// devsh knows, which is commands to run, and which ones exactly it wants. What
// they mean is the business of packages toolchains/catalogue and lockfile.
var toolFiles = [...]string{"devsh-tools.toml", "devsh.lock"}

func (p *place) readTools() {
	for _, name := range toolFiles {
		f, data, err := inputs.ReadPlain(p.dir, name)
		p.files = append(p.files, f)
		if err == nil && !f.Exists {
			continue // few projects have one
		}
		p.deciding.Files = append(p.deciding.Files, trust.File{Path: name, Exists: f.Exists, Content: data})
		if err != nil {
			p.unread(err)
		}
	}
}

// templateText writes a value so that two values look alike only if they are.
func templateText(v env.Value) string {
	var b strings.Builder
	for _, piece := range v {
		if piece.Ref != "" {
			b.WriteString("\x00" + piece.Ref + "\x00")
		}
		b.WriteString(piece.Text)
	}
	return b.String()
}

func (p *place) readNix(off bool) {
	if off {
		p.deciding.Partial = true // what it would run, it does not
		return
	}
	choice := nixenv.Auto
	switch p.manifest.Nix.Kind {
	case manifest.NixOff:
		choice = nixenv.Off
	case manifest.NixFlake:
		choice = ".#" + p.manifest.Nix.Arg
	case manifest.NixFile:
		choice = "./" + p.manifest.Nix.Arg
	}
	source, err := nixenv.Choose(func(path string) bool {
		f, err := inputs.Stat(path)
		if choice == nixenv.Auto {
			p.files = append(p.files, f)
		}
		return err == nil && f.Exists
	}, p.dir, choice)
	if errors.Is(err, nixenv.ErrNone) {
		return
	}
	if err == nil {
		p.nix = &source
		p.nixFiles, err = source.Files(p.seen.inputs(p.dir)...)
	}
	if err != nil {
		p.fail(err)
	}
	p.addNixFiles()
}

// addNixFiles records what the evaluation will read, and of that what decides.
func (p *place) addNixFiles() {
	for i, in := range p.nixFiles.Inputs() {
		f, data, err := inputs.Read(in.Path)
		p.files = append(p.files, f)
		listed := p.nixFiles.Files[i]
		switch {
		case err != nil:
			p.unread(err)
		case listed.Present && (!f.Exists || f.Digest != hex.EncodeToString(listed.Sum[:])):
			// What is judged must be what will be evaluated.
			p.unread(fmt.Errorf("%s changed while it was read", in.Path))
		}
		if in.Deciding {
			rel, err := filepath.Rel(p.dir, in.Path)
			if err != nil {
				rel = in.Path
			}
			p.deciding.Files = append(p.deciding.Files, trust.File{Path: rel, Exists: f.Exists, Content: data})
		}
	}
}

// delta is what the place's devsh.toml changes.
func (p *place) delta(home string) (env.Delta, error) {
	return p.manifest.Delta(manifest.Base{Dir: p.dir, Home: home, EvalSymlinks: filepath.EvalSymlinks}, p.dotenv)
}
